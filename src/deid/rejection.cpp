#include "rejection.h"

#include "dosigate/dicom/data_set.h"
#include "items.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dosigate {

namespace {

/// PS3.16 CID 7010; IHE RAD Imaging Object Change Management takes these four as rejections.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTitles{
    {{"113001", "Rejected for Quality Reasons"},
     {"113037", "Rejected for Patient Safety Reasons"},
     {"113038", "Incorrect Modality Worklist Entry"},
     {"113039", "Data Retention Policy Expired"}}};

template <class Each>
void each_item(DcmItem& item, const DcmTagKey& tag, Each each) {
  DcmSequenceOfItems* sequence = nullptr;
  if (item.findAndGetSequence(tag, sequence).good() && sequence != nullptr)
    for_each_item(*sequence, each);
}

/// Objects by study, each once, in the order in which they are named.
class Named {
 public:
  void add(const std::string& study_uid, const std::string& sop_uid) {
    if (study_uid.empty() || sop_uid.empty()) return;
    auto& studies = out_.studies;
    auto study = std::ranges::find(studies, study_uid, &Rejection::Study::study_uid);
    if (study == studies.end()) study = studies.insert(studies.end(), {study_uid, {}});
    if (std::ranges::find(study->sop_uids, sop_uid) == study->sop_uids.end())
      study->sop_uids.push_back(sop_uid);
  }
  void add_evidence(DcmItem& document, const DcmTagKey& sequence) {
    each_item(document, sequence, [&](DcmItem& study) {
      const std::string study_uid = text_at(study, DCM_StudyInstanceUID);
      each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
        each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& object) {
          add(study_uid, text_at(object, DCM_ReferencedSOPInstanceUID));
        });
      });
    });
  }
  void add_content(DcmItem& item, const std::string& study_uid) {
    each_item(item, DCM_ContentSequence, [&](DcmItem& content) {
      each_item(content, DCM_ReferencedSOPSequence, [&](DcmItem& object) {
        add(study_uid, text_at(object, DCM_ReferencedSOPInstanceUID));
      });
      add_content(content, study_uid);
    });
  }
  bool nothing() const { return out_.studies.empty(); }
  Rejection take(std::string code) {
    out_.code = std::move(code);
    return std::move(out_);
  }

 private:
  Rejection out_;
};

/// Empty when the document has another title.
std::string rejection_code(DcmItem& document) {
  DcmItem* title = nullptr;
  if (document.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, title, 0).bad()) return {};
  std::string code = text_at(*title, DCM_CodeValue);
  const bool rejects =
      text_at(*title, DCM_CodingSchemeDesignator) == "DCM" && !rejection_meaning(code).empty();
  return rejects ? code : std::string();
}

}  // namespace

std::string_view rejection_meaning(std::string_view code) {
  const auto found = std::ranges::find(kTitles, code, &decltype(kTitles)::value_type::first);
  return found == kTitles.end() ? std::string_view() : found->second;
}

std::optional<Rejection> read_rejection(DcmItem& cleaned, std::string_view sop_class_uid) {
  if (sop_class_uid != kKeyObjectSelection) return std::nullopt;
  std::string code = rejection_code(cleaned);
  if (code.empty()) return std::nullopt;
  Named named;
  named.add_evidence(cleaned, DCM_CurrentRequestedProcedureEvidenceSequence);
  if (named.nothing()) named.add_content(cleaned, text_at(cleaned, DCM_StudyInstanceUID));
  return named.take(std::move(code));
}

}  // namespace dosigate
