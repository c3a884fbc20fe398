#include <algorithm>
#include <array>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/base/phi.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

constexpr const char* kWhatForgettingMeans =
    "What it means to forget a person:\n"
    "  - It cannot be undone. Nothing leads from the person to the pseudonym any more: results of\n"
    "    these studies find no way back, and no later time point or cycle can be put beside them.\n"
    "  - What the destinations hold is still there until they carry out the withdrawal that they\n"
    "    are told. Its pixels are those in the PACS: whoever has both can link them.\n"
    "  - Backups of this node that are older hold the person, sealed, until they are destroyed.\n";

/// Tells everything a correction did; without what did not happen.
void print_done(const json::value& done) {
  const auto line = [&](const std::string& text) { std::cout << text << "\n"; };
  const auto uids = [&](const char* heading, std::string_view path) {
    if (list(done, path).empty()) return;
    line(heading);
    for (const auto& uid : list(done, path)) line("  " + shown(uid));
  };
  if (number(done, "withdrawn_from_queue") > 0)
    line("taken out of the queue       " + shown(done, "withdrawn_from_queue"));
  uids("withdrawn at the destinations", "stale_studies");
  if (!list(done, "told").empty()) {
    std::string names;
    for (const auto& name : list(done, "told")) names += (names.empty() ? "" : ", ") + shown(name);
    line("destinations that are told   " + names + " (" + shown(done, "objects") +
         " objects named)");
  }
  if (number(done, "unlisted") > 0)
    line("cannot be named in the note  " + shown(done, "unlisted") +
         " objects, sent by a version that did not keep their series: tell the destinations");
  uids("to be sent once more by the PACS", "send_again");
  if (number(done, "originals_destroyed") > 0)
    line("originals destroyed          " + shown(done, "originals_destroyed") + " in quarantine");
  if (number(done, "originals_unread") > 0)
    line("originals not judged         " + shown(done, "originals_unread") +
         " in quarantine cannot be read: look whether they are this person's, and discard them");
}

/// The answer of a correction, as JSON or in words.
int print(const Options& options, const Answer& answer, const std::string& first_line) {
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << first_line << "\n";
  print_done(answer.body);
  if (!at(answer.body, "then").is_null())
    std::cout << "then: " << shown(answer.body, "then") << "\n";
  return kDone;
}

/// A UID becomes part of a request target: nothing but a UID may. What was typed is not repeated:
/// it may be anything.
std::optional<std::string> target_of(const std::string& uid, std::string_view verb) {
  const bool is_uid = !uid.empty() && uid.size() <= 64 && std::ranges::all_of(uid, [](char c) {
    return (c >= '0' && c <= '9') || c == '.';
  });
  if (!is_uid) {
    complain(
        "a study is named by its UID as the archive has it; `dosigate study PSEUDONYM` and "
        "`dosigate map report` show them");
    return std::nullopt;
  }
  return "/api/v1/study/" + uid + "/" + std::string(verb);
}

std::optional<Phi> ask_patient_id() {
  Phi id(asked("PatientID (is not shown)", true));
  if (!id.empty()) return id;
  complain("no PatientID was given on standard input");
  return std::nullopt;
}

struct Word {
  const char* word;
  const char* code;
};
constexpr std::array<Word, 4> kCodes{
    {{"quality", "113001"}, {"safety", "113037"}, {"worklist", "113038"}, {"retention", "113039"}}};

}  // namespace

int map_alias(const Options& options, const AliasWanted& wanted) {
  if (!is_no_patient_id(wanted.pseudonym) || !is_no_patient_id(wanted.with)) return kUsage;
  json::object body{{"pseudonym", in_capitals(wanted.pseudonym)}, {"resend", wanted.resend}};
  if (!wanted.with.empty()) {
    body["loser"] = in_capitals(wanted.with);
  } else {
    const auto id = ask_patient_id();
    if (!id) return kUsage;
    body["patient_id"] = id->reveal();
    body["issuer"] = wanted.issuer;
  }
  std::string reason = wanted.reason;
  if (!ask_reason(reason)) return kUsage;
  body["reason"] = reason;
  const Answer answer = ask(options, "POST", "/api/v1/map/alias", body);
  return print(options, answer, shown(answer.body, "pseudonym") + " is the pseudonym from now on");
}

int map_alarms(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/map/alarms");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : list(answer.body, "items"))
    rows.push_back({shown(item, "a"), shown(item, "b"), shown(item, "why")});
  if (rows.empty()) {
    std::cout << "no two ids seem to be of one person\n";
    return kDone;
  }
  std::cout << table({"pseudonym", "and", "are alike in"}, rows);
  if (number(answer.body, "all") > static_cast<double>(rows.size()))
    std::cout << "of " << shown(answer.body, "all") << " alarms the oldest are shown\n";
  std::cout << "one person: dosigate map alias PSEUDONYM --with OTHER; two persons: dosigate map "
               "distinct PSEUDONYM OTHER\n";
  return kDone;
}

