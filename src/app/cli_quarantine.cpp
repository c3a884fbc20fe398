#include <algorithm>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/base/bytes.h"
#include "dosigate/deid/deidentifier.h"

namespace dosigate::cli {
namespace {

constexpr std::string_view kQuarantine = "/api/v1/quarantine";

std::optional<std::string> quarantine_target(const std::string& id, std::string_view action) {
  return target_of_id(kQuarantine, id, action, "quarantine list");
}

}  // namespace

int quarantine_list(const Options& options) {
  const Answer answer = ask(options, "GET", std::string(kQuarantine));
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  if (const auto* items = at(answer.body, "items").if_array()) {
    for (const auto& item : *items) {
      rows.push_back({shown(item, "id"), time_text(item, "held"), shown(item, "reason"),
                      shown(item, "route"), shown(item, "calling_ae"),
                      size_text(number(item, "bytes")), shown(item, "detail")});
    }
  }
  if (rows.empty()) {
    std::cout << "the quarantine is empty\n";
  } else {
    std::cout << table({"id", "held since", "reason", "route", "from", ">size", "detail"}, rows);
  }
  return kDone;
}

int quarantine_show(const Options& options, const std::string& id) {
  const auto target = quarantine_target(id, "");
  if (!target) return kUsage;
  const Answer answer = ask(options, "GET", *target);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto line = [&](const char* name, const std::string& text) {
    std::cout << name << std::string(18 - std::string_view(name).size(), ' ') << text << "\n";
  };
  for (const char* name : {"id", "reason", "detail", "route", "called_ae", "calling_ae", "address",
                           "sop_class", "transfer_syntax"}) {
    line(name, shown(answer.body, name));
  }
  line("size", size_text(number(answer.body, "bytes")));
  line("held since", time_text(answer.body, "held"));
  return kDone;
}

int quarantine_discard(const Options& options, const std::string& id, const std::string& reason) {
  const auto target = quarantine_target(id, "/discard");
  if (!target) return kUsage;
  const Answer answer = ask(options, "POST", *target, boost::json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    std::cout << "discarded\n";
  }
  return kDone;
}

int quarantine_release(const Options& options, const std::string& id, const std::string& reason,
                       const std::vector<std::string>& accept) {
  const auto target = quarantine_target(id, "/release");
  if (!target) return kUsage;
  for (const std::string& one : accept) {
    if (parse_hold_reason(one)) continue;
    complain("--accept " + one + ": no such reason; `dosigate quarantine show ID` names it");
    return kUsage;
  }
  const Answer answer =
      ask(options, "POST", *target,
          boost::json::object{{"reason", reason},
                              {"accept", boost::json::array(accept.begin(), accept.end())}});
  if (answer.exit != kDone) return answer.exit;
  const std::string outcome = shown(answer.body, "outcome");
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    const std::string detail = shown(answer.body, "detail");
    std::cout << outcome << (detail == "-" ? "" : ": " + detail) << "\n";
  }
  // Still held is an answer, not what was asked for.
  return outcome == "held" || outcome == "refused" ? kNotDone : kDone;
}

}  // namespace dosigate::cli
