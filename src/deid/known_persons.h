#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "dosigate/base/guarded.h"
#include "leak_terms.h"
#include "text_cleaner.h"

namespace dosigate {

/// What the identifiers of one source alone decide.
struct KnownPerson {
  KnownPerson(Identifiers who, const std::unordered_set<std::string>& site_words,
              std::string_view fallback_charset)
      : identifiers(std::move(who)),
        terms(identifiers),
        cleaner(terms.own(), site_words, fallback_charset) {}

  const Identifiers identifiers;
  const LeakTerms terms;
  const TextCleaner cleaner;
};

/// The last few persons of one engine: the instances of a study name the same ones, and to make
/// terms ready costs more than to search for them. Found by all of their identifiers, byte for
/// byte, never by a pseudonym or a hash.
///
/// They are few, small, in memory only, and gone when others push them out. Thread: any.
class KnownPersons {
 public:
  static constexpr std::size_t kMost = 8;
  /// Bytes of the identifiers of an entry; those of more are made anew each time. Of every eight
  /// words of a name OwnValues makes hundreds.
  static constexpr std::size_t kLargest = 1024;

  /// @param site_words  see TextCleaner; kept by reference.
  KnownPersons(const std::unordered_set<std::string>& site_words, std::string_view fallback_charset)
      : site_words_(site_words), fallback_(fallback_charset) {}

  std::shared_ptr<const KnownPerson> of(const Identifiers& identifiers);
  std::size_t size() const;

 private:
  using Entries = std::vector<std::shared_ptr<const KnownPerson>>;
  static std::shared_ptr<const KnownPerson> find(Entries& entries, const Identifiers& identifiers);

  const std::unordered_set<std::string>& site_words_;
  std::string fallback_;
  Guarded<Entries> entries_;  ///< used last comes first
};

}  // namespace dosigate
