#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "source.h"

namespace dosigate {

class OwnValues;
struct FoldedText;

/// Cleans kept free text of one instance (PS3.15 E.3.5 Clean Descriptors). Made once per instance,
/// cheap when it is never asked.
///
/// An allow-list: what conf/deid/vocabulary.tsv and the site know stays, with the numbers that say
/// something of the acquisition and the punctuation between; everything else goes. Then the names
/// and identifiers of this object go, although a word of them is in the vocabulary, and whatever
/// has the shape of a person's number, address or date. "SPECT 24h Lu-177 ciclo 2 JOSE CONCEICAO"
/// gives "SPECT 24h Lu-177 ciclo 2".
///
/// Time and memory: linear in the text. Thread: one at a time.
class TextCleaner {
 public:
  /// @param identifiers  of this object; kept by reference.
  /// @param site_words   further words of the site's profile, folded; kept by reference.
  TextCleaner(const Identifiers& identifiers, const std::unordered_set<std::string>& site_words,
              std::string_view fallback_charset);
  ~TextCleaner();
  TextCleaner(const TextCleaner&) = delete;
  TextCleaner& operator=(const TextCleaner&) = delete;

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
  Result clean_value(std::string_view raw, std::string_view specific) const;
  const OwnValues& own() const;

  const Identifiers& identifiers_;
  const std::unordered_set<std::string>& site_words_;
  std::string fallback_;
  mutable std::unique_ptr<OwnValues> own_;  ///< made when the first text comes
};

}  // namespace dosigate
