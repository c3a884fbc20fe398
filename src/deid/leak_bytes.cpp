#include "leak_bytes.h"

#include <algorithm>

namespace dosigate {

namespace {

constexpr std::size_t kTerm = 6;          // six bytes stand by chance once in 2^48 places
constexpr std::size_t kShortestUid = 10;  // characters
constexpr std::size_t kLongestUid = 64;
constexpr std::size_t kLine = 8;       // printable characters in a row that read as text
constexpr std::size_t kLongLine = 12;  // for words of three letters

/// Small letters, in ASCII, Latin-1 and the second bytes of Portuguese UTF-8 at once. Term and text
/// go through the same table, so that it matters only that no two different words meet in it.
constexpr std::array<unsigned char, 256> lower_case() {
  std::array<unsigned char, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool capital =
        (i >= 'A' && i <= 'Z') || (i >= 0x80 && i <= 0x9E) || (i >= 0xC0 && i <= 0xDE);
    out[i] = static_cast<unsigned char>(capital ? i + 0x20 : i);
  }
  return out;
}
constexpr auto kLower = lower_case();

bool is_letter(unsigned char c) { return c >= 'a' && c <= 'z'; }
bool is_word(unsigned char c) { return is_letter(c) || (c >= '0' && c <= '9') || c >= 0x80; }
bool is_printable(unsigned char c) { return c >= 0x20 && c < 0x7F; }
bool is_of_uid(unsigned char c) { return (c >= '0' && c <= '9') || c == '.'; }

std::size_t hash_of(std::uint32_t four) { return (four * 2654435761U) >> 20U; }  // 12 bits

}  // namespace

void LeakBytes::add(std::string_view utf8) {
  std::string latin1;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if ((lead == 0xC2 || lead == 0xC3) && i + 1 < utf8.size())
      latin1 += static_cast<char>(((lead & 0x03U) << 6U) |
                                  (static_cast<unsigned char>(utf8[++i]) & 0x3FU));
    else
      latin1 += utf8[i];
  }
  if (latin1 != utf8) add_bytes(latin1);
  add_bytes(std::string(utf8));
}

void LeakBytes::add_bytes(std::string term) {
  for (char& c : term) c = static_cast<char>(kLower[static_cast<unsigned char>(c)]);
  if (term.size() < kTerm || std::find(terms_.begin(), terms_.end(), term) != terms_.end()) return;
  std::uint32_t four = 0;
  for (std::size_t i = 0; i < 4; ++i) four = four << 8U | static_cast<unsigned char>(term[i]);
  first_four_[hash_of(four) / 64] |= std::uint64_t{1} << (hash_of(four) % 64);
  terms_.push_back(std::move(term));
}

void LeakBytes::add_word(std::string_view folded_ascii) { words_.emplace(folded_ascii); }

bool LeakBytes::begins_a_term(std::uint32_t last_four) const {
  const std::size_t hash = hash_of(last_four);
  return (first_four_[hash / 64] >> (hash % 64) & 1U) != 0;
}

bool LeakBytes::has_word(std::string_view run) const {
  for (std::size_t at = 0; at < run.size();) {
    const std::size_t begin = at;
    while (at < run.size() && is_word(static_cast<unsigned char>(run[at]))) ++at;
    const std::string_view word = run.substr(begin, at - begin);
    if (word.size() >= (run.size() >= kLongLine ? 3U : 4U) && words_.contains(std::string(word)))
      return true;
    if (at < run.size()) ++at;
  }
  return false;
}

LeakBytes::Found LeakBytes::find(ByteView bytes, const std::unordered_set<std::string>& uids,
                                 std::size_t word) const {
  const std::size_t size = bytes.size();
  const auto byte = [&](std::size_t i) {
    const std::size_t turned = i ^ (word - 1);
    return kLower[static_cast<unsigned char>(bytes[turned < size ? turned : i])];
  };
  // From `i` on, zeros passed over: a term has none, and UTF-16 of ASCII is ASCII with zeros.
  const auto term_from = [&](std::size_t i, const std::string& term) {
    for (std::size_t matched = 0; i < size; ++i) {
      const unsigned char c = byte(i);
      if (c == 0) continue;
      if (c != static_cast<unsigned char>(term[matched])) return false;
      if (++matched == term.size()) return true;
    }
    return false;
  };

  std::uint32_t last_four = 0;
  std::array<std::size_t, 4> places{};  // of the last four bytes that are not zero
  std::size_t count = 0;
  std::string uid;
  const auto uid_ends = [&] {
    const bool hit = uid.size() >= kShortestUid && uid.size() <= kLongestUid && uids.contains(uid);
    uid.clear();
    return hit;
  };
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned char c = byte(i);
    if (c != 0) {
      last_four = last_four << 8U | c;
      places[count++ % 4] = i;
      if (count >= 4 && begins_a_term(last_four)) {
        const std::size_t begin = places[count % 4];
        for (const std::string& term : terms_)
          if (term_from(begin, term)) return Found::Term;
      }
    }
    if (is_of_uid(c)) {
      if (uid.size() <= kLongestUid) uid += static_cast<char>(c);
    } else if (!uid.empty() && uid_ends()) {
      return Found::Uid;
    }
  }
  if (uid_ends()) return Found::Uid;
  if (words_.empty()) return Found::Nothing;

  std::string line;
  const auto line_ends = [&] {
    const bool hit = line.size() >= kLine && has_word(line);
    line.clear();
    return hit;
  };
  for (std::size_t i = 0; i < size; ++i) {
    if (is_printable(byte(i)))
      line += static_cast<char>(byte(i));
    else if (line_ends())
      return Found::Term;
  }
  if (line_ends()) return Found::Term;
  // UTF-16 from an even place and from an odd one: every second byte is zero.
  for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
    for (std::size_t i = first; i < size; i += 2) {
      const bool beside_zero = (i + 1 < size && byte(i + 1) == 0) || (i > 0 && byte(i - 1) == 0);
      if (is_printable(byte(i)) && beside_zero)
        line += static_cast<char>(byte(i));
      else if (line_ends())
        return Found::Term;
    }
    if (line_ends()) return Found::Term;
  }
  return Found::Nothing;
}

}  // namespace dosigate
