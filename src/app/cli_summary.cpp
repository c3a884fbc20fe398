#include "cli_summary.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>
#include <boost/json/array.hpp>

#include "cli_text.h"

namespace dosigate::cli {
namespace {

using offline::Fate;
using offline::Outcome;

constexpr std::size_t kMostNames = 10;  // of what is not DICOM: a CD's viewer has hundreds of files
constexpr std::array kOutcomes{Outcome::Cleaned,   Outcome::Same, Outcome::Dropped,
                               Outcome::NotDicom,  Outcome::Held, Outcome::Refused,
                               Outcome::NotReached};

std::string name_of(const std::vector<offline::InputItem>& items, std::size_t item, bool names) {
  return names ? printable(items[item].name) : "input " + std::to_string(item + 1);
}

/// UTF-8 for JSON: a file name may be any bytes.
std::string as_utf8(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    bool whole = byte < 0x80 || (byte >= 0xC2 && byte < 0xF5 && i + length <= text.size());
    for (std::size_t k = 1; whole && k < length; ++k)
      whole = (static_cast<unsigned char>(text[i + k]) & 0xC0U) == 0x80U;
    out += whole ? text.substr(i, length) : fmt::format("\\x{:02x}", byte);
    i += whole ? length : 1;
  }
  return out;
}

void list_not_dicom(std::string& out, const std::vector<offline::InputItem>& items,
                    const offline::RunResult& result, bool names) {
  std::map<std::string, std::vector<std::size_t>> by_reason;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (result.fates[i].outcome == Outcome::NotDicom)
      by_reason[result.fates[i].reason].push_back(i);
  }
  for (const auto& [reason, found] : by_reason) {
    out += fmt::format("  {:>9}  {}", thousands(static_cast<long long>(found.size())), reason);
    for (std::size_t i = 0; names && i < std::min(found.size(), kMostNames); ++i)
      out += (i == 0 ? ": " : ", ") + name_of(items, found[i], names);
    if (names && found.size() > kMostNames) out += ", ...";
    out += "\n";
  }
}

}  // namespace

std::size_t count_of(const offline::RunResult& result, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(result.fates.begin(), result.fates.end(),
                    [&](const Fate& fate) { return fate.outcome == outcome; }));
}

std::string summary(const std::vector<offline::InputItem>& items, const offline::RunResult& result,
                    const std::filesystem::path& output, bool names) {
  std::set<std::string> patients, studies;
  for (const Fate& fate : result.fates) {
    if (fate.outcome != Outcome::Cleaned) continue;
    patients.insert(fate.pseudonym);
    studies.insert(fate.study_uid);
  }
  std::string out;
  const auto line = [&](const char* what, std::size_t count, const std::string& more) {
    out += fmt::format("{:<12} {:>9}{}\n", what, thousands(static_cast<long long>(count)), more);
  };
  line("cleaned", count_of(result, Outcome::Cleaned),
       fmt::format("  in {} ({} studies, {} patients)", printable(output.string()),
                   thousands(static_cast<long long>(studies.size())),
                   thousands(static_cast<long long>(patients.size()))));
  const auto line_if = [&](const char* what, Outcome outcome, const char* more) {
    if (const auto count = count_of(result, outcome); count != 0) line(what, count, more);
  };
  line_if("same again", Outcome::Same, "  stands in the input before");
  line_if("dropped", Outcome::Dropped, "  by rule of the profile");
  line_if("held", Outcome::Held, "  not written: a person has to look at it");
  line_if("refused", Outcome::Refused, "  not written: broken, or not readable");
  line_if("not reached", Outcome::NotReached, "  not looked at");
  line_if("not DICOM", Outcome::NotDicom, "  nothing in it to clean");
  list_not_dicom(out, items, result, names);
  if (result.dates_emptied != 0)
    out += fmt::format("{} dates, times and numbers that are none were emptied\n",
                       thousands(static_cast<long long>(result.dates_emptied)));
  bool any = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Fate& fate = result.fates[i];
    if (fate.outcome != Outcome::Held && fate.outcome != Outcome::Refused) continue;
    if (!any) out += "\nNot cleaned:\n";
    any = true;
    out += fmt::format("  {}  {}  {}: {}\n", name_of(items, i, names), outcome_text(fate.outcome),
                       fate.reason, printable(fate.detail));
  }
  if (any && !names)
    out +=
        "\"input 1\" is the first file in the order of the names; on a terminal, and in a "
        "--report with --report-paths, they are named.\n";
  return out;
}

boost::json::object report(const std::vector<offline::InputItem>& items,
                           const offline::RunResult& result, const Profile& profile, bool names) {
  namespace json = boost::json;
  json::object counts;
  for (const Outcome outcome : kOutcomes) counts[outcome_text(outcome)] = count_of(result, outcome);
  json::array list;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Fate& fate = result.fates[i];
    json::object one{{"input", i + 1}, {"outcome", outcome_text(fate.outcome)}};
    if (names) one["path"] = as_utf8(items[i].name);
    if (!fate.reason.empty()) one["reason"] = fate.reason;
    if (!fate.detail.empty()) one["detail"] = fate.detail;
    if (!fate.file.empty()) one["file"] = fate.file.string();
    list.push_back(std::move(one));
  }
  return {{"version", DOSIGATE_VERSION},
          {"profile", json::object{{"name", profile.name()},
                                   {"version", profile.version()},
                                   {"digest", profile.digest()}}},
          {"counts", std::move(counts)},
          {"dates_emptied", result.dates_emptied},
          {"type_blind", result.type_blind},
          {"broken", result.broken},
          {"items", std::move(list)}};
}

}  // namespace dosigate::cli
