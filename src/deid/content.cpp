#include "content.h"

#include "content_table.h"
#include "values.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dosigate {

namespace {

struct TypeName {
  std::string_view name;
  ContentType type;
  std::string_view source;
};
constexpr std::array<TypeName, 15> kTypes{
    {{"TEXT", ContentType::Text, "value type TEXT"},
     {"PNAME", ContentType::PersonName, "value type PNAME"},
     {"DATE", ContentType::Date, "value type DATE"},
     {"TIME", ContentType::Time, "value type TIME"},
     {"DATETIME", ContentType::DateTime, "value type DATETIME"},
     {"UIDREF", ContentType::UidReference, "value type UIDREF"},
     {"NUM", ContentType::Number, "value type NUM"},
     {"CODE", ContentType::Code, "value type CODE"},
     {"IMAGE", ContentType::Reference, "value type IMAGE"},
     {"COMPOSITE", ContentType::Reference, "value type COMPOSITE"},
     {"WAVEFORM", ContentType::Reference, "value type WAVEFORM"},
     {"SCOORD", ContentType::Coordinates, "value type SCOORD"},
     {"SCOORD3D", ContentType::Coordinates, "value type SCOORD3D"},
     {"TCOORD", ContentType::Coordinates, "value type TCOORD"},
     {"CONTAINER", ContentType::Container, "value type CONTAINER"}}};
constexpr TypeName kNoType{"", ContentType::Unknown, "value type unknown"};

/// Which element holds the value of which type. NUM stands in a sequence in reports and by itself
/// in an acquisition context; a waveform annotation's text is a text object's.
struct ValueElement {
  std::uint32_t tag;
  std::string_view type;
};
constexpr std::array<ValueElement, 11> kValues{{{0x0040A160U, "TEXT"},
                                                {0x00700006U, "TEXT"},
                                                {0x0040A123U, "PNAME"},
                                                {0x0040A121U, "DATE"},
                                                {0x0040A122U, "TIME"},
                                                {0x0040A120U, "DATETIME"},
                                                {0x0040A124U, "UIDREF"},
                                                {0x0040A300U, "NUM"},
                                                {0x0040A30AU, "NUM"},
                                                {0x0040A168U, "CODE"},
                                                {0x00081199U, "IMAGE"}}};

const TypeName& type_named(std::string_view name) {
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const TypeName& type) { return type.name == name; });
  return found == kTypes.end() ? kNoType : *found;
}

DcmElement* element_at(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(tag, element).good() ? element : nullptr;
}

std::string_view value_at(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = element_at(item, tag);
  return element == nullptr ? std::string_view() : trimmed(raw_text(*element).value_or(""));
}

const TypeName& type_of(DcmItem& item) {
  if (const auto name = value_at(item, DCM_ValueType); !name.empty()) return type_named(name);
  for (const ValueElement& value : kValues) {
    const DcmTagKey tag(static_cast<Uint16>(value.tag >> 16U), static_cast<Uint16>(value.tag));
    if (element_at(item, tag) != nullptr) return type_named(value.type);
  }
  return kNoType;
}

/// Code and scheme of the item's concept name, empty where it has none.
std::pair<std::string_view, std::string_view> concept_of(DcmItem& item) {
  DcmElement* names = element_at(item, DCM_ConceptNameCodeSequence);
  if (names == nullptr || !is_sequence(*names)) return {};
  auto& sequence = static_cast<DcmSequenceOfItems&>(*names);
  if (sequence.card() == 0) return {};
  DcmItem& name = *sequence.getItem(0);
  auto code = value_at(name, DCM_CodeValue);
  if (code.empty()) code = value_at(name, DCM_LongCodeValue);
  return {code, value_at(name, DCM_CodingSchemeDesignator)};
}

bool is_temporal(ContentType type) {
  return type == ContentType::Date || type == ContentType::Time || type == ContentType::DateTime;
}
bool is_link(ContentType type) {
  return type == ContentType::UidReference || type == ContentType::Reference;
}

/// A row of the table, its options first (the order of decide_row in rules.cpp).
void apply_row(const ConceptRow& row, const Options& options, ContentRuling& ruling) {
  const auto decide = [&](Action action) { ruling.value = action; };
  if (is_temporal(ruling.type)) {
    if (row.full_dates && options.retain_long_full_dates) return decide(Action::Keep);
    if (row.modified_dates && options.retain_long_modified_dates) return decide(Action::ShiftDate);
  }
  if ((row.uids && options.retain_uids) || (row.device && options.retain_device_identity) ||
      (row.institution && options.retain_institution_identity) ||
      (row.characteristics && options.retain_patient_characteristics))
    return decide(Action::Keep);
  if (row.descriptors && options.clean_descriptors && ruling.type == ContentType::Text)
    return decide(Action::CleanText);
  // The table removes 33 kinds of references when UIDs are not retained. Ours stay, mapped, in
  // every profile: a UID of ours leads nowhere outside the archive, and without them a measurement
  // has lost its images (121233), its units (126100, a real world value map) and its frame of
  // reference (112227). The conformance statement says so.
  if (is_link(ruling.type)) return decide(Action::MapUid);
  if (row.basic == "X")
    ruling.remove = true;
  else
    decide(Action::Dummy);  // D; and X/D, of which D is valid wherever a template puts the item
}

