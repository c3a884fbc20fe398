#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <set>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/base/durable_file.h"

namespace dosigate::cli {
namespace {

using boost::json::value;

constexpr int kRefresh = 2000;  ///< milliseconds

std::string counts(const value& object) {
  std::string out;
  if (const auto* entries = object.if_object()) {
    for (const auto& [name, count] : *entries)
      out += (out.empty() ? "" : ", ") + printable(name) + " " + shown(count);
  }
  return out;
}

std::string heading(const value& s) {
  std::string listeners;
  for (const value& one : list(s, "node.listeners")) listeners += " " + shown(one);
  std::string out = fmt::format("dosigate {}   {}   up {}   listening on{}\n", shown(s, "version"),
                                shown(s, "node.ae_title"),
                                duration_text(static_cast<long long>(number(s, "node.uptime_s"))),
                                listeners.empty() ? " nothing" : listeners);
  out += fmt::format(
      "associations  {} of {} active; {} in all, {} rejected, {} aborted, {} echoes; {} instances, "
      "{}\n",
      shown(s, "associations.active"), shown(s, "associations.max"), shown(s, "associations.total"),
      shown(s, "associations.rejected"), shown(s, "associations.aborted"),
      shown(s, "associations.echoes"), shown(s, "associations.instances"),
      size_text(number(s, "associations.bytes")));
  return out;
}

std::string drain(const value& s) {
  if (at(s, "drain.on") != value(true)) return "";
  return fmt::format(
      "drain         draining, {} left; since {}, ends with `dosigate drain --off`\n",
      shown(s, "drain.left"), time_text(s, "drain.since"));
}

/// What an operator should know, the same as `dosigate check` says.
std::string conditions(const value& s) {
  std::string out;
  for (const value& one : list(s, "conditions")) {
    const std::string of = shown(one, "of");
    out += fmt::format("  {} {}{}: {}\n", number(one, "severity") > 1 ? "critical" : "warning ",
                       shown(one, "name"), of == "-" ? "" : " " + of, shown(one, "text"));
  }
  return out.empty() ? "" : "\nto be looked at\n" + out;
}

std::string totals(const value& s) {
  std::vector<std::string> headings, row;
  for (const char* name : {"received", "duplicate", "delivered", "queued", "parked", "quarantined",
                           "dropped", "discarded", "refused"}) {
    headings.push_back(">" + std::string(name));
    row.push_back(shown(at(s, "totals"), name));
  }
  std::string out = "\ninstances\n" + table(headings, {row});
  if (number(s, "totals.issued") > 0)
    out += fmt::format("and {} rejection notes issued by this node\n", shown(s, "totals.issued"));
  if (!at(s, "studies").is_null())
    out += fmt::format("studies       {} arriving, {} complete today (UTC)\n",
                       shown(s, "studies.arriving"), shown(s, "studies.complete_today"));
  if (number(s, "withdrawals.open") > 0)
    out += fmt::format("withdrawals   {} destinations are still to be told\n",
                       shown(s, "withdrawals.open"));
  return out;
}

std::string destinations(const value& s) {
  std::vector<std::vector<std::string>> rows;
  std::string errors, verified;
  for (const value& to : list(s, "destinations")) {
    verified += verified_text(to);
    const bool waiting = number(to, "queued") > 0;
    rows.push_back(
        {shown(to, "name"), shown(to, "kind"), shown(to, "state"), shown(to, "queued"),
         shown(to, "parked"), shown(to, "delivered"), shown(to, "withdrawn"),
         waiting ? duration_text(static_cast<long long>(number(to, "oldest_queued_s"))) : "-",
         time_text(to, "last_success")});
    if (shown(to, "last_error") != "-")
      errors += "  " + shown(to, "name") + ": " + shown(to, "last_error") + "\n";
  }
  if (rows.empty()) return {};
  return "\ndestinations\n" +
         table({"name", "kind", "state", ">queued", ">parked", ">delivered", ">withdrawn",
                ">oldest queued", "last success"},
               rows) +
         destination_notes(list(s, "destinations")) +
         (errors.empty() ? "" : "last errors\n" + errors) +
         (verified.empty() ? "" : "last verified\n" + verified);
}

/// One line, and no creator in it: text from the wire is shown where it is asked for.
std::string new_creators(const value& s) {
  std::set<std::string> sites;
  for (const value& of : list(s, "new_creators"))
    if (at(of, "label") != value("")) sites.insert(shown(of, "site"));
  double creators = 0;
  std::string where;
  for (const value& of : list(s, "new_creators")) {
    creators += number(of, "creators");
    const bool named = at(of, "label") != value("");
    where += where.empty() ? "" : ", ";
    where += named ? shown(of, "label") + (sites.size() > 1 ? " (" + shown(of, "site") + ")" : "")
                   : "instances without a device";
  }
  if (where.empty()) return {};
  return fmt::format("devices       {} on {}: see dosigate devices\n",
                     creators > 1
                         ? thousands(static_cast<long long>(creators)) + " new private creators"
                         : "new private creator",
                     where);
}

/// "dosimetry 2 (route pet), basic 1 (route teaching)", and what the rules met that a physicist
/// should know.
std::string profiles(const value& s) {
  std::string names;
  for (const value& of : list(s, "profiles")) {
    names += fmt::format("{}{} {} {} (route {})", names.empty() ? "" : ", ", shown(of, "name"),
                         shown(of, "version"), shown(of, "digest"), shown(of, "route"));
  }
  std::string out = "profiles      " + names + "\n";
  if (number(s, "deidentified.values_emptied") + number(s, "deidentified.type_blind") > 0) {
    out += fmt::format(
        "rules         since the start {} dates or numbers that were none emptied, {} compound "
        "codes "
        "decided without a Type\n",
        shown(s, "deidentified.values_emptied"), shown(s, "deidentified.type_blind"));
  }
  return out;
}

std::string held(const value& s) {
  std::string out = "\n";
  const double count = number(s, "quarantine.count");
  out += fmt::format("quarantine    {}", shown(s, "quarantine.count"));
  if (count > 0) {
    out += fmt::format(", {}, oldest {}: {}", size_text(number(s, "quarantine.bytes")),
                       duration_text(static_cast<long long>(number(s, "quarantine.oldest_s"))),
                       counts(at(s, "quarantine.reasons")));
  }
  out += "\n";
  if (const auto dropped = counts(at(s, "dropped")); !dropped.empty())
    out += "dropped       " + dropped + "\n";
  if (const auto refusals = counts(at(s, "refusals")); !refusals.empty())
    out += "refused       " + refusals + "\n";
  out += fmt::format("map           {} pseudonyms, {} studies, {} devices, {} UID pairs",
                     shown(s, "map.patients"), shown(s, "map.studies"), shown(s, "map.devices"),
                     shown(s, "map.uid_pairs"));
  if (number(s, "map.unmoved_pairs") > 0)
    out += fmt::format("; {} instances wait to be entered", shown(s, "map.unmoved_pairs"));
  if (number(s, "map.alarms") > 0)
    out += fmt::format("; {} alarms: two ids of one person", shown(s, "map.alarms"));
  out += "\n" + profiles(s) + new_creators(s);
  return out;
}

std::string disk(const value& s) {
  std::string out = fmt::format(
      "disk          {} used, {} free; spool {}, quarantine {}; ",
      size_text(number(s, "disk.used_bytes")), size_text(number(s, "disk.free_bytes")),
      size_text(number(s, "disk.spool_bytes")), size_text(number(s, "disk.quarantine_bytes")));
  if (at(s, "disk.hours_left").is_null()) {
    out += "not growing\n";
  } else {
    const double hours = number(s, "disk.hours_left");
    out += fmt::format("{} left at the present rate ({} an hour)\n",
                       duration_text(static_cast<long long>(hours * 3600)),
                       size_text(number(s, "disk.bytes_per_hour")));
  }
  out +=
      std::string("journal       ") +
      (at(s, "journal.configured") == value(true) ? "kept" : "none: a lost disk loses pseudonyms") +
      "\n";
  out += audit_text(s);
  const auto& found = at(s, "recovered");
  if (number(found, "taken_in") + number(found, "removed_incomplete") + number(found, "finished") +
          number(found, "rows_without_file") >
      0) {
    out += "at the start  " + counts(found) + "\n";
  }
  return out;
}

std::string refused_peers(const value& s) {
  std::string out;
  for (const value& peer : list(s, "refused_peers")) {
    out += fmt::format("  {} -> {} from {}: {} times, last {}\n", shown(peer, "calling_ae"),
                       shown(peer, "called_ae"), shown(peer, "address"), shown(peer, "count"),
                       time_text(peer, "last"));
    // Ready to be pasted: line by line, so that nothing a peer chose can reach the terminal as a
    // control character.
    std::string toml;
    if (const auto* text = at(peer, "route_toml").if_string()) toml = std::string(*text);
    for (std::size_t begin = 0; begin < toml.size();) {
      const std::size_t end = std::min(toml.find('\n', begin), toml.size());
      out += "      " + printable(std::string_view(toml).substr(begin, end - begin)) + "\n";
      begin = end + 1;
    }
  }
  return out.empty() ? ""
                     : "\nrefused peers (paste what belongs to you into the configuration)\n" + out;
}

std::string warnings(const value& s) {
  std::string out;
  for (const value& one : list(s, "warnings")) out += "  " + shown(one) + "\n";
  return out.empty() ? "" : "\nwarnings\n" + out;
}

std::string rendered(const value& s) {
  return heading(s) + network_text(at(s, "network")) + http_text(s) + tls_text(s) + drain(s) +
         totals(s) + destinations(s) + held(s) + disk(s) + access_text(at(s, "access")) +
         conditions(s) + refused_peers(s) + warnings(s);
}

}  // namespace

int status(const Options& options, bool watch) {
  sigset_t end_signals;
  sigemptyset(&end_signals);
  sigaddset(&end_signals, SIGINT);
  sigaddset(&end_signals, SIGTERM);
  FileDescriptor ended;
  if (watch) {
    sigprocmask(SIG_BLOCK, &end_signals, nullptr);
    ended = FileDescriptor(signalfd(-1, &end_signals, SFD_CLOEXEC));
  }
  const bool screen = watch && !options.json && isatty(STDOUT_FILENO) == 1;
  for (;;) {
    const Answer answer = ask(options, "GET", "/api/v1/status");
    if (answer.exit == kDone) {
      std::cout << (screen ? "\x1B[H\x1B[2J" : "")
                << (options.json ? boost::json::serialize(answer.body) + "\n"
                                 : rendered(answer.body))
                << std::flush;
    }
    // While watching, a daemon that restarts is waited for.
    if (!watch) return answer.exit;
    if (!std::cout) return kNotDone;  // the reader of a pipe has gone
    pollfd wait{ended.get(), POLLIN, 0};
    if (poll(&wait, 1, kRefresh) != 0) return kDone;
  }
}

int check(const Options& options) {
  constexpr std::array words{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  // Monitoring reads the first line of stdout and the exit code, nothing else.
  const Answer answer = ask(options, "GET", "/api/v1/check", nullptr, false);
  std::size_t state = 3;
  std::string text = answer.problem;
  if (answer.exit == kDone) {
    const double told = at(answer.body, "state").is_number() ? number(answer.body, "state") : 3;
    state = told >= 0 && told <= 3 ? static_cast<std::size_t>(told) : 3;
    for (const value& line : list(answer.body, "lines"))
      text += (text.empty() ? "" : "; ") + shown(line);
    if (text.empty()) text = state == 0 ? "all is well" : "the daemon gave no reason";
  }
  std::cout << "DOSIGATE " << words.at(state) << " - " << text << "\n";
  return static_cast<int>(state);
}

}  // namespace dosigate::cli
