#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "dosigate/dosimetry/cycles.h"

namespace dosigate::testing {

/// A Lu-177 SPECT that is ready: reconstructed, in counts, of a camera with an epoch.
inline FactsRow spect(const std::string& series, const std::string& acquired,
                      const std::string& injected = "20250303091500") {
  FactsRow row;
  row.facts.modality = "NM";
  row.facts.sop_class_uid = "1.2.840.10008.5.1.4.1.1.20";
  row.facts.series_uid = series;
  row.facts.weight_kg = 72.5;
  row.facts.camera = "CAM-07";
  row.facts.camera_epoch = 2;
  row.facts.emission = row.facts.dose_in_mbq = true;
  row.facts.kind = "TOMO";
  row.facts.frame_duration = Said::Good;
  row.facts.energy_windows = 2;
  RadiopharmaceuticalFacts item;
  item.nuclide = "Lu-177";
  item.nuclide_said = true;
  item.dose = 7400;
  item.half_life_s = 574300.8;
  item.injected = Said::Good;
  item.injected_at = instant_text(parse_date_time(injected)->at);
  row.facts.radiopharmaceuticals = {item};
  row.instances = 1;
  row.first_acquired = row.last_acquired = instant_text(parse_date_time(acquired)->at);
  return row;
}

inline FactsRow planar(const std::string& series, const std::string& acquired,
                       const std::string& injected = "20250303091500") {
  FactsRow row = spect(series, acquired, injected);
  row.facts.kind = "WHOLE BODY";
  return row;
}

/// An F-18 PET in Bq/ml that is ready.
inline FactsRow pet(const std::string& series, const std::string& acquired,
                    const std::string& injected) {
  FactsRow row = spect(series, acquired, injected);
  row.facts.modality = "PT";
  row.facts.sop_class_uid = "1.2.840.10008.5.1.4.1.1.128";
  row.facts.dose_in_mbq = false;
  row.facts.kind = "";
  row.facts.units = "BQML";
  row.facts.decay_correction = "START";
  row.facts.corrections = {"DECY", "ATTN"};
  row.facts.slope = row.facts.frame_reference = Said::Good;
  row.facts.series_at = row.first_acquired;
  row.facts.energy_windows = 0;
  RadiopharmaceuticalFacts& item = row.facts.radiopharmaceuticals[0];
  item.nuclide = "F-18";
  item.dose = 340e6;
  item.half_life_s = 6586.2;
  row.instances = 8;
  return row;
}

inline FactsRow ct(const std::string& series) {
  FactsRow row;
  row.facts.modality = "CT";
  row.facts.series_uid = series;
  row.facts.weight_kg = 72.5;
  row.facts.camera = "CAM-07";
  row.facts.camera_epoch = 2;
  row.instances = 6;
  return row;
}

/// Only the time of day of the injection is said.
inline void forget_date(FactsRow& row, const std::string& tm) {
  RadiopharmaceuticalFacts& item = row.facts.radiopharmaceuticals.at(0);
  item.injected = Said::Missing;
  item.injected_at.clear();
  item.injected_time = Said::Good;
  item.injected_time_us = parse_time(tm)->count();
}

inline StudyFacts study(const std::string& uid, std::vector<FactsRow> rows) { return {uid, rows}; }

inline PatientFacts patient(std::vector<StudyFacts> studies) {
  return {"DSG-T-0000-0000-000", std::move(studies)};
}

/// "code" of each finding, those that block with a "!".
inline std::vector<std::string> codes(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& one : findings)
    out.push_back((one.severity == Severity::Blocks ? "!" : "") + one.code);
  return out;
}
/// Of one study of which nothing else is known.
inline std::vector<std::string> judged(std::vector<FactsRow> rows) {
  const PatientFacts one = patient({study("2.25.1", std::move(rows))});
  return codes(judge(one.studies[0], one));
}

}  // namespace dosigate::testing
