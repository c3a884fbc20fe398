#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include "dosigate/base/guarded.h"

namespace dosigate {

class OwnValues;
struct FoldedText;

/// Cleans kept free text of the instances of one person (PS3.15 E.3.5 Clean Descriptors).
///
/// An allow-list: what conf/deid/vocabulary.tsv and the site know stays, with the numbers that say
/// something of the acquisition and the punctuation between; everything else goes. Then the names
/// and identifiers of this object go, although a word of them is in the vocabulary, and whatever
/// has the shape of a person's number, address or date. "SPECT 24h Lu-177 ciclo 2 JOSE CONCEICAO"
/// gives "SPECT 24h Lu-177 ciclo 2".
///
/// Time and memory: linear in the text. Thread: any.
class TextCleaner {
 public:
  /// @param own         of that person; kept by reference.
  /// @param site_words  further words of the site's profile, folded; kept by reference.
  TextCleaner(const OwnValues& own, const std::unordered_set<std::string>& site_words,
              std::string_view fallback_charset)
      : own_(own), site_words_(site_words), fallback_(fallback_charset) {}

  /// The last texts, which a series repeats in each instance, and how long they may be to be kept.
  static constexpr std::size_t kKnown = 16, kLongestKnown = 256;

  struct Result {
    std::string text;         ///< in the bytes it came in; kept words are unchanged byte for byte
    std::size_t removed = 0;  ///< words and numbers that went
  };
  /// @param raw       bytes of the value.
  /// @param specific  its (0008,0005). Of text with code extensions, that does not decode, or in a
  ///                  multi-byte set other than UTF-8 nothing stays.
  /// @param multi     values between backslashes are each cleaned by themselves (LT, ST and UT have
  ///                  no backslash that separates).
  Result clean(std::string_view raw, std::string_view specific, bool multi) const;

 private:
  struct Known {
    std::string raw, specific;
    bool multi;
    Result result;
  };
  Result clean_anew(std::string_view raw, std::string_view specific, bool multi) const;
  Result clean_value(std::string_view raw, std::string_view specific) const;

  const OwnValues& own_;
  const std::unordered_set<std::string>& site_words_;
  std::string fallback_;
  mutable Guarded<std::deque<Known>> known_;  ///< oldest first
};

}  // namespace dosigate
