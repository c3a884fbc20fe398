// The real files beside the repository, where they are: every one gets a verdict, and no original
// value leaves.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cleaning.h"
#include "dosigate/dicom/sop_class.h"
#include "support/paths.h"

namespace dosigate::testing {
namespace {

/// A file as its data set would arrive; nullopt for what no C-STORE could carry (no Part 10 file, a
/// directory of media).
std::optional<ReceivedInstance> received_from(const std::filesystem::path& path) {
  DcmMetaInfo meta;
  DcmFileFormat format;
  if (format.loadFile(path.c_str(), EXS_Unknown, EGL_noChange, 64, ERM_metaOnly).bad())
    return std::nullopt;
  OFString sop_class, sop_instance, syntax;
  format.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPClassUID, sop_class);
  format.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPInstanceUID, sop_instance);
  format.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax);
  std::ifstream in(path, std::ios::binary);
  const Bytes all{std::istreambuf_iterator<char>(in), {}};
  Uint32 group_length = 0;
  if (all.size() < 144 || format.getMetaInfo()
                              ->findAndGetUint32(DCM_FileMetaInformationGroupLength, group_length)
                              .bad())
    return std::nullopt;
  const std::size_t begin = 132 + 12 + group_length;
  if (begin >= all.size() || sop_class == UID_MediaStorageDirectoryStorage) return std::nullopt;
  ReceivedInstance out;
  out.sop_class_uid = sop_class.c_str();
  out.sop_instance_uid = Phi(sop_instance.c_str());
  out.transfer_syntax_uid = syntax.c_str();
  out.data_set.assign(all.begin() + static_cast<std::ptrdiff_t>(begin), all.end());
  return out;
}

std::string trimmed_value(DcmItem& item, const DcmTagKey& tag) { return text_at(item, tag); }

TEST_F(Cleaning, EveryRealFileGetsAVerdictAndNoOriginalValueLeaves) {
  const std::filesystem::path root =
      std::filesystem::path(DOSIGATE_SOURCE_DIR) / "../shared/data/dicom";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no real files beside the repository";
  Deidentifier::Settings with = settings("dosimetry");
  with.default_charset = "ISO_IR 100";
  const Deidentifier deidentifier(std::move(with), *map_);
  std::map<std::string, unsigned> counts;
  std::map<std::string, unsigned> details;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const auto received = received_from(entry.path());
    if (!received) {
      ++counts["no instance"];
      continue;
    }
    SCOPED_TRACE(entry.path().filename().string());
    const Verdict verdict = deidentifier.clean(*received);
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    const std::string text = describe(verdict);
    if (cleaned == nullptr) {
      EXPECT_GT(text.size(), 10U) << "a verdict without a reason";
      ++counts[text.substr(0, text.find(':', text.find(':') + 1))];
      if (std::getenv("DOSIGATE_SHOW_VERDICTS") != nullptr)
        std::cout << entry.path().filename().string() << " " << text << "\n";
      continue;
    }
    ++counts["cleaned"];
    const TransferSyntax* syntax = find_transfer_syntax(received->transfer_syntax_uid);
    const auto source = parse_data_set(received->data_set, *syntax);
    if (!source) continue;  // deflated
    const std::string output = "\n" + std::string(as_text(all_bytes(cleaned->instance))) + "\n";
    for (const auto& tag : {DCM_PatientName, DCM_PatientID, DCM_PatientBirthDate,
                            DCM_StudyInstanceUID, DCM_SeriesInstanceUID, DCM_SOPInstanceUID,
                            DCM_FrameOfReferenceUID, DCM_AccessionNumber}) {
      const std::string original = trimmed_value(**source, tag);
      // Short values stand everywhere by chance; nobody's date and registered UIDs stay.
      const bool number = original.find_first_not_of("0123456789") == std::string::npos;
      if (original.size() < (number ? 8U : 6U) || original == "19000101" ||
          original == "00000000" || original == "REMOVED" || original == "Anonymous" ||
          is_well_known_uid(original))
        continue;
      std::size_t at = output.find(original);
      const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
      // Digits inside a longer number, or before the next component of another UID, are not the
      // value.
      while (at != std::string::npos && is_digit(original[0]) &&
             (is_digit(output[at - 1]) || output[at - 1] == '.' ||
              is_digit(output[at + original.size()])))
        at = output.find(original, at + 1);
      if (at == std::string::npos) continue;
      const std::size_t pixels =
          output.size() - cleaned->instance.body().size() - cleaned->instance.trailer().size() - 1;
      if (at >= pixels) continue;  // pixel bytes are what they were
      ADD_FAILURE() << tag_text(tag) << " is in the output at " << at;
    }
  }
  for (const auto& [what, count] : counts) std::cout << "  " << count << "  " << what << "\n";
  EXPECT_GT(counts["cleaned"], 100U);
}

}  // namespace
}  // namespace dosigate::testing
