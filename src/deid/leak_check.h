#pragma once

#include <optional>

#include "dosigate/deid/deidentifier.h"
#include "leak_terms.h"
#include "rules.h"

namespace dosigate {

class PixelComments;

/// Looks for this patient's identity in a cleaned data set, at every depth: the last gate before
/// encoding, independent of the rules.
///
/// Text is decoded, folded and compared word by word; digits count only where no digit adjoins.
/// Values that our own rules made (pseudonyms, labels, moved dates) and numbers are not searched;
/// whole UIs and UIDs inside text are. The pixel data are not in the data set, and not searched:
/// they must stay byte-identical, a name in them would be drawn and not spelled, and what is drawn
/// is for the holds by content.
///
/// @return Held{Leak} with tag and kind, also for a value whose bytes cannot be had;
/// Held{CharacterSet} when text that is kept cannot be decoded and so cannot be checked.
std::optional<Held> find_leak(DcmItem& cleaned, const LeakTerms& terms, const Uids& uids,
                              const Rules& rules, std::string_view fallback_charset);

/// The same in what pixel data hold beside the image, which is spelled and not drawn.
std::optional<Held> find_leak_in_comments(const PixelComments& comments, const LeakTerms& terms,
                                          const Uids& uids);

}  // namespace dosigate
