#include <iostream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

// What of one study was sent, in sentences for somebody who has to show it to others.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string instances(const json::value& row, std::string_view name) {
  return shown(row, name) + (number(row, name) == 1 ? " instance" : " instances");
}

std::string statuses(const json::array& counts) {
  std::string out;
  for (const auto& one : counts)
    out += (out.empty() ? "" : ", ") + shown(one, "count") + " with " + shown(one, "text");
  return out;
}

std::string arrival_text(const json::value& study) {
  if (at(study, "arrival").is_null()) return "When its last instance arrived is not on record.\n";
  const std::string last = "The last one arrived at " + time_text(study, "arrival.last");
  return at(study, "arrival.complete") == json::value(true)
             ? last + "; it is complete since " + time_text(study, "arrival.completed") + ".\n"
             : last + "; it is still arriving.\n";
}

std::string received_text(const json::value& study) {
  std::string out = instances(study, "received") + " received";
  if (!at(study, "first_day").is_null()) {
    const std::string first = shown(study, "first_day"), last = shown(study, "last_day");
    out += first == last ? " on " + first + " (UTC)" : " from " + first + " to " + last + " (UTC)";
  }
  if (number(study, "duplicate") > 0)
    out += ", " + shown(study, "duplicate") + " of them known already";
  out += ".\n" + arrival_text(study);
  if (number(study, "objects") > 0)
    out += fmt::format("They are {} different objects in {} series.\n", shown(study, "objects"),
                       list(study, "series").size());
  for (const auto& series : list(study, "series"))
    if (!at(series, "expected").is_null())
      out += fmt::format("  {} of {} that a {} series announces are here.\n",
                         shown(series, "received"), shown(series, "expected"),
                         shown(series, "modality"));
  if (!at(study, "expected").is_null())
    out += fmt::format("  The sender announced {} for the study.\n", shown(study, "expected"));
  return out;
}

std::string destination_text(const json::value& to) {
  std::string out = "\nTo " + shown(to, "name") + ": ";
  if (number(to, "delivered") == 0) {
    out += "nothing was delivered.\n";
  } else {
    out += instances(to, "delivered") + " delivered, the first at " + time_text(to, "first") +
           ", the last at " + time_text(to, "last") + ".\n";
    if (const auto said = statuses(list(to, "acknowledged")); !said.empty())
      out += "  It acknowledged " + said + ".\n";
    if (number(to, "status_unknown") > 0)
      out += "  Of " + instances(to, "status_unknown") +
             " the status is no longer on record: an older version folded them.\n";
  }
  if (number(to, "queued") > 0) out += "  " + instances(to, "queued") + " waiting.\n";
  if (number(to, "parked") > 0) {
    out += "  " + instances(to, "parked") + " parked: " + statuses(list(to, "parked_with")) + ".\n";
    if (const auto* reasons = at(to, "parked_reasons").if_object())
      for (const auto& [reason, count] : *reasons)
        out += "    " + printable(reason) + ": " + shown(count) + "\n";
  }
  if (number(to, "withdrawn") > 0)
    out += "  " + instances(to, "withdrawn") + " withdrawn before they were sent.\n";
  for (const auto& legal : list(to, "legal"))
    out += "  Purpose: " + shown(legal, "purpose") +
           "; legal basis: " + shown(legal, "legal_basis") +
           "; operator: " + shown(legal, "operator") + "; country: " + shown(legal, "country") +
           "; since " + time_text(legal, "since") + ".\n";
  if (number(to, "delivered") > 0 && list(to, "legal").empty())
    out += "  Purpose and legal basis were not recorded at that time.\n";
  return out;
}

std::string proof_text(const json::value& study) {
  const bool forgotten = at(study, "forgotten") == json::value(true);
  std::string out =
      "Study " + shown(study, "study_uid") + ", " +
      (forgotten ? "of a person who was forgotten" : "of " + shown(study, "pseudonym")) +
      ", as of " + time_text(study, "made") + ".\n" + received_text(study);
  if (list(study, "destinations").empty()) out += "\nNothing of it was ever to be sent.\n";
  for (const auto& to : list(study, "destinations")) out += destination_text(to);
  const auto& withdrawals = list(study, "withdrawals");
  std::size_t revisions = 0;
  for (const auto& one : withdrawals)
    if (shown(one, "cause") == "revision") ++revisions;
  out += "\n";
  out += withdrawals.empty()
             ? "Nothing of it was withdrawn or revised.\n"
             : fmt::format("Withdrawn or rejected {} times, {} of them because of a revision:\n",
                           withdrawals.size(), revisions) +
                   withdrawals_table(withdrawals);
  out +=
      "By which profile it was de-identified is not on record by study: the audit log has the "
      "profiles of every start and reload, and each object names its own.\n";
  if (number(study, "folded") > 0)
    out += fmt::format(
        "{} instances are no longer kept one by one ([node] ledger_keep_days): their sums are.\n",
        shown(study, "folded"));
  return out;
}

}  // namespace

int study_proof(const Options& options, const std::string& uid) {
  // What is no UID is not sent: it might be an identifier.
  if (uid.empty() || uid.size() > 64 || uid.find_first_not_of("0123456789.") != std::string::npos) {
    complain("a study is named by its UID as the archive has it: see `dosigate report`");
    return kUsage;
  }
  const Answer answer = ask(options, "GET", "/api/v1/study/" + uid + "/proof");
  if (answer.exit != kDone) return answer.exit;
  std::cout << (options.json ? json::serialize(answer.body) + "\n" : proof_text(answer.body));
  return kDone;
}

}  // namespace dosigate::cli
