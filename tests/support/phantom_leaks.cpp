#include "support/phantom_leaks.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dosigate::testing {
namespace {

/// Base letters of U+00C0 to U+00FF; a space where there is none.
constexpr std::string_view kBase =
    "aaaaaaaceeeeiiiidnooooo ouuuuy saaaaaaaceeeeiiiidnooooo ouuuuy y";
static_assert(kBase.size() == 64);

char fold(unsigned char byte) {
  if (byte >= 0xC0) return kBase[byte - 0xC0U];
  return static_cast<char>(std::tolower(byte));
}

std::string fold_latin1(std::string_view bytes) {
  std::string out(bytes.size(), '\0');
  std::transform(bytes.begin(), bytes.end(), out.begin(),
                 [](char c) { return fold(static_cast<unsigned char>(c)); });
  return out;
}

/// Two-byte letters become their base letter and combining marks vanish; other bytes stay.
std::string fold_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    const auto next = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1])
                                           : static_cast<unsigned char>(0);
    if (byte == 0xC3 && next >= 0x80 && next < 0xC0) {
      out += fold(static_cast<unsigned char>(next + 0x40U));
      ++i;
    } else if ((byte == 0xCC && next >= 0x80) || (byte == 0xCD && next >= 0x80 && next < 0xB0)) {
      ++i;
    } else {
      out += static_cast<char>(std::tolower(byte));
    }
  }
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool contains(std::string_view text, std::string_view wanted) {
  const bool number = is_digit(wanted.front()) && is_digit(wanted.back());
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if (!number) return true;
    if ((at == 0 || !is_digit(text[at - 1])) && (end == text.size() || !is_digit(text[end])))
      return true;
  }
  return false;
}

/// How an identifier may be written: as it is, its words one by one for a name, its digits alone
/// for a number. Folded.
std::vector<std::string> spellings(const Planted& planted) {
  std::vector<std::string> out{fold_utf8(planted.value)};
  if (planted.kind == "cpf") {
    std::string bare;
    std::copy_if(planted.value.begin(), planted.value.end(), std::back_inserter(bare), is_digit);
    out.push_back(bare);
  }
  if (planted.kind == "date" || planted.kind == "birth date") {
    const std::string& d = planted.value;
    out.push_back(d.substr(6, 2) + "/" + d.substr(4, 2) + "/" + d.substr(0, 4));
    out.push_back(d.substr(0, 4) + "-" + d.substr(4, 2) + "-" + d.substr(6, 2));
  }
  return out;
}

/// A date that begins a DT is followed by digits; a UID root is the start of longer ones.
bool is_prefix_kind(const Planted& planted) { return planted.kind == "uid"; }

bool holds(std::string_view text, const Planted& planted, const std::string& spelling) {
  if (is_prefix_kind(planted)) return text.find(spelling + ".") != std::string_view::npos;
  if (contains(text, spelling)) return true;
  if (planted.kind != "date" || spelling.size() != 8) return false;
  // As the date part of a DT: fourteen digits, then none.
  for (std::size_t at = text.find(spelling); at != std::string_view::npos;
       at = text.find(spelling, at + 1)) {
    const std::size_t end = at + 14;
    if ((at > 0 && is_digit(text[at - 1])) || end > text.size()) continue;
    if (std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                    text.begin() + static_cast<std::ptrdiff_t>(end), is_digit) &&
        (end == text.size() || !is_digit(text[end])))
      return true;
  }
  return false;
}

bool below(const std::filesystem::path& path, const std::filesystem::path& parent) {
  const auto mismatch = std::mismatch(parent.begin(), parent.end(), path.begin(), path.end());
  return mismatch.first == parent.end();
}

}  // namespace

std::vector<Planted> leaks_in(std::string_view bytes, const std::vector<Planted>& planted) {
  std::string without_nul;  // UTF-16 of letters up to U+00FF, either byte order
  without_nul.reserve(bytes.size());
  std::copy_if(bytes.begin(), bytes.end(), std::back_inserter(without_nul),
               [](char c) { return c != '\0'; });
  const std::string views[] = {fold_latin1(bytes), fold_utf8(bytes), fold_latin1(without_nul)};

  std::vector<Planted> found;
  for (const Planted& item : planted) {
    const std::vector<std::string> wanted = spellings(item);
    const bool hit = std::any_of(std::begin(views), std::end(views), [&](const std::string& view) {
      return std::any_of(wanted.begin(), wanted.end(),
                         [&](const std::string& spelling) { return holds(view, item, spelling); });
    });
    if (hit) found.push_back(item);
  }
  return found;
}

std::vector<Leak> find_leaks(const std::filesystem::path& root, const std::vector<Planted>& planted,
                             const std::vector<std::filesystem::path>& except) {
  std::vector<Leak> leaks;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const bool skipped = std::any_of(except.begin(), except.end(), [&](const auto& parent) {
      return below(entry.path(), parent);
    });
    if (skipped) continue;
    for (const Planted& item : leaks_in(entry.path().filename().string(), planted))
      leaks.push_back({entry.path(), item.kind, item.value, true});
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    if (!in) continue;
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (const Planted& item : leaks_in(bytes, planted))
      leaks.push_back({entry.path(), item.kind, item.value, false});
  }
  return leaks;
}

namespace {

std::vector<Planted>& remembered() {
  static std::vector<Planted> all;
  return all;
}

}  // namespace

void remember_planted(const std::vector<Planted>& planted) {
  for (const Planted& one : planted) {
    const bool known = std::any_of(
        remembered().begin(), remembered().end(),
        [&](const auto& other) { return other.kind == one.kind && other.value == one.value; });
    if (one.kind != "date" && !known) remembered().push_back(one);
  }
}

const std::vector<Planted>& remembered_planted() { return remembered(); }

void save_planted(const std::vector<Planted>& planted, const std::filesystem::path& file) {
  std::ofstream out(file);
  for (const Planted& item : planted) out << item.kind << '\t' << item.value << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::vector<Planted> load_planted(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::vector<Planted> planted;
  for (std::string line; std::getline(in, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos || tab + 1 == line.size())
      throw std::runtime_error(file.string() + ": not kind<TAB>value");
    planted.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  return planted;
}

}  // namespace dosigate::testing
