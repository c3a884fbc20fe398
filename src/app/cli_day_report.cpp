#include <iostream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"
#include "utc_day.h"

// What came in on a day and what became of it until now, in sums that have to add up.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string reasons_text(const json::value& day) {
  std::string out;
  const auto* outcomes = at(day, "reasons").if_object();
  if (outcomes == nullptr) return out;
  for (const auto& [outcome, reasons] : *outcomes) {
    if (!reasons.is_object()) continue;
    std::string words;
    for (const auto& [reason, count] : reasons.get_object())
      words += (words.empty() ? "" : ", ") + printable(reason) + " " + shown(count);
    out += fmt::format("  {}: {}\n", printable(outcome), words);
  }
  return out;
}

std::string day_studies_text(const json::value& day) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& study : list(day, "studies")) {
    std::string delivered;
    for (const auto& to : list(study, "destinations"))
      delivered += (delivered.empty() ? "" : ", ") + shown(to, "name") + " " +
                   shown(to, "delivered") + " of " + shown(to, "assigned");
    rows.push_back({shown(study, "pseudonym"), shown(study, "received"), arrival_word(study),
                    delivered.empty() ? "-" : delivered, shown(study, "study_uid")});
  }
  if (rows.empty()) return {};
  return "\n" + table({"patient", ">received", "arrival", "delivered", "study UID"}, rows);
}

std::string day_text_of(const json::value& day) {
  std::string out = shown(day, "day") + " (UTC)\n";
  std::vector<std::string> headings, row;
  for (const char* name : {"received", "issued", "duplicate", "delivered", "queued", "parked",
                           "quarantined", "dropped", "discarded", "refused"}) {
    headings.push_back(">" + std::string(name));
    row.push_back(shown(day, name));
  }
  out += table(headings, {row}) + reasons_text(day);
  std::vector<std::vector<std::string>> rows;
  for (const auto& to : list(day, "destinations"))
    rows.push_back({shown(to, "name"), shown(to, "assigned"), shown(to, "delivered"),
                    shown(to, "queued"), shown(to, "parked"), shown(to, "withdrawn")});
  if (!rows.empty())
    out +=
        "\n" +
        table({"destination", ">assigned", ">delivered", ">queued", ">parked", ">withdrawn"}, rows);
  out += day_studies_text(day);
  for (const auto& fault : list(day, "faults")) out += "DOES NOT ADD UP: " + shown(fault) + "\n";
  return out;
}

}  // namespace

int day_report(const Options& options, const std::string& from, const std::string& to) {
  std::string target = "/api/v1/report";
  if (!from.empty()) {
    if (!parse_day(from) || !parse_day(to)) {
      complain("a day is written as 2026-11-28, and is one of UTC");
      return kUsage;
    }
    target += "?from=" + from + "&to=" + to;
  }
  const Answer answer = ask(options, "GET", target);
  if (answer.exit != kDone) return answer.exit;
  const bool adds_up = at(answer.body, "adds_up") == json::value(true);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
  } else {
    std::string text;
    for (const auto& day : list(answer.body, "days"))
      text += (text.empty() ? "" : "\n") + day_text_of(day);
    std::cout << text << (adds_up ? "the sums add up\n" : "");
    if (const auto* head = at(answer.body, "audit_head").if_string();
        head != nullptr && !head->empty())
      std::cout << "audit head  " << printable(*head) << "\n";
  }
  if (!adds_up)
    complain("the ledger does not add up: keep ledger.db as it is, and have it looked into");
  return adds_up ? kDone : kNotDone;
}

}  // namespace dosigate::cli
