#include "revision.h"

#include "dosigate/dicom/data_set.h"
#include "iod_types.h"
#include "items.h"

namespace dosigate {

namespace {

/// CID 7201 has no code for it and may be extended; the Purpose of Reference of a report's
/// predecessor is its sequence.
constexpr CodedConcept kEarlierVersion{"PREDECESSOR", "99DOSIGATE",
                                       "Earlier version of this image"};

void put_reference(DcmItem& item, std::string_view sop_class_uid, const std::string& sop_uid) {
  put_text(item, DCM_ReferencedSOPClassUID, EVR_UI, sop_class_uid);
  put_text(item, DCM_ReferencedSOPInstanceUID, EVR_UI, sop_uid);
}

}  // namespace

VersionUids version_uids(const Subject& subject, bool retain, std::uint32_t revision,
                         std::string_view source_sop, std::string_view source_series) {
  if (retain && revision == 0) return {std::string(source_sop), std::string(source_series)};
  return {map_revised_uid(*subject.salt, subject.uid_revision, revision, source_sop),
          map_revised_uid(*subject.salt, subject.uid_revision, revision, source_series)};
}

void name_predecessor(DcmItem& cleaned, std::string_view sop_class_uid, const VersionUids& before) {
  if (iod_has_module(sop_class_uid, "SR Document General")) {
    if (before.series.empty()) return;
    DcmItem& document = add_item(cleaned, DCM_PredecessorDocumentsSequence);
    put_text(document, DCM_StudyInstanceUID, EVR_UI, text_at(cleaned, DCM_StudyInstanceUID));
    DcmItem& series = add_item(document, DCM_ReferencedSeriesSequence);
    put_text(series, DCM_SeriesInstanceUID, EVR_UI, before.series);
    put_reference(add_item(series, DCM_ReferencedSOPSequence), sop_class_uid, before.sop);
  } else if (iod_has_module(sop_class_uid, "General Image") &&
             iod_has_module(sop_class_uid, "General Reference")) {
    DcmItem& image = add_item(cleaned, DCM_ReferencedImageSequence);
    put_reference(image, sop_class_uid, before.sop);
    add_code(image, DCM_PurposeOfReferenceCodeSequence, kEarlierVersion);
  }
}

}  // namespace dosigate
