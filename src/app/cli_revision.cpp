#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/base/bytes.h"

namespace dosigate::cli {
namespace {

constexpr std::string_view kRevision = "/api/v1/revision";

std::optional<std::string> revision_target(const std::string& id, std::string_view action) {
  return target_of_id(kRevision, id, action, "revision list");
}

std::string what_it_is(const boost::json::value& item) {
  if (std::string problem = shown(item, "problem"); problem != "-") return problem;
  const auto* older = at(item, "older_came_back").if_bool();
  return (older != nullptr && *older ? "an older version, with " : "") + shown(item, "differs");
}

}  // namespace

int revision_list(const Options& options) {
  const Answer answer = ask(options, "GET", std::string(kRevision));
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  if (const auto* items = at(answer.body, "items").if_array()) {
    for (const auto& item : *items) {
      rows.push_back({shown(item, "id"), time_text(item, "held"), shown(item, "number"),
                      what_it_is(item), shown(item, "study_uid"), shown(item, "sop_uid")});
    }
  }
  if (rows.empty()) {
    std::cout << "no revision is held\n";
  } else {
    std::cout << table({"id", "held since", ">revision", "differs", "study", "instance"}, rows);
  }
  return kDone;
}

int revision_show(const Options& options, const std::string& id) {
  const auto target = revision_target(id, "");
  if (!target) return kUsage;
  const Answer answer = ask(options, "GET", *target);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto line = [](std::string_view name, const std::string& text) {
    std::cout << name << std::string(18 - name.size(), ' ') << text << "\n";
  };
  line("id", shown(answer.body, "id"));
  line("held since", time_text(answer.body, "held"));
  line("route", shown(answer.body, "route"));
  line("from", shown(answer.body, "calling_ae"));
  line("differs", what_it_is(answer.body));
  line("revision", shown(answer.body, "number"));
  line("pseudonym", shown(answer.body, "pseudonym"));
  line("study", shown(answer.body, "study_uid"));
  line("instance", shown(answer.body, "sop_uid"));
  line("version before", shown(answer.body, "before_uid"));
  if (const auto* before = at(answer.body, "before_at").if_object())
    for (const auto& [destination, state] : *before)
      line("  at", printable(destination) + " " + shown(state));
  return kDone;
}

int revision_send(const Options& options, const std::string& id, const std::string& reason) {
  const auto target = revision_target(id, "/send");
  if (!target) return kUsage;
  const Answer answer = ask(options, "POST", *target, boost::json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  const std::string outcome = shown(answer.body, "outcome");
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    const std::string detail = shown(answer.body, "detail");
    std::cout << outcome << (detail == "-" ? "" : ": " + detail) << "\n";
  }
  // Still held is an answer, not what was asked for.
  return outcome == "held" ? kNotDone : kDone;
}

int revision_drop(const Options& options, const std::string& id, const std::string& reason) {
  const auto target = revision_target(id, "/drop");
  if (!target) return kUsage;
  const Answer answer = ask(options, "POST", *target, boost::json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    std::cout << "dropped\n";
  }
  return kDone;
}

}  // namespace dosigate::cli
