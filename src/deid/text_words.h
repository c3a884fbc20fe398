#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "text_fold.h"
#include "text_own_values.h"
#include "text_tokens.h"

namespace dosigate {

/// One value that is being cleaned.
struct TextInHand {
  std::string_view raw;
  const FoldedText& text;
  const OwnValues& own;
  const std::unordered_set<std::string>& site_words;

  std::string_view folded() const { return text.folded; }
};

TextTokens split_words(std::string_view folded);

/// Keeps the words of the vocabulary and what is composed of them ("wholeBody", "177LuPSMA",
/// "SPECT24h"), nuclides in two parts ("Lu-177", "[18F]"). Numbers are left to decide_numbers.
void decide_words(const TextInHand& value, TextTokens& tokens);

/// Bars this object's identifiers, initials set apart and names after a title, whatever the
/// vocabulary says of their parts. Before decide_numbers.
void bar_names(const TextInHand& value, TextTokens& tokens);
/// After decide_numbers: which numbers measure something is then known.
void bar_ids(const TextInHand& value, TextTokens& tokens);

/// Single letters and particles stay only in good company: "rim D", "de" between two words that
/// stay; not the "E." of a name.
void settle_small_words(const TextInHand& value, TextTokens& tokens);

}  // namespace dosigate
