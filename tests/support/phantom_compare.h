#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

namespace dosigate::testing {

using Microseconds = std::chrono::microseconds;

/// A Part 10 file in memory. Throws std::runtime_error when it cannot be read.
struct LoadedFile {
  std::filesystem::path path;
  DcmFileFormat format;
  DcmDataset& data() { return *format.getDataset(); }
};

/// Regular files below `root` that are DICOM Part 10, sorted by path.
std::vector<std::filesystem::path> part10_files(const std::filesystem::path& root);

/// What de-identification leaves alone and what tells one instance of a patient from another: SOP
/// class, modality, series and instance number, times of day.
std::string match_key(DcmDataset& data);

/// The value of an element at the top level as text, trimmed; empty when it is not there.
std::string value_of(DcmItem& item, const DcmTagKey& tag);

/// Every moment that an instance states, by its place: DA with its TM, and DT, at any depth, also
/// in the private elements of GE and Siemens that a decay correction reads. Microseconds since
/// 1970-01-01 on the civil calendar, no time zone applied.
std::map<std::string, Microseconds> instants_of(DcmItem& item);

/// The bytes of the pixel data as stored; fragments one after another.
std::string pixels_of(DcmDataset& data);

/// The proof that nothing that dosimetry measures by time has changed.
struct IntervalProof {
  std::vector<std::string> failures;  ///< empty: proved
  std::size_t instants = 0;           ///< compared
  std::size_t instances = 0;
  Microseconds shift{0};  ///< of all of them
};
/// @param pairs  before and after of each instance of one patient.
/// Proved when every instant that is there after lies the same whole number of days, not 0, from
/// the one before (so that all intervals are equal, across series, studies and modalities), when
/// the moments of scan and injection are all still there, and when the times of day are equal as
/// text.
IntervalProof prove_intervals(const std::vector<std::pair<LoadedFile*, LoadedFile*>>& pairs);

}  // namespace dosigate::testing
