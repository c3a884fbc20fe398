#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/base/bytes.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string until_text(const json::value& value) { return time_text(value, "until"); }

std::optional<std::string> target_of(const std::string& id, std::string_view verb) {
  if (id.size() != 8 || !from_hex(id)) {
    complain("a request is named by its 8 hexadecimal digits: `dosigate approvals` shows them");
    return std::nullopt;
  }
  return "/api/v1/approvals/" + id + "/" + std::string(verb);
}

/// "arquivo, dosimetria"
std::string groups_text(const json::value& groups) {
  if (!groups.is_array()) return "not said";
  std::string out;
  for (const auto& group : groups.as_array()) out += (out.empty() ? "" : ", ") + shown(group);
  return out.empty() ? "nobody" : out;
}

}  // namespace

bool waits_for_second(const Answer& answer) {
  if (at(answer.body, "approval").is_null()) return false;
  const std::string id = shown(answer.body, "approval");
  complain("not done yet: it waits for a second person, until " + until_text(answer.body) +
           "; another user with the right says `dosigate approvals approve " + id + "`");
  return true;
}

std::string access_text(const json::value& access) {
  if (access.is_null()) return "";
  std::string out = "access        ";
  if (at(access, "operate").is_null() && at(access, "reveal").is_null() &&
      at(access, "manage").is_null()) {
    out += "everything for whoever the socket lets in";
  } else {
    out += "operate: " + groups_text(at(access, "operate")) +
           "; reveal: " + groups_text(at(access, "reveal")) +
           "; manage: " + groups_text(at(access, "manage"));
  }
  out += "; " + shown(access, "reveals_per_hour") + " look-ups an hour and user";
  if (at(access, "two_persons") == json::value(true)) out += "; two persons for export and forget";
  if (number(access, "approvals") > 0)
    out += "; " + shown(access, "approvals") + " wait for a second person: `dosigate approvals`";
  if (number(access, "denied") > 0) out += "; denied since the start: " + shown(access, "denied");
  return out + "\n";
}

int approvals_list(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/approvals");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : list(answer.body, "items"))
    rows.push_back({shown(item, "id"), shown(item, "by"), until_text(item), shown(item, "what"),
                    shown(item, "reason")});
  std::cout << (rows.empty() ? "nothing waits for a second person\n"
                             : table({"id", "asked by", "until", "to", "reason"}, rows));
  return kDone;
}

int approvals_approve(const Options& options, const std::string& id) {
  const auto target = target_of(id, "approve");
  if (!target) return kUsage;
  const Answer answer = ask(options, "POST", *target, json::object{}, true, kLong);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << "done: " << shown(answer.body, "what") << "\n";
  if (const auto* done = at(answer.body, "answer").if_object()) {
    for (const auto& [name, value] : *done)
      if (!value.is_structured() && shown(value) != "-")
        std::cout << "  " << name << "  " << shown(value) << "\n";
  }
  return kDone;
}

int approvals_reject(const Options& options, const std::string& id, std::string reason) {
  const auto target = target_of(id, "reject");
  if (!target) return kUsage;
  if (!ask_reason(reason)) return kUsage;
  const Answer answer = ask(options, "POST", *target, json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  std::cout << "taken back: " << shown(answer.body, "what") << "\n";
  return kDone;
}

}  // namespace dosigate::cli
