#include "patient_facts.h"

#include <algorithm>
#include <stdexcept>

#include <boost/json/serialize.hpp>

#include "dosigate/deid/deidentifier.h"
#include "dosigate/dosimetry/report.h"

namespace dosigate {

namespace {

constexpr std::size_t kMostWithdrawals = 100;

std::vector<StudyWithdrawal> withdrawn(const Ledger& ledger, const std::string& study_uid) {
  std::vector<StudyWithdrawal> out;
  for (const auto& one : ledger.withdrawals(study_uid, kMostWithdrawals)) {
    out.push_back({one.code, std::string(rejection_meaning(one.code)), one.cause, one.ordered,
                   one.whole_study, one.objects});
  }
  return out;
}

}  // namespace

PatientFacts patient_facts(const Ledger& ledger, const std::string& pseudonym) {
  PatientFacts out{pseudonym, {}};
  for (const std::string& uid : ledger.studies_of(pseudonym)) out.studies.push_back({uid, {}});
  for (const Ledger::Facts& row : ledger.facts_of(pseudonym)) {
    const auto facts = parse_facts(row.facts);
    if (!facts)
      throw std::runtime_error("ledger: " + facts.error().detail + " study=" + row.study_uid);
    auto study = std::ranges::find(out.studies, row.study_uid, &StudyFacts::study_uid);
    // The study was taken in between the two questions.
    if (study == out.studies.end()) study = out.studies.insert(study, {row.study_uid, {}});
    study->rows.push_back({*facts, row.instances, row.first_acquired, row.last_acquired});
  }
  for (StudyFacts& study : out.studies) study.withdrawn = withdrawn(ledger, study.study_uid);
  return out;
}

std::string study_card(const Ledger& ledger, const std::string& study_uid) {
  const std::string pseudonym = ledger.pseudonym_of(study_uid);
  if (pseudonym.empty()) {
    // Forgotten here, and to be marked there all the same.
    const auto told = withdrawn(ledger, study_uid);
    if (told.empty()) return {};
    return boost::json::serialize(
               boost::json::object{{"study_uid", study_uid}, {"withdrawn", withdrawn_json(told)}}) +
           "\n";
  }
  const auto report = study_report(patient_facts(ledger, pseudonym), study_uid);
  return report.empty() ? std::string() : boost::json::serialize(report) + "\n";
}

}  // namespace dosigate
