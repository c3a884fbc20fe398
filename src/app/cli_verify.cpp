#include <iostream>
#include <thread>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kFirstLook{50};
constexpr std::chrono::milliseconds kLookEvery{1000};

std::string by_text(const json::value& of) {
  const std::string by = shown(of, "by");
  if (by == "find") return "C-FIND";
  if (by == "commitment") return "storage commitment";
  if (by == "qido") return "QIDO-RS";
  if (by == "folder") return "its files";
  return "-";
}

std::string counts_text(const json::value& of) {
  std::string out = fmt::format("delivered {}, found {}, missing {}", shown(of, "delivered"),
                                shown(of, "found"), shown(of, "missing"));
  if (number(of, "rejected") > 0)
    out += fmt::format(", absent after a rejection note {}", shown(of, "rejected"));
  if (number(of, "unasked") > 0) out += fmt::format(", not asked {}", shown(of, "unasked"));
  return out;
}

void show_missing(const json::value& study) {
  const auto& uids = list(study, "missing_uids");
  for (const auto& uid : uids) std::cout << "  missing " << shown(uid) << "\n";
  const double left_out = number(study, "missing") - static_cast<double>(uids.size());
  if (left_out > 0)
    std::cout << fmt::format("  and {} more\n", thousands(static_cast<long long>(left_out)));
}

void show(const json::value& answer) {
  bool any = false, missing = false;
  for (const auto& to : list(answer, "destinations")) {
    const std::string problem = shown(to, "problem");
    if (number(to, "delivered") == 0 && problem == "-") continue;
    any = true;
    missing = missing || number(to, "missing") > 0;
    std::cout << fmt::format("{}, by {}: {}\n", shown(to, "destination"), by_text(to),
                             counts_text(to));
    std::vector<std::vector<std::string>> rows;
    for (const auto& study : list(to, "studies"))
      rows.push_back({shown(study, "study_uid"), shown(study, "delivered"), shown(study, "found"),
                      shown(study, "missing"), shown(study, "rejected"), shown(study, "unasked")});
    if (!rows.empty())
      std::cout << table({"study", ">delivered", ">found", ">missing", ">rejected", ">not asked"},
                         rows);
    const double left_out = number(to, "study_count") - static_cast<double>(rows.size());
    if (left_out > 0)
      std::cout << fmt::format("and {} studies more, all there\n",
                               thousands(static_cast<long long>(left_out)));
    for (const auto& study : list(to, "studies")) {
      const std::string why = shown(study, "problem");
      if (number(study, "missing") == 0 && why == "-") continue;
      std::cout << "study " << shown(study, "study_uid") << "\n";
      if (why != "-") std::cout << "  could not be asked: " << why << "\n";
      show_missing(study);
    }
    if (problem != "-") std::cout << "could not be asked: " << problem << "\n";
    std::cout << "\n";
  }
  if (!any) std::cout << "nothing was delivered in this scope (" << shown(answer, "scope") << ")\n";
  if (missing)
    std::cout << "Have the studies with missing instances sent again from the PACS: what was\n"
                 "delivered before is forwarded again. `dosigate study withdrawals UID` says what\n"
                 "rejection notes of the PACS may account for.\n";
}

}  // namespace

int verify(const Options& options, const VerifyWanted& wanted) {
  json::object body{{"by", wanted.by}, {"wait_s", wanted.wait_s}};
  if (!wanted.study.empty()) body["study"] = wanted.study;
  if (!wanted.day.empty()) body["day"] = wanted.day;
  if (!wanted.since.empty()) body["since"] = wanted.since;
  if (!wanted.destination.empty()) body["destination"] = wanted.destination;
  const Answer begun = ask(options, "POST", "/api/v1/verify", body);
  if (begun.exit != kDone) return begun.exit;

  const std::string target = "/api/v1/verify/" + shown(begun.body, "id");
  for (auto pause = kFirstLook;; pause = std::min(2 * pause, kLookEvery)) {
    const Answer answer = ask(options, "GET", target);
    if (answer.exit == kUnreachable)
      complain("a daemon that restarts forgets a verification: begin it again");
    if (answer.exit != kDone) return answer.exit;
    if (shown(answer.body, "state") != "done") {
      std::this_thread::sleep_for(pause);
      continue;
    }
    if (options.json)
      std::cout << json::serialize(answer.body) << "\n";
    else
      show(answer.body);
    return at(answer.body, "complete") == json::value(true) ? kDone : kNotDone;
  }
}

std::string verified_text(const json::value& destination) {
  const auto& last = at(destination, "verified");
  if (!last.is_object()) return {};
  std::string out =
      fmt::format("  {}: {}, {}, by {}: {}", shown(destination, "name"), time_text(last, "when"),
                  shown(last, "scope"), by_text(last), counts_text(last));
  if (shown(last, "problem") != "-") out += "; " + shown(last, "problem");
  return out + "\n";
}

}  // namespace dosigate::cli
