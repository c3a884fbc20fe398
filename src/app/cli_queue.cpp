#include <algorithm>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

/// ": archive has 12 due and is asked again at once". What waits only because its destination is
/// away was due before: nothing is requeued then, and yet something happens.
std::string what_is_due(const boost::json::value& answer) {
  const auto* destinations = at(answer, "destinations").if_array();
  if (destinations == nullptr) return "";
  if (destinations->empty()) return ": nothing of it waits";
  std::string out;
  for (const auto& to : *destinations) {
    const std::string state = shown(to, "state");
    out += (out.empty() ? ": " : "; ") + shown(to, "name") + " has " + shown(to, "due") + " due";
    if (state == "removed") {
      out += ", but is not configured: put it back and reload";
    } else if (state == "paused" || state == "waiting") {
      out += ", but is " + shown(to, "state_text");
    } else {
      out += " and is asked again at once";
    }
  }
  return out;
}

}  // namespace

int queue_list(const Options& options, unsigned max) {
  const Answer answer = ask(options, "GET", "/api/v1/queue?max=" + std::to_string(max));
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  if (const auto* items = at(answer.body, "items").if_array()) {
    for (const auto& item : *items) {
      const bool waits = at(item, "next_attempt_s").is_number() && shown(item, "state") != "parked";
      rows.push_back(
          {shown(item, "id"), shown(item, "destination"), shown(item, "state"),
           duration_text(static_cast<long long>(number(item, "queued_s"))), shown(item, "attempts"),
           waits ? duration_text(
                       std::max(0LL, static_cast<long long>(number(item, "next_attempt_s"))))
                 : "-",
           size_text(number(item, "bytes")), shown(item, "pseudonym"), shown(item, "reason")});
    }
  }
  if (rows.empty()) {
    std::cout << "nothing is queued or parked\n";
    return kDone;
  }
  std::cout << table({"id", "destination", "state", ">age", ">attempts", ">next in", ">size",
                      "pseudonym", "reason"},
                     rows);
  if (rows.size() == max) std::cout << "  (the first " << max << "; more with --max)\n";
  return kDone;
}

int queue_retry(const Options& options, bool all, const std::string& destination,
                const std::string& id) {
  boost::json::object body;
  if (all) body["all"] = true;
  if (!destination.empty()) body["destination"] = destination;
  if (!id.empty()) body["id"] = id;
  const Answer answer = ask(options, "POST", "/api/v1/queue/retry", body);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    std::cout << shown(answer.body, "requeued") << " requeued" << what_is_due(answer.body) << "\n";
  }
  return kDone;
}

int queue_abandon(const Options& options, const std::string& destination, const std::string& id,
                  const std::string& reason) {
  boost::json::object body{{"reason", reason}};
  if (!destination.empty()) body["destination"] = destination;
  if (!id.empty()) body["id"] = id;
  const Answer answer = ask(options, "POST", "/api/v1/queue/abandon", body);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
  } else {
    std::cout << shown(answer.body, "withdrawn") << " given up\n";
  }
  return kDone;
}

int reload(const Options& options) {
  const Answer answer = ask(options, "POST", "/api/v1/reload");
  if (answer.exit != kDone) return answer.exit;
  std::cout << "reloaded\n";
  return kDone;
}

}  // namespace dosigate::cli
