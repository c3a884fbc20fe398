#include <ctime>
#include <iostream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "csv.h"
#include "dosigate/app/incidents.h"
#include "node_at_rest.h"
#include "status.h"

// The incident register: what the hospital shows the ANPD when it is asked for it.

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string utc_text(double unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  if (time == 0) return {};
  std::tm utc{};
  gmtime_r(&time, &utc);
  char out[32];
  return {out, std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

/// A peer chooses its AE title: no spreadsheet shall take it for a formula.
std::string plain(const json::value& row, std::string_view name) {
  const auto& value = at(row, name);
  std::string out = value.is_string() ? printable(value.get_string()) : std::string();
  if (!out.empty() && std::string_view("=+-@").find(out.front()) != std::string_view::npos)
    out.insert(out.begin(), '\'');
  return out;
}

/// Times in UTC, whole numbers, every field: for a program or an authority.
std::string as_csv(const json::array& items) {
  std::string out =
      csv_row({"number", "kind", "first", "last", "times", "what", "detail", "data_subjects",
               "pseudonyms", "state", "closed", "closed_by", "reason"});
  for (const auto& item : items) {
    std::string pseudonyms;
    for (const auto& one : list(item, "subjects"))
      pseudonyms += (pseudonyms.empty() ? "" : " ") + printable(one.as_string());
    const auto whole = [&](const char* name) {
      return fmt::format("{}", static_cast<long long>(number(item, name)));
    };
    const std::string closed = at(item, "closed").is_null() ? "" : utc_text(number(item, "closed"));
    out += csv_row({whole("number"), plain(item, "kind"), utc_text(number(item, "first")),
                    utc_text(number(item, "last")), whole("count"), plain(item, "of"),
                    plain(item, "detail"), whole("subjects_affected"), pseudonyms,
                    plain(item, "state"), closed, plain(item, "closed_by"), plain(item, "reason")});
  }
  return out;
}

std::string as_table(const json::array& items, bool any) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : items) {
    const bool open = shown(item, "state") == "open";
    rows.push_back(
        {number(item, "number") == 0 ? "-" : shown(item, "number"), time_text(item, "first"),
         shown(item, "kind"), shown(item, "count"), shown(item, "subjects_affected"),
         open ? "open" : "closed by " + shown(item, "closed_by") + ": " + shown(item, "reason"),
         shown(item, "of")});
  }
  if (rows.empty()) return any ? "no incident is open\n" : "no incident is on record\n";
  std::string out =
      table({"no.", "first seen", "kind", ">times", ">persons", "state", "what"}, rows);
  for (const auto& item : items)
    if (shown(item, "state") == "open")
      out += "\n" + shown(item, "number") + "  " + shown(item, "detail") + "\n";
  return out;
}

/// Of a node that does not run.
std::optional<json::array> read_here(const Options& options, const std::string& why_not) {
  const auto node = NodeAtRest::open(options, why_not);
  if (!node) return std::nullopt;
  const auto incidents = read_incidents(node->config.node.state_dir, node->keys);
  if (!incidents) {
    complain(incidents.error().detail);
    return std::nullopt;
  }
  json::array out;
  for (const Incident& incident : *incidents) out.emplace_back(json_of(incident));
  return out;
}

}  // namespace

int incidents(const Options& options, bool csv, bool open_only) {
  const Answer answer = ask(options, "GET", "/api/v1/incidents", nullptr, false);
  json::array items;
  if (answer.exit == kDone) {
    items = list(answer.body, "items");
  } else if (answer.exit == kUnreachable) {
    auto read = read_here(options, answer.problem);
    if (!read) return kUnreachable;
    items = std::move(*read);
  } else {
    complain(answer.problem);
    return answer.exit;
  }
  const bool any = !items.empty();
  if (open_only) {
    json::array kept;
    for (const auto& item : items)
      if (shown(item, "state") == "open") kept.emplace_back(item);
    items = std::move(kept);
  }
  std::cout << (csv            ? as_csv(items)
                : options.json ? json::serialize(json::object{{"items", items}}) + "\n"
                               : as_table(items, any));
  return kDone;
}

int incident_close(const Options& options, unsigned number, std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/incidents/" + std::to_string(number) + "/close",
          json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  std::cout << "incident " << number << " closed\n";
  return kDone;
}

std::string audit_text(const json::value& status) {
  std::string out = fmt::format("audit         {} lines", shown(status, "audit.lines"));
  const auto& syslog = at(status, "audit.syslog");
  if (!syslog.is_null()) {
    out +=
        fmt::format("; to {}: {} wait, last sent {}", shown(syslog, "to"), shown(syslog, "waiting"),
                    at(syslog, "last_success").is_null() ? "not since the start"
                                                         : time_text(syslog, "last_success"));
    if (!at(syslog, "failing_since").is_null()) out += "; " + shown(syslog, "last_error");
  }
  out += "\n";
  if (const auto open = number(status, "incidents.open"); open > 0)
    out +=
        fmt::format("incidents     {} open, {} data subjects: see dosigate incidents\n",
                    shown(status, "incidents.open"), shown(status, "incidents.subjects_affected"));
  return out;
}

}  // namespace dosigate::cli
