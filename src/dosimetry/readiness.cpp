#include "dosigate/dosimetry/readiness.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "findings.h"

namespace dosigate {
namespace {

constexpr double kLeastKg = 0.2, kMostKg = 400;
constexpr double kSameKg = 0.5;  // rounded by one system and not by another

void judge_weight(const StudyFacts& study, Findings& findings) {
  std::set<double> weights;
  bool missing = false;
  for (const FactsRow& row : study.rows) {
    if (row.facts.weight_kg) weights.insert(*row.facts.weight_kg);
    if (!row.facts.weight_kg && row.facts.emission) missing = true;
  }
  if (weights.empty() || missing)
    findings.blocks("weight-missing", "", 0, "The weight (0010,1030) is missing.");
  if (weights.empty()) return;
  if (*weights.begin() <= 0) {
    findings.blocks("weight-zero", "", 0, "The weight (0010,1030) is zero or negative.");
  } else if (*weights.begin() < kLeastKg || *weights.rbegin() > kMostKg) {
    findings.blocks("weight-implausible", "", 0,
                    "The weight (0010,1030) is not between " + number_text(kLeastKg) + " and " +
                        number_text(kMostKg) + " kg.");
  }
  if (*weights.rbegin() - *weights.begin() > kSameKg)
    findings.warns("weight-contradicting", "", 0,
                   "The instances of the study say different weights (0010,1030).");
}

/// What a PET series or the sender announce, against what is here.
void judge_counts(const StudyFacts& study, Findings& findings) {
  std::map<std::string, std::uint64_t> here;
  std::uint64_t all = 0;
  for (const FactsRow& row : study.rows) {
    here[row.facts.series_uid] += row.instances;
    all += row.instances;
  }
  for (const FactsRow& row : study.rows) {
    const InstanceFacts& facts = row.facts;
    if (!facts.emission) continue;
    std::uint64_t expected = facts.series_instances;
    if (expected == 0 && facts.modality == "PT" && facts.slices > 0)
      expected = std::uint64_t{facts.slices} * std::max(facts.time_slices, 1U);
    const std::uint64_t got = here[facts.series_uid];
    // A multi-frame image holds all its slices.
    const bool single = facts.sop_class_uid == "1.2.840.10008.5.1.4.1.1.128";
    if (got < expected && (single || facts.series_instances > 0))
      findings.warns("series-incomplete", facts.series_uid, 0,
                     std::to_string(got) + " of " + std::to_string(expected) +
                         " instances that the series announces are here.");
    if (facts.study_instances > 0 && all < facts.study_instances)
      findings.warns("study-incomplete", "", 0,
                     std::to_string(all) + " of " + std::to_string(facts.study_instances) +
                         " instances that the sender announces are here.");
  }
}

}  // namespace

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

void Findings::add(const std::string& code, Severity severity, const std::string& series,
                   unsigned item, const std::string& text) {
  auto same = std::ranges::find_if(found_, [&](const Finding& one) {
    return one.code == code && one.severity == severity && one.item == item && one.text == text;
  });
  if (same == found_.end()) {
    found_.push_back({code, severity, {}, item, text});
    same = std::prev(found_.end());
  }
  if (!series.empty() && std::ranges::find(same->series, series) == same->series.end())
    same->series.push_back(series);
}

std::vector<Finding> Findings::take() {
  std::ranges::stable_sort(found_, [](const Finding& a, const Finding& b) {
    return a.severity == Severity::Blocks && b.severity == Severity::Warns;
  });
  return std::move(found_);
}

std::string_view readiness_text(Readiness readiness) {
  switch (readiness) {
    case Readiness::Ready:
      return "ready";
    case Readiness::ReadyWithWarnings:
      return "ready with warnings";
    case Readiness::NotReady:
      return "not ready";
  }
  return "not ready";
}

std::vector<Finding> judge(const StudyFacts& study, const PatientFacts& patient,
                           std::chrono::minutes tolerance) {
  Findings findings;
  if (study.rows.empty()) {
    findings.blocks("facts-missing", "", 0,
                    "The study arrived before this program kept what is needed to judge it.");
    return findings.take();
  }
  judge_weight(study, findings);
  bool emission = false, tomographic = false, ct = false;
  for (const FactsRow& row : study.rows) {
    const InstanceFacts& facts = row.facts;
    ct = ct || facts.modality == "CT";
    if (!facts.emission) continue;
    emission = true;
    tomographic =
        tomographic || facts.modality == "PT" || facts.kind.find("TOMO") != std::string::npos;
    const auto& items = facts.radiopharmaceuticals;
    if (items.empty())
      findings.blocks("radiopharmaceutical-missing", facts.series_uid, 0,
                      "The image says nothing of what was injected (0054,0016).");
    if (items.size() > 1)
      findings.warns("several-radiopharmaceuticals", facts.series_uid, 0,
                     "The image names " + std::to_string(items.size()) +
                         " radiopharmaceuticals: which of them it shows has to be known from "
                         "elsewhere.");
    for (unsigned i = 0; i < items.size(); ++i)
      judge_item(items[i], i + 1, row, patient, tolerance, findings);
    judge_image(row, findings);
  }
  if (!emission)
    findings.blocks("no-emission-image", "", 0,
                    "The study has no image of nuclear medicine or PET.");
  if (tomographic && !ct) findings.warns("ct-missing", "", 0, "A tomographic study without a CT.");
  judge_counts(study, findings);
  return findings.take();
}

Readiness readiness_of(const std::vector<Finding>& findings) {
  if (findings.empty()) return Readiness::Ready;
  const bool blocked = std::ranges::any_of(
      findings, [](const Finding& one) { return one.severity == Severity::Blocks; });
  return blocked ? Readiness::NotReady : Readiness::ReadyWithWarnings;
}

std::vector<Finding> findings_of(const std::vector<Finding>& findings,
                                 const std::vector<std::string>& series) {
  std::vector<Finding> out;
  for (const Finding& finding : findings) {
    const bool holds = finding.series.empty() || std::ranges::any_of(series, [&](const auto& uid) {
                         return std::ranges::find(finding.series, uid) != finding.series.end();
                       });
    if (holds) out.push_back(finding);
  }
  return out;
}

}  // namespace dosigate
