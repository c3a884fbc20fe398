#include "study_completion.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "patient_facts.h"

namespace dosigate {
namespace {

constexpr std::size_t kAtOnce = 100;
constexpr std::string_view kPetImage = "1.2.840.10008.5.1.4.1.1.128";  // one slice an instance

std::optional<std::uint64_t> announced(const InstanceFacts& facts) {
  if (facts.series_instances > 0) return facts.series_instances;
  if (facts.sop_class_uid == kPetImage && facts.slices > 0)
    return std::uint64_t{facts.slices} * std::max(facts.time_slices, 1U);
  return std::nullopt;
}

}  // namespace

StudyCounts study_counts(const Ledger& ledger, const std::string& study_uid) {
  StudyCounts out;
  const auto patient = patient_facts(ledger, ledger.pseudonym_of(study_uid));
  const auto study = std::ranges::find(patient.studies, study_uid, &StudyFacts::study_uid);
  if (study == patient.studies.end()) return out;
  for (const FactsRow& row : study->rows) {
    const InstanceFacts& facts = row.facts;
    out.instances += row.instances;
    auto series = std::ranges::find(out.series, facts.series_uid, &StudyCounts::Series::series_uid);
    if (series == out.series.end())
      series = out.series.insert(series, {facts.series_uid, facts.modality});
    series->received += row.instances;
    if (const auto expected = announced(facts))
      series->expected = std::max(series->expected.value_or(0), *expected);
    if (facts.study_instances > 0)
      out.expected = std::max<std::uint64_t>(out.expected.value_or(0), facts.study_instances);
  }
  return out;
}

std::size_t announce_complete(
    Ledger& ledger, std::chrono::seconds quiet,
    const std::function<void(const Ledger::StudyArrival&, const StudyCounts&)>& also) {
  const auto studies = ledger.quiet_studies(quiet, kAtOnce);
  for (const auto& study : studies) {
    const StudyCounts counts = study_counts(ledger, study.study_uid);
    std::string missing;
    for (const auto& series : counts.series)
      if (series.expected && series.received < *series.expected)
        missing += " series_short=" + std::to_string(series.received) + "/" +
                   std::to_string(*series.expected);
    spdlog::info("study complete study={} pseudonym={} instances={} series={}{}", study.study_uid,
                 study.pseudonym, counts.instances, counts.series.size(), missing);
    also(study, counts);
  }
  ledger.completed(studies);
  return studies.size();
}

}  // namespace dosigate
