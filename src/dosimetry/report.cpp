#include "dosigate/dosimetry/report.h"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>

namespace dosigate {
namespace {

namespace json = boost::json;

/// Two decimals: a third would be 4 seconds.
json::value hours_json(const std::optional<double>& hours) {
  if (!hours) return nullptr;
  return std::round(*hours * 100) / 100;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

json::array findings_json(const std::vector<Finding>& findings) {
  json::array out;
  for (const Finding& finding : findings) {
    out.push_back(
        json::object{{"code", finding.code},
                     {"severity", finding.severity == Severity::Blocks ? "blocks" : "warns"},
                     {"series", texts(finding.series)},
                     {"item", finding.item == 0 ? json::value(nullptr) : json::value(finding.item)},
                     {"text", finding.text}});
  }
  return out;
}

/// Of one series over its rows.
json::array series_json(const StudyFacts& study) {
  json::array out;
  std::vector<std::string> done;
  for (const FactsRow& first : study.rows) {
    const InstanceFacts& facts = first.facts;
    if (std::ranges::find(done, facts.series_uid) != done.end()) continue;
    done.push_back(facts.series_uid);
    std::uint64_t instances = 0;
    std::string earliest;
    for (const FactsRow& row : study.rows) {
      if (row.facts.series_uid != facts.series_uid) continue;
      instances += row.instances;
      if (!row.first_acquired.empty() && (earliest.empty() || row.first_acquired < earliest))
        earliest = row.first_acquired;
    }
    out.push_back(json::object{
        {"series_uid", facts.series_uid},
        {"modality", facts.modality},
        {"instances", instances},
        {"camera", text_or_null(facts.camera)},
        {"calibration_epoch",
         facts.camera_epoch == 0 ? json::value(nullptr) : json::value(facts.camera_epoch)},
        {"acquired", text_or_null(earliest)}});
  }
  return out;
}

std::uint64_t instances_of(const StudyFacts& study) {
  std::uint64_t out = 0;
  for (const FactsRow& row : study.rows) out += row.instances;
  return out;
}

json::object study_json(const StudyFacts& study, const PatientFacts& patient,
                        std::chrono::minutes tolerance) {
  const auto findings = judge(study, patient, tolerance);
  return {{"study_uid", study.study_uid},
          {"readiness", readiness_text(readiness_of(findings))},
          {"withdrawn", withdrawn_json(study.withdrawn)},
          {"instances", instances_of(study)},
          {"series", series_json(study)},
          {"findings", findings_json(findings)}};
}

json::object time_point_json(const TimePoint& point) {
  json::array series;
  for (const SeriesAt& one : point.series) {
    series.push_back(
        json::object{{"study_uid", one.study_uid},
                     {"series_uid", one.series_uid},
                     {"modality", one.modality},
                     {"kind", text_or_null(one.kind)},
                     {"hours", hours_json(one.hours)},
                     {"hours_of", one.of_series_time ? "series" : "acquisition"},
                     {"instances", one.instances},
                     {"camera", text_or_null(one.camera)},
                     {"calibration_epoch", one.camera_epoch == 0 ? json::value(nullptr)
                                                                 : json::value(one.camera_epoch)}});
  }
  json::array missing;
  for (const Finding& finding : point.findings)
    if (std::ranges::find(missing, json::value(finding.code)) == missing.end())
      missing.emplace_back(finding.code);
  return {{"hours", hours_json(point.hours)},    {"modalities", point.modalities()},
          {"series_count", point.series.size()}, {"instances", point.instances()},
          {"cameras", texts(point.cameras())},   {"readiness", readiness_text(point.readiness)},
          {"findings", std::move(missing)},      {"series", std::move(series)}};
}

/// @param study_uid  only time points that show it; empty: all.
json::array cycles_json(const PatientFacts& patient, std::string_view study_uid,
                        std::chrono::minutes tolerance) {
  json::array out;
  for (const Cycle& cycle : cycles_of(patient, tolerance)) {
    json::array points;
    for (const TimePoint& point : cycle.time_points) {
      const bool wanted =
          study_uid.empty() || std::ranges::any_of(point.series, [&](const auto& s) {
            return s.study_uid == study_uid;
          });
      if (wanted) points.push_back(time_point_json(point));
    }
    if (points.empty()) continue;
    out.push_back(
        json::object{{"nuclide", text_or_null(cycle.nuclide)},
                     {"injected", cycle.injected ? json::value(instant_text(*cycle.injected))
                                                 : json::value(nullptr)},
                     {"injected_from", text_or_null(std::string(basis_text(cycle.basis)))},
                     {"injections_disagree", cycle.instants_disagree},
                     {"event_uid", text_or_null(cycle.event_uid)},
                     {"activity_mbq",
                      cycle.activity_mbq ? json::value(*cycle.activity_mbq) : json::value(nullptr)},
                     {"time_points", std::move(points)}});
  }
  return out;
}

}  // namespace

json::value withdrawn_json(const std::vector<StudyWithdrawal>& withdrawn) {
  if (withdrawn.empty()) return nullptr;
  json::array out;
  for (const StudyWithdrawal& one : withdrawn) {
    out.push_back(json::object{{"code", one.code},
                               {"meaning", one.meaning},
                               {"cause", one.cause},
                               {"ordered", one.ordered},
                               {"whole_study", one.whole_study},
                               {"objects", one.objects}});
  }
  return out;
}

json::object patient_report(const PatientFacts& patient, std::chrono::minutes tolerance,
                            std::string_view study_uid) {
  json::array studies;
  for (const StudyFacts& study : patient.studies)
    if (study_uid.empty() || study.study_uid == study_uid)
      studies.push_back(study_json(study, patient, tolerance));
  return {{"pseudonym", patient.pseudonym},
          {"injection_tolerance_min", tolerance.count()},
          {"studies", std::move(studies)},
          {"cycles", cycles_json(patient, study_uid, tolerance)}};
}

json::object study_report(const PatientFacts& patient, std::string_view study_uid,
                          std::chrono::minutes tolerance) {
  const auto study = std::ranges::find(patient.studies, study_uid, &StudyFacts::study_uid);
  if (study == patient.studies.end()) return {};
  json::object out{{"pseudonym", patient.pseudonym},
                   {"injection_tolerance_min", tolerance.count()}};
  for (auto& member : study_json(*study, patient, tolerance))
    out[member.key()] = std::move(member.value());
  out["cycles"] = cycles_json(patient, study_uid, tolerance);
  return out;
}

}  // namespace dosigate