void apply_type(const Options& options, ContentRuling& ruling) {
  switch (ruling.type) {
    case ContentType::Text:
      ruling.value = options.clean_descriptors ? Action::CleanText : Action::Dummy;
      return;
    case ContentType::PersonName:
      ruling.value = Action::Dummy;
      return;
    case ContentType::Date:
    case ContentType::Time:
    case ContentType::DateTime:
      ruling.value = options.retain_long_full_dates       ? Action::Keep
                     : options.retain_long_modified_dates ? Action::ShiftDate
                                                          : Action::Dummy;
      return;
    case ContentType::UidReference:
    case ContentType::Reference:
      ruling.value = options.retain_uids ? Action::Keep : Action::MapUid;
      return;
    case ContentType::Number:
    case ContentType::Code:
    case ContentType::Coordinates:
    case ContentType::Container:
      ruling.value = Action::Keep;
      return;
    case ContentType::Unknown:
      ruling.value = Action::Remove;
      return;
  }
}

/// What stands for a removed item where every item has to keep its place.
Action empty_in_place(ContentType type) {
  if (type == ContentType::Container) return Action::Keep;  // its items have rulings of their own
  if (type == ContentType::Number) return Action::Empty;    // the measured value is Type 2
  return Action::Dummy;
}

bool is_dcm(std::string_view scheme) { return scheme == "DCM"; }

}  // namespace

ContentRuling rule_content_item(DcmItem& content_item, const Options& options,
                                bool positions_matter) {
  const TypeName& type = type_of(content_item);
  const auto [code, scheme] = concept_of(content_item);
  ContentRuling ruling;
  ruling.type = type.type;
  ruling.source = type.source;
  if (const ConceptRow* row = find_concept(code, scheme, type.name)) {
    ruling.source = row->source;
    ruling.names_equipment = row->device && ruling.type == ContentType::UidReference;
    apply_row(*row, options, ruling);
  } else {
    apply_type(options, ruling);
    const KnownConcept* known = find_known_concept(code, scheme);
    if (known != nullptr && known->kind == ConceptClass::Person) {
      if (ruling.type == ContentType::Text || is_temporal(ruling.type)) {
        ruling.source = known->source;
        ruling.remove = true;
      }
    } else if (known != nullptr && ruling.type == ContentType::Text) {
      ruling.source = known->source;
      if (known->kind == ConceptClass::Machine) {
        ruling.value = Action::Keep;
      } else {
        ruling.value = Action::Pseudonymise;
      }
    }
  }
  if (is_dcm(scheme)) {
    // SubjectName, SubjectID: of the report's patient, or of a fetus, whose name would be hers.
    ruling.names_subject = (code == "121029" || code == "121030") && ruling.value == Action::Dummy;
    if (code == "110181" && ruling.type == ContentType::UidReference)
      ruling.value = Action::Keep;  // SOP Class UID
  }
  if (ruling.remove && positions_matter) {
    ruling.remove = false;
    ruling.value = empty_in_place(ruling.type);
  }
  return ruling;
}

bool is_content_sequence(std::uint32_t tag) {
  static constexpr std::array<std::uint32_t, 7> kSequences{
      0x0040A730U,   // ContentSequence
      0x00400555U,   // AcquisitionContextSequence
      0x00400612U,   // SpecimenPreparationStepContentItemSequence
      0x00400620U,   // SpecimenLocalizationContentItemSequence
      0x00400440U,   // ProtocolContextSequence
      0x00400441U,   // ContentItemModifierSequence
      0x0040B020U};  // WaveformAnnotationSequence
  return std::find(kSequences.begin(), kSequences.end(), tag) != kSequences.end();
}

bool may_be_without_items(std::uint32_t tag) { return tag == 0x00400555U; }

bool is_content_value(std::uint32_t tag) {
  return std::any_of(kValues.begin(), kValues.end(),
                     [&](const ValueElement& value) { return value.tag == tag; });
}

Action content_value_action(const ContentRuling& ruling, std::uint32_t tag) {
  for (const ValueElement& value : kValues) {
    if (value.tag == tag && type_named(value.type).type == ruling.type) return ruling.value;
  }
  return Action::Remove;
}

bool has_references_by_position(DcmItem& data_set) {
  // Only trees of reports have such references; an image is not searched for them.
  if (element_at(data_set, DCM_ContentSequence) == nullptr) return false;
  DcmStack found;
  return data_set.search(DCM_ReferencedContentItemIdentifier, found, ESM_fromHere, OFTrue).good();
}

}  // namespace dosigate
