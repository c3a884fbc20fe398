#pragma once

#include <cstdint>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/deid/profile.h"

namespace dosigate {

/// Clean Structured Content Option (PS3.15 E.3.4): what becomes of the content items of a report,
/// of an acquisition context, of specimen preparation steps and of waveform annotations. Without
/// that option Table E.1-1 removes these sequences and nothing here is asked.
///
/// How the walk uses it, once per content sequence:
///
///     for each item of a sequence with is_content_sequence(tag of the sequence):
///       const ContentRuling ruling = rule_content_item(item, options, positions_matter);
///       if (ruling.remove) { the item goes; continue; }
///       for each element directly in the item:
///         if is_content_value(tag): apply content_value_action(ruling, tag) to it,
///         else: as any element (a ContentSequence inside comes back here).
///     no item left: the sequence goes, unless may_be_without_items(tag).
///
/// The ruling reads the item, so it is made before the item's elements are taken out. Items below
/// the value (of a ReferencedSOPSequence, say) are no content items. The data set itself is the
/// root item of a report and is not asked about: its title stays or goes by the rules for codes.
/// `positions_matter` is has_references_by_position(data set), once per instance.

/// PS3.3 Table C.17.3-7. A kind we do not know has no value element that may stay.
enum class ContentType : std::uint8_t {
  Text,
  PersonName,
  Date,
  Time,
  DateTime,
  UidReference,
  Number,
  Code,
  Reference,    ///< IMAGE, COMPOSITE, WAVEFORM
  Coordinates,  ///< SCOORD, SCOORD3D, TCOORD: no value element of their own; the walk judges theirs
  Container,
  Unknown
};

struct ContentRuling {
  bool remove = false;  ///< the item goes with all below it
  ContentType type = ContentType::Unknown;
  Action value = Action::Keep;       ///< for the value element of the item's type
  Action otherwise = Action::Dummy;  ///< when CleanText leaves nothing: a value is Type 1
  bool names_subject = false;  ///< the dummy is the subject's pseudonym (Subject Name, Subject ID)
  bool names_equipment = false;  ///< the UID is mapped per site, like (0018,1002)
  std::string_view source;       ///< "Table E.3.4-1: 121022 DCM", "value type TEXT"; never expires
};

/// What Table E.3.4-1 says of the item's concept and value type under the options; its value type
/// decides for concepts that the table does not list.
///
/// @param content_item      with its elements. An item without (0040,A040), as in an acquisition
///                          context, is of the type of the value it has.
/// @param positions_matter  some item of the tree is named by its position (0040,DB73), so no item
///                          may go: what would be removed gets a value that says nothing.
/// Thread: any.
ContentRuling rule_content_item(DcmItem& content_item, const Options& options,
                                bool positions_matter = false);

/// Its items are content items: ContentSequence, AcquisitionContextSequence,
/// SpecimenPreparationStepContentItemSequence, WaveformAnnotationSequence and the others of that
/// macro (PS3.3 Table 10-2).
bool is_content_sequence(std::uint32_t tag);
/// Type 2: an acquisition context of which nothing stays is there without items.
bool may_be_without_items(std::uint32_t tag);
/// An element that holds the value of content items of some type.
bool is_content_value(std::uint32_t tag);
/// The ruling's action for the value of the item's own type; Remove for a value of another type,
/// which no reader of the item looks at and no rule has judged.
Action content_value_action(const ContentRuling& ruling, std::uint32_t tag);

/// Some item of the tree refers to another by position (PS3.3 C.17.3.2.5).
bool has_references_by_position(DcmItem& data_set);

/// Reads and checks both tables now, so that a broken one stops the start (kept_lists.h does the
/// same). Throws std::runtime_error.
void load_content_tables();

}  // namespace dosigate
