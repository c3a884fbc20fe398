// Which studies there are, the latest first: pseudonymous, as the archive has them.

#include <boost/json.hpp>
#include <charconv>

#include "admin_api.h"
#include "admin_reports.h"
#include "dosigate/dosimetry/readiness.h"
#include "patient_facts.h"

namespace dosigate {
namespace {

namespace json = boost::json;

/// Each is judged from what its instances said, with all else that is known of the patient.
constexpr std::size_t kUsualStudies = 50, kMostStudies = 200;

/// 1 to kMostStudies.
std::optional<std::size_t> how_many(const std::string& text) {
  std::size_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out >= 1 && out <= kMostStudies ? std::optional(out) : std::nullopt;
}

json::object row_of(const Ledger::StudyArrival& arrival, const PatientFacts& patient) {
  json::object row{{"study_uid", arrival.study_uid},
                   {"pseudonym", arrival.pseudonym},
                   {"arrival", json_of(arrival)},
                   {"readiness", nullptr},
                   {"instances", 0},
                   {"modalities", json::array()},
                   {"withdrawn", false}};
  for (const StudyFacts& study : patient.studies) {
    if (study.study_uid != arrival.study_uid) continue;
    std::uint64_t instances = 0;
    std::set<std::string> modalities;
    for (const FactsRow& facts : study.rows) {
      instances += facts.instances;
      modalities.insert(facts.facts.modality);
    }
    row["readiness"] = readiness_text(readiness_of(judge(study, patient)));
    row["instances"] = instances;
    row["modalities"] = json::array(modalities.begin(), modalities.end());
    row["withdrawn"] = !study.withdrawn.empty();
  }
  return row;
}

}  // namespace

ApiResponse AdminApi::studies(const ApiRequest& request) const {
  std::size_t most = kUsualStudies;
  if (const auto text = request.queried("max"); !text.empty()) {
    const auto wanted = how_many(text);
    if (!wanted)
      return problem(fail(Fault::Invalid,
                          "max is a number of studies from 1 to " + std::to_string(kMostStudies)));
    most = *wanted;
  }
  const Ledger& ledger = *node_.stores_.ledger;
  const auto after = request.queried("after");
  if (!after.empty() && !ledger.arrival_of(after))
    return problem(fail(Fault::NotFound, "after is not the UID that this node gave to a study"));
  // One more, to know whether that is all.
  auto found = ledger.latest_studies(after, most + 1);
  const bool more = found.size() > most;
  if (more) found.resize(most);

  json::array items;
  std::map<std::string, PatientFacts> patients;
  for (const auto& arrival : found) {
    auto patient = patients.find(arrival.pseudonym);
    if (patient == patients.end())
      patient = patients.emplace(arrival.pseudonym, patient_facts(ledger, arrival.pseudonym)).first;
    items.emplace_back(row_of(arrival, patient->second));
  }
  json::object out{{"items", std::move(items)}, {"next", nullptr}};
  if (more) out["next"] = found.back().study_uid;
  return {200, std::move(out)};
}

}  // namespace dosigate
