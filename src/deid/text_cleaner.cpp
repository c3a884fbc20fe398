#include "text_cleaner.h"

#include "text_fold.h"
#include "text_numbers.h"
#include "text_own_values.h"
#include "text_patterns.h"
#include "text_words.h"
#include "values.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace dosigate {

namespace {

constexpr std::string_view kOpen = "([{<", kClose = ")]}>";

/// What stays of a value: its kept words with the bytes between them.
class Remains {
 public:
  Remains(const TextInHand& value, const TextTokens& tokens) : value_(value), tokens_(tokens) {}

  std::string text() {
    std::size_t last = tokens_.size();
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!tokens_[i].keep) continue;
      const std::size_t before = i == 0 ? 0 : tokens_[i - 1].end;
      if (i == 0 || last == i - 1) {
        add_gap(before, tokens_[i].begin);
      } else {
        if (last != tokens_.size()) join(last, i);
        add_bound(before, tokens_[i].begin);
      }
      add(tokens_[i].begin, tokens_[i].end);
      last = i;
    }
    if (last == tokens_.size()) return {};
    if (last + 1 == tokens_.size())
      add_gap(tokens_[last].end, value_.folded().size());
    else
      add_closing(last);
    drop_lonely_brackets();
    return std::string(trimmed(out_));
  }

 private:
  void add(std::size_t begin, std::size_t end) {
    out_ += value_.raw.substr(value_.text.at[begin], value_.text.at[end] - value_.text.at[begin]);
  }
  void add_gap(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      if (value_.folded()[i] != kControl) add(i, i + 1);
  }
  /// Opening brackets that adjoin the word after them.
  void add_bound(std::size_t begin, std::size_t end) {
    std::size_t first = end;
    while (first > begin && kOpen.find(value_.folded()[first - 1]) != std::string_view::npos)
      --first;
    add_gap(first, end);
  }
  /// The percent sign and closing brackets that adjoin the word before them.
  void add_closing(std::size_t last) {
    const std::string_view gap = gap_after(value_.folded(), tokens_, last);
    std::size_t size = 0;
    while (size < gap.size() &&
           (gap[size] == '%' || kClose.find(gap[size]) != std::string_view::npos))
      ++size;
    add_gap(tokens_[last].end, tokens_[last].end + size);
  }
  /// One separator over a gap where words went: a line's end if there was one, the same as on both
  /// sides ("wb_NAME_ct"), else a space.
  void join(std::size_t last, std::size_t next) {
    add_closing(last);
    const std::string_view text = value_.folded();
    const std::string_view whole =
        text.substr(tokens_[last].end, tokens_[next].begin - tokens_[last].end);
    const std::string_view left = gap_after(text, tokens_, last),
                           right = gap_after(text, tokens_, next - 1);
    if (whole.find_first_of("\r\n") != std::string_view::npos)
      out_ += whole.find("\r\n") != std::string_view::npos ? "\r\n"
              : whole.find('\n') != std::string_view::npos ? "\n"
                                                           : "\r";
    else if (left == right && left.size() == 1 &&
             std::string_view("_-^/,;|+").find(left[0]) != std::string_view::npos)
      out_ += left;
    else
      out_ += ' ';
  }
  void drop_lonely_brackets() {
    std::vector<std::size_t> open, lonely;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (kOpen.find(out_[i]) != std::string_view::npos) {
        open.push_back(i);
      } else if (const auto kind = kClose.find(out_[i]); kind != std::string_view::npos) {
        if (!open.empty() && out_[open.back()] == kOpen[kind])
          open.pop_back();
        else
          lonely.push_back(i);
      }
    }
    lonely.insert(lonely.end(), open.begin(), open.end());
    for (const std::size_t i : lonely) {
      const bool parts = i > 0 && i + 1 < out_.size() && out_[i - 1] != ' ' && out_[i + 1] != ' ';
      out_[i] = parts ? ' ' : '\0';
    }
    std::erase(out_, '\0');
  }

  const TextInHand& value_;
  const TextTokens& tokens_;
  std::string out_;
};

/// Of a text that cannot be read.
std::size_t count_words(std::string_view raw) {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : raw) {
    const bool letter = static_cast<unsigned char>(c) >= 0x80 || is_ascii_digit(c) ||
                        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    words += letter && !inside ? 1 : 0;
    inside = letter;
  }
  return words;
}

void bar_patterns(std::string_view folded, TextTokens& tokens) {
  for_each_identifier(folded, [&](std::size_t begin, std::size_t end) {
    auto token = std::partition_point(tokens.begin(), tokens.end(),
                                      [&](const TextToken& t) { return t.end <= begin; });
    for (; token != tokens.end() && token->begin < end; ++token) token->barred = true;
  });
}

}  // namespace

TextCleaner::Result TextCleaner::clean(std::string_view raw, std::string_view specific,
                                       bool multi) const {
  if (raw.size() + specific.size() > kLongestKnown) return clean_anew(raw, specific, multi);
  auto cleaned = known_.with([&](const auto& known) -> std::optional<Result> {
    for (const Known& text : known) {
      if (text.raw == raw && text.specific == specific && text.multi == multi) return text.result;
    }
    return std::nullopt;
  });
  if (cleaned) return std::move(*cleaned);
  Result result = clean_anew(raw, specific, multi);
  known_.with([&](auto& known) {
    if (known.size() == kKnown) known.pop_front();
    known.push_back({std::string(raw), std::string(specific), multi, result});
  });
  return result;
}

TextCleaner::Result TextCleaner::clean_anew(std::string_view raw, std::string_view specific,
                                            bool multi) const {
  if (!multi) return clean_value(raw, specific);
  Result out;
  bool anything = false, first = true;
  for_each_value(raw, [&](std::string_view value) {
    Result part = clean_value(value, specific);
    if (!first) out.text += '\\';
    first = false;
    anything = anything || !part.text.empty();
    out.text += part.text;
    out.removed += part.removed;
  });
  if (!anything) out.text.clear();
  return out;
}

TextCleaner::Result TextCleaner::clean_value(std::string_view raw,
                                             std::string_view specific) const {
  const auto text = fold_text(raw, specific, fallback_);
  if (!text) return {{}, count_words(raw)};
  const TextInHand value{raw, *text, own_, site_words_};
  TextTokens tokens = split_words(text->folded);
  bar_patterns(text->folded, tokens);
  bar_names(value, tokens);
  decide_words(value, tokens);
  decide_numbers(text->folded, tokens);
  bar_ids(value, tokens);
  settle_small_words(value, tokens);

  Result out;
  out.removed = static_cast<std::size_t>(std::count_if(
      tokens.begin(), tokens.end(), [](const TextToken& token) { return !token.keep; }));
  const bool whole = out.removed == 0 && text->folded.find(kControl) == std::string::npos;
  out.text = whole ? std::string(raw) : Remains(value, tokens).text();
  return out;
}

}  // namespace dosigate
