#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "support/data_sets.h"

namespace dosigate::testing {

struct Concept {
  std::string code, scheme, meaning;
};

/// A new item at the end of a sequence, which is made when it is not there.
inline DcmItem& new_item(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  if (parent.findOrCreateSequenceItem(sequence, item, -2).bad() || item == nullptr)
    throw std::runtime_error("test data set: no item");
  return *item;
}

inline void put(DcmItem& item, const DcmTagKey& tag, std::string_view value) {
  if (!put_value(item, tag, DcmTag(tag).getEVR(), value))
    throw std::runtime_error("test data set: value does not fit its VR");
}

inline void put_code(DcmItem& item, const DcmTagKey& sequence, const Concept& code) {
  DcmItem& coded = new_item(item, sequence);
  put(coded, DCM_CodeValue, code.code);
  put(coded, DCM_CodingSchemeDesignator, code.scheme);
  put(coded, DCM_CodeMeaning, code.meaning);
}

/// Where the value of a type stands in an item of a report.
inline DcmTagKey value_tag(std::string_view type) {
  if (type == "PNAME") return DCM_PersonName;
  if (type == "DATE") return DCM_Date;
  if (type == "TIME") return DCM_Time;
  if (type == "DATETIME") return DCM_DateTime;
  if (type == "UIDREF") return DCM_UID;
  if (type == "NUM") return DCM_MeasuredValueSequence;
  if (type == "CODE") return DCM_ConceptCodeSequence;
  if (type == "IMAGE" || type == "COMPOSITE" || type == "WAVEFORM")
    return DCM_ReferencedSOPSequence;
  return DCM_TextValue;
}

/// A content item below `parent`, to which items can be added in turn. Of CODE the value is the
/// meaning, of NUM the number (in MBq), of references the instance UID.
inline DcmItem& content(DcmItem& parent, std::string_view type, const Concept& name,
                        std::string_view value = {}, std::string_view relation = "CONTAINS") {
  DcmItem& item = new_item(parent, DCM_ContentSequence);
  put(item, DCM_RelationshipType, relation);
  put(item, DCM_ValueType, type);
  if (!name.code.empty()) put_code(item, DCM_ConceptNameCodeSequence, name);
  if (type == "CONTAINER") {
    put(item, DCM_ContinuityOfContent, "SEPARATE");
  } else if (type == "NUM") {
    DcmItem& measured = new_item(item, DCM_MeasuredValueSequence);
    put(measured, DCM_NumericValue, value);
    put_code(measured, DCM_MeasurementUnitsCodeSequence, {"MBq", "UCUM", "MBq"});
  } else if (type == "CODE") {
    put_code(item, DCM_ConceptCodeSequence, {"C-B1031", "SRT", std::string(value)});
  } else if (type == "IMAGE" || type == "COMPOSITE" || type == "WAVEFORM") {
    DcmItem& reference = new_item(item, DCM_ReferencedSOPSequence);
    put(reference, DCM_ReferencedSOPClassUID, kPetImageStorage);
    put(reference, DCM_ReferencedSOPInstanceUID, value);
  } else {
    put(item, value_tag(type), value);
  }
  return item;
}

/// The root of a report of one patient of nobody (any_instance), ready for content().
inline DataSet report(std::string_view sop_class_uid, const Concept& title) {
  DataSet made = any_instance(sop_class_uid)
                     .with(DCM_Modality, "SR")
                     .with(DCM_ValueType, "CONTAINER")
                     .with(DCM_ContinuityOfContent, "SEPARATE")
                     .with(DCM_CompletionFlag, "COMPLETE")
                     .with(DCM_VerificationFlag, "UNVERIFIED")
                     .with(DCM_ContentDate, "20250304")
                     .with(DCM_ContentTime, "113000");
  put_code(made.root(), DCM_ConceptNameCodeSequence, title);
  return made;
}

inline constexpr const char* kRadiopharmaceuticalDoseSr = "1.2.840.10008.5.1.4.1.1.88.68";
inline constexpr const char* kComprehensive3dSr = "1.2.840.10008.5.1.4.1.1.88.34";
inline constexpr const char* kEnhancedSr = "1.2.840.10008.5.1.4.1.1.88.22";
inline constexpr const char* kKeyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59";

}  // namespace dosigate::testing
