#include <algorithm>

#include "findings.h"

namespace dosigate {
namespace {

constexpr std::string_view kEnhancedPet = "1.2.840.10008.5.1.4.1.1.130";
// Written by cameras a moment after they begin to acquire.
constexpr std::chrono::seconds kSeriesSlack{1};

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool in_activity(const InstanceFacts& facts) {
  const std::string& units = facts.mapped_units.empty() ? facts.units : facts.mapped_units;
  return units == "BQML" || units == "KBQML" || units == "KBQCC" || units.starts_with("Bq") ||
         units.starts_with("kBq") || units.starts_with("MBq");
}

void judge_pet(const FactsRow& row, Findings& findings) {
  const InstanceFacts& facts = row.facts;
  const std::string& series = facts.series_uid;
  const bool enhanced = facts.sop_class_uid == kEnhancedPet;
  if (facts.units.empty() && facts.mapped_units.empty()) {
    findings.blocks("units-missing", series, 0, "The pixels have no unit (0054,1001).");
  } else if (facts.units == "CNTS") {
    if (!has(facts.vendor, "philips-suv") && !has(facts.vendor, "philips-activity"))
      findings.blocks("units-counts", series, 0,
                      "The pixels are counts, and the factors of the vendor are not there.");
  } else if (!in_activity(facts) && facts.units != "GML" &&
             !facts.mapped_units.starts_with("g/ml")) {
    findings.blocks("units-no-activity", series, 0,
                    "The pixels are in " +
                        (facts.units.empty() ? facts.mapped_units : facts.units) +
                        ": neither an activity concentration nor an SUV.");
  }

  if (facts.decay_correction.empty()) {
    findings.blocks("decay-correction-missing", series, 0,
                    "Whether and to when decay was corrected (0054,1102) is not said.");
  } else if (facts.decay_correction == "NONE" || facts.decay_correction == "NO") {
    findings.warns("decay-correction-none", series, 0, "Decay was not corrected (0054,1102).");
  } else if (!enhanced && !facts.corrections.empty() && !has(facts.corrections, "DECY")) {
    findings.warns("decay-correction-contradicting", series, 0,
                   "Decay Correction (0054,1102) says yes, Corrected Image (0028,0051) does not.");
  }
  if (!enhanced && !has(facts.corrections, "ATTN"))
    findings.warns("attenuation-not-corrected", series, 0,
                   "Corrected Image (0028,0051) does not say that attenuation was corrected.");
  if (facts.slope != Said::Good && !enhanced)
    findings.blocks("rescale-missing", series, 0,
                    "The rescale slope (0028,1053) is missing, zero or no number.");
  if (facts.frame_reference != Said::Good && !enhanced)
    findings.warns("frame-reference-missing", series, 0,
                   "The frame reference time (0054,1300) is missing or no number.");
  if (facts.frame_duration != Said::Good && !enhanced)
    findings.warns("frame-duration-missing", series, 0,
                   "The frame duration (0018,1242) is missing, zero or no number.");

  const auto series_at = parse_date_time(facts.series_at);
  const auto first = parse_date_time(row.first_acquired);
  if (facts.decay_correction == "START" && series_at && first &&
      series_at->at > first->at + kSeriesSlack && !has(facts.vendor, "ge-decay") &&
      !has(facts.vendor, "siemens-decay"))
    findings.warns("decay-reference-in-doubt", series, 0,
                   "The series begins after its first acquisition and no vendor's element says to "
                   "when decay was corrected.");
}

void judge_nm(const FactsRow& row, Findings& findings) {
  const InstanceFacts& facts = row.facts;
  const std::string& series = facts.series_uid;
  const bool counts = !in_activity(facts);
  const bool reconstructed = facts.kind.starts_with("RECON");
  if (facts.frame_duration != Said::Good) {
    const std::string text = "The frame duration (0018,1242) is missing, zero or no number";
    if (counts)
      findings.blocks("frame-duration-missing", series, 0, text + ": no count rate without it.");
    else
      findings.warns("frame-duration-missing", series, 0, text + ".");
  }
  if (facts.energy_windows == 0)
    findings.warns("energy-window-missing", series, 0,
                   "No energy window is described (0054,0012).");
  if (reconstructed && facts.corrections.empty())
    findings.warns("decay-correction-missing", series, 0,
                   "A reconstructed image that does not say what was corrected (0028,0051).");
  // Counts become activity by the sensitivity of this camera at this time, and by nothing else.
  if (counts && facts.camera.empty())
    findings.blocks("camera-unknown", series, 0,
                    "The pixels are counts and the image names no camera: no sensitivity can be "
                    "chosen.");
}

}  // namespace

void judge_image(const FactsRow& row, Findings& findings) {
  const InstanceFacts& facts = row.facts;
  const std::string& series = facts.series_uid;
  if (row.first_acquired.empty()) {
    if (facts.series_at.empty())
      findings.blocks("acquisition-time-missing", series, 0,
                      "Neither acquisition nor series say when it was.");
    else
      findings.warns("acquisition-time-missing", series, 0,
                     "The acquisition does not say when it was; hours are those of the series.");
  }
  if (facts.modality == "NM")
    judge_nm(row, findings);
  else
    judge_pet(row, findings);
  const bool blocked = facts.modality == "NM" && !in_activity(facts);
  if (facts.camera.empty() && !blocked)
    findings.warns("camera-unknown", series, 0, "The image names no camera.");
  if (!facts.camera.empty() && facts.camera_epoch == 0)
    findings.warns("calibration-epoch-unknown", series, 0,
                   "Which calibration of the camera was in force is not known.");
}

}  // namespace dosigate
