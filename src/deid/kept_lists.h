#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcvr.h>

namespace dosigate {

/// What happens to a private element that is on a list; every other private element is removed.
enum class PrivateAction : std::uint8_t {
  Keep,    ///< KP; a sequence is entered
  Shift,   ///< SP: an instant, moved by the patient's offset
  MapUid,  ///< UP
  Clean    ///< CP: text that a person types
};
struct PrivateRule {
  PrivateAction action;
  DcmEVR vr;  ///< EVR_UNKNOWN where the list gives none
};
/// PS3.15 Table E.3.10-1 and conf/deid/private_elements.tsv (which wins), by creator without
/// trailing spaces. nullptr when not listed, or listed there to be removed (X).
const PrivateRule* find_private_rule(std::string_view creator, std::uint16_t group,
                                     std::uint8_t element);

/// Why an unlisted text attribute may stay (conf/deid/plain_text.tsv).
enum class TextClass : std::uint8_t {
  Equipment,  ///< vendor, model, software: from the machine
  Technique,  ///< from a list in the machine
  Coded       ///< a code: stays under a standard coding scheme
};
std::optional<TextClass> plain_text_class(std::uint32_t tag);

/// Coding schemes whose meanings are published (PS3.16 Table 8-1; 99SDM is what cameras wrote
/// before SNM3 and SRT). A local scheme's meaning is free text: "99HOSP" codes have carried names.
bool is_public_scheme(std::string_view designator);

/// Reads and checks every list now, so that a broken one stops the start and not the first
/// instance.
void load_kept_lists();

}  // namespace dosigate
