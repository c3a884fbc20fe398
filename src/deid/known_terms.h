#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "dosigate/base/guarded.h"
#include "leak_terms.h"

namespace dosigate {

/// The terms of the last few persons of one engine: the instances of a study name the same ones,
/// and to make them ready costs more than to search for them. Found by all that they are made of,
/// byte for byte, never by a pseudonym or a hash.
///
/// They name persons: few, small, in memory only, gone when others push them out. Thread: any.
class KnownTerms {
 public:
  static constexpr std::size_t kMost = 8;
  /// Bytes of the identifiers of an entry; those of more are made anew each time. Of every eight
  /// words of a name OwnValues makes hundreds.
  static constexpr std::size_t kLargest = 1024;

  std::shared_ptr<const LeakTerms> of(const Identifiers& identifiers);
  std::size_t size() const;

 private:
  using Entries = std::vector<std::shared_ptr<const LeakTerms>>;
  static std::shared_ptr<const LeakTerms> find(Entries& entries, const Identifiers& identifiers);

  Guarded<Entries> entries_;  ///< used last comes first
};

}  // namespace dosigate
