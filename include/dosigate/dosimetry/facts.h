#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/result.h"

namespace dosigate {

/// A number or a time in a header, judged when it was read, so that the slices of a series agree.
enum class Said : std::uint8_t {
  Missing,  ///< absent or empty
  Bad,      ///< zero where it may not be, negative, or no number
  Good
};

/// One item of the Radiopharmaceutical Information Sequence (0054,0016).
struct RadiopharmaceuticalFacts {
  std::string nuclide;                ///< as the table of nuclides names it; empty when it has none
  bool nuclide_said = false;          ///< code or text is there, known or not
  bool nuclide_in_doubt = false;      ///< code and text name two
  std::optional<double> dose;         ///< (0018,1074) as written: see dose_in_mbq
  std::optional<double> half_life_s;  ///< (0018,1075)
  Said injected = Said::Missing;      ///< (0018,1078)
  std::string injected_at;      ///< its instant on the clock of (0008,0201), instant_text; or empty
  bool zone_unmatched = false;  ///< it has a time zone and the instance has none
  Said injected_time = Said::Missing;  ///< (0018,1072)
  std::int64_t injected_time_us = 0;   ///< since midnight
  std::string event_uid;               ///< (0008,3012), pseudonymous

  bool operator==(const RadiopharmaceuticalFacts&) const = default;
};

/// What readiness, time points and counts want to know of one instance. Made of the cleaned data
/// set: dates are moved by the patient's offset, UIDs and labels are ours, and no text is in it but
/// words of fixed lists. Equal for all slices of a series, `acquired_at` aside; for what is no
/// emission image it holds modality, series, weight and camera only.
struct InstanceFacts {
  std::string modality;  ///< (0008,0060)
  std::string sop_class_uid, series_uid;
  std::optional<double> weight_kg;  ///< (0010,1030) as written, zero too
  std::string camera;               ///< "CAM-07"; empty when the instance names no device
  std::uint32_t camera_epoch = 0;   ///< calibration epoch of the camera; 0 when unknown

  bool emission = false;     ///< an image of NM or PET; what follows is filled only then
  bool dose_in_mbq = false;  ///< (0018,1074) is in MBq in NM and Enhanced PET, in Bq in PET images
  std::string frame_of_reference;
  std::string kind;          ///< value 3 of Image Type in NM: "STATIC", "TOMO", "RECON TOMO", ...
  std::string series_at;     ///< Series Date and Time, instant_text; or empty
  std::string units;         ///< (0054,1001)
  std::string mapped_units;  ///< of the real world value mapping: "Bq/ml"
  std::string decay_correction;  ///< (0054,1102); "YES" or "NO" of (0018,9758) in Enhanced PET
  std::vector<std::string> corrections;       ///< (0028,0051)
  Said slope = Said::Missing;                 ///< (0028,1053)
  Said frame_duration = Said::Missing;        ///< (0018,1242)
  Said frame_reference = Said::Missing;       ///< (0054,1300)
  std::uint32_t energy_windows = 0;           ///< items of (0054,0012)
  std::uint32_t slices = 0, time_slices = 0;  ///< (0054,0081), (0054,0101)
  std::uint32_t series_instances = 0;         ///< (0020,1209); 0 when not said
  std::uint32_t study_instances = 0;          ///< (0020,1208); 0 when not said
  std::optional<double> size_m;               ///< (0010,1020)
  bool sex = false, age = false;              ///< said
  std::vector<std::string> vendor;            ///< private inputs that are there: "philips-suv",
                                              ///< "philips-activity", "ge-decay", "siemens-decay"
  std::vector<RadiopharmaceuticalFacts> radiopharmaceuticals;

  bool operator==(const InstanceFacts&) const = default;
};

/// One line of JSON; equal facts give equal text. Members at their default are left out.
std::string facts_text(const InstanceFacts& facts);
/// Corrupt when it is not what facts_text writes.
Result<InstanceFacts> parse_facts(std::string_view text);

}  // namespace dosigate