int map_distinct(const Options& options, const std::string& a, const std::string& b,
                 std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/map/distinct",
          json::object{{"a", in_capitals(a)}, {"b", in_capitals(b)}, {"reason", reason}});
  return print(options, answer, "two persons: no alarm any more");
}

int map_forget(const Options& options, const std::string& pseudonym, std::string reason, bool yes) {
  if (!is_no_patient_id(pseudonym)) return kUsage;
  json::object body;
  if (pseudonym.empty()) {
    const auto id = ask_patient_id();
    if (!id) return kUsage;
    body["patient_id"] = id->reveal();
  } else {
    body["pseudonym"] = in_capitals(pseudonym);
  }
  if (!ask_reason(reason)) return kUsage;
  body["reason"] = reason;
  if (!yes) {
    if (!at_terminal()) {
      complain("forgetting cannot be undone: --yes says that it is meant");
      return kUsage;
    }
    const std::string word = pseudonym.empty() ? "forget" : in_capitals(pseudonym);
    std::cerr << kWhatForgettingMeans;
    if (in_capitals(asked("Type " + word + " to go on", false)) != in_capitals(word)) {
      complain("nothing was done");
      return kNotDone;
    }
  }
  const Answer answer = ask(options, "POST", "/api/v1/map/forget", body);
  if (answer.exit == kDone && waits_for_second(answer)) return kNotDone;
  const int exit = print(options, answer, "forgotten");
  if (exit == kDone && !options.json && !at_terminal()) std::cout << kWhatForgettingMeans;
  return exit;
}

int study_reassign(const Options& options, const std::string& uid, const std::string& issuer,
                   std::string reason) {
  const auto target = target_of(uid, "reassign");
  if (!target) return kUsage;
  const auto id = ask_patient_id();
  if (!id) return kUsage;
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", *target,
          json::object{{"patient_id", id->reveal()}, {"issuer", issuer}, {"reason", reason}});
  return print(options, answer,
               "the study is of " + shown(answer.body, "pseudonym") + " from now on, as " +
                   shown(answer.body, "study_uid"));
}

int study_withdraw(const Options& options, const std::string& uid, const std::string& why,
                   std::string reason) {
  const auto target = target_of(uid, "withdraw");
  if (!target) return kUsage;
  const auto code = std::ranges::find_if(kCodes, [&](const Word& one) { return why == one.word; });
  if (code == kCodes.end()) {
    complain("--code is quality, safety, worklist or retention");
    return kUsage;
  }
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", *target, json::object{{"code", code->code}, {"reason", reason}});
  return print(options, answer, "withdrawn; what comes of it is held until `dosigate study admit`");
}

int study_admit(const Options& options, const std::string& uid, std::string reason) {
  const auto target = target_of(uid, "admit");
  if (!target) return kUsage;
  if (!ask_reason(reason)) return kUsage;
  const Answer answer = ask(options, "POST", *target, json::object{{"reason", reason}});
  return print(options, answer, "instances of it are taken again");
}

int study_withdrawals(const Options& options, const std::string& uid) {
  if (!uid.empty() && !target_of(uid, "")) return kUsage;
  const Answer answer =
      ask(options, "GET", "/api/v1/withdrawals" + (uid.empty() ? "" : "?study=" + uid));
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto& items = list(answer.body, "items");
  std::cout << (items.empty() ? "nothing was withdrawn\n" : withdrawals_table(items));
  return kDone;
}

std::string withdrawals_table(const json::array& withdrawals) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : withdrawals) {
    const auto row = [&](const std::string& destination, const std::string& told) {
      rows.push_back({time_text(one, "ordered"), shown(one, "cause"), shown(one, "meaning"),
                      at(one, "whole_study") == json::value(true) ? "study" : "some objects",
                      shown(one, "objects"), destination, told, shown(one, "study_uid")});
    };
    const auto* told = at(one, "told").if_object();
    if (told == nullptr || told->empty()) {
      row("-", "nothing had left");
      continue;
    }
    for (const auto& [destination, when] : *told) {
      const auto seconds = static_cast<long long>(number(when, ""));
      row(printable(destination), seconds == 0 ? "not yet" : time_text(seconds));
    }
  }
  return table({"ordered", "because", "as", "of", ">objects", "destination", "told", "study UID"},
               rows);
}

int devices_accept(const Options& options, const std::string& label, const std::string& site,
                   std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  const Answer answer = ask(
      options, "POST", "/api/v1/devices/accept",
      json::object{{"label", in_capitals(label)}, {"site", in_capitals(site)}, {"reason", reason}});
  return print(options, answer,
               shown(answer.body, "label") + " of site " + shown(answer.body, "site") +
                   " is accepted with every software version seen");
}

}  // namespace dosigate::cli
