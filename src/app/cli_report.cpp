#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/base/phi.h"

// What the hospital answers a person who asks what became of their data (LGPD art. 18): what was
// sent, when, to whom, why.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string study_text(const json::value& study) {
  std::string out = "study " + shown(study, "study_uid") + ", " + shown(study, "state");
  if (!at(study, "replaced_by").is_null() && at(study, "replaced_by") != json::value(""))
    out += ", now " + shown(study, "replaced_by");
  out += ", under " + shown(study, "pseudonym") + "\n";

  std::vector<std::vector<std::string>> rows;
  std::string purposes;
  for (const auto& sent : list(study, "sent")) {
    rows.push_back({shown(sent, "destination"), shown(sent, "delivered"), shown(sent, "waiting"),
                    shown(sent, "withdrawn"), time_text(sent, "first"), time_text(sent, "last")});
    for (const auto& legal : list(sent, "legal"))
      purposes += "  " + shown(sent, "destination") + ": purpose " + shown(legal, "purpose") +
                  "; legal basis " + shown(legal, "legal_basis") + "; operator " +
                  shown(legal, "operator") + "; country " + shown(legal, "country") + "; since " +
                  time_text(legal, "since") + "\n";
    if (number(sent, "delivered") > 0 && list(sent, "legal").empty())
      purposes += "  " + shown(sent, "destination") +
                  ": purpose and legal basis were not recorded at that time\n";
  }
  if (rows.empty()) return out + "  nothing of it was sent\n";
  out += table({"destination", ">sent", ">waiting", ">not sent", "first", "last"}, rows) + purposes;
  if (!list(study, "withdrawals").empty()) out += withdrawals_table(list(study, "withdrawals"));
  return out;
}

}  // namespace

int map_report(const Options& options, const std::string& pseudonym, std::string reason) {
  if (!is_no_patient_id(pseudonym)) return kUsage;
  json::object body;
  if (pseudonym.empty()) {
    const Phi id(asked("PatientID (is not shown)", true));
    if (id.empty()) {
      complain("no PatientID was given on standard input");
      return kUsage;
    }
    body["patient_id"] = id.reveal();
  } else {
    body["pseudonym"] = in_capitals(pseudonym);
  }
  if (!ask_reason(reason)) return kUsage;
  body["reason"] = reason;
  const Answer answer = ask(options, "POST", "/api/v1/map/report", body);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto& studies = list(answer.body, "studies");
  std::cout << shown(answer.body, "pseudonym") << ", " << studies.size()
            << (studies.size() == 1 ? " study" : " studies") << ", as of "
            << time_text(answer.body, "made") << "\n";
  for (const auto& study : studies) std::cout << "\n" << study_text(study);
  return kDone;
}

}  // namespace dosigate::cli
