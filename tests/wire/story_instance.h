#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/phantom.h"

namespace dosigate::testing {

/// Whom the headers of an instance name: right or wrong, as modalities and PACS write them.
struct PatientHeaders {
  std::string id;
  std::string name = "SILVEIRA^JOANA";  ///< UTF-8
  std::string birth_date = "19610503", sex = "F";
  std::string issuer{};                  ///< no attribute when empty
  std::vector<std::string> other_ids{};  ///< OtherPatientIDs
};

/// One small instance of a story. Its UIDs are kStoryUidRoot.study[.series[.instance]].
struct SourceInstance {
  std::string person;  ///< who it truly is, whatever the headers say: the story's own word
  PatientHeaders headers;
  std::string modality = "CT";  ///< "CT", "NM" or "PT"
  std::string study = "1", series = "1", instance = "1";
  std::string date = "20250304";  ///< DA of the study and everything in it
  std::string weight = "72.5";    ///< kg
  std::string serial = "SN-445566", station = "HOSPCT01", software = "VB42";
  std::string accession = "ACC55012", description = "PET CT SILVAMARKER";
  unsigned pixels = 1;  ///< another number is another image
};

inline constexpr const char* kStoryUidRoot = "1.2.826.0.1.3680043.10.4711";

/// Writes it in Explicit VR Little Endian.
/// @param mark  a number that de-identification leaves in the image (Acquisition Number), by which
///              a story knows each again at the archive.
void write_instance(const std::filesystem::path& file, const SourceInstance& instance,
                    unsigned mark);

/// A rejection note about instances of one series, as a PACS sends it (IHE RAD IOCM).
/// @param code  of DCM: "113001", "113037", "113038", "113039"
void write_rejection_note(const std::filesystem::path& file,
                          const std::vector<SourceInstance>& rejected, const std::string& code);

/// What of it identifies somebody and may be nowhere on the far side.
std::vector<Planted> planted_in(const SourceInstance& instance);

}  // namespace dosigate::testing
