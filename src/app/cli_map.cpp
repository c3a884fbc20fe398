#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/base/phi.h"

namespace dosigate::cli {

int map_lookup(const Options& options, std::string reason) {
  const Phi id(asked("PatientID (is not shown)", true));
  if (id.empty()) {
    complain("no PatientID was given on standard input");
    return kUsage;
  }
  if (!ask_reason(reason)) return kUsage;
  const Answer answer = ask(options, "POST", "/api/v1/map/lookup",
                            boost::json::object{{"patient_id", id.reveal()}, {"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto* found = at(answer.body, "found").if_array();
  if (found == nullptr || found->empty()) {
    complain("no patient with this PatientID has passed here");
    return kNotDone;
  }
  for (const auto& patient : *found) {
    std::cout << shown(patient, "pseudonym") << "  site " << shown(patient, "site")
              << "  first seen " << time_text(patient, "first_seen") << "\n";
    if (const auto* studies = at(patient, "study_uids").if_array()) {
      for (const auto& study : *studies) std::cout << "  study " << shown(study) << "\n";
    }
  }
  return kDone;
}

int map_reveal(const Options& options, const std::string& pseudonym, std::string reason) {
  if (!is_no_patient_id(pseudonym)) return kUsage;
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/map/reveal",
          boost::json::object{{"pseudonym", in_capitals(pseudonym)}, {"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << "PatientID   " << shown(answer.body, "patient_id") << "\n"
            << "issuer      " << shown(answer.body, "issuer") << "\n"
            << "name        " << shown(answer.body, "name") << "\n"
            << "birth date  " << shown(answer.body, "birth_date") << "\n"
            << "sex         " << shown(answer.body, "sex") << "\n";
  return kDone;
}

}  // namespace dosigate::cli
