#include <iostream>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

std::string joined(const json::array& words, std::string_view separator) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(separator)) + shown(word);
  return out.empty() ? "-" : out;
}

std::string count_of(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string hours_text(const json::value& hours) {
  return hours.is_null() ? "-" : fmt::format("{:.2f}", hours.to_number<double>());
}

/// "20150304091500.250000" as "2015-03-04 09:15:00".
std::string moment_text(const std::string& text) {
  if (text.size() < 14) return text;
  return text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + " " +
         text.substr(8, 2) + ":" + text.substr(10, 2) + ":" + text.substr(12, 2);
}

std::string injection_text(const json::value& cycle) {
  std::string out = at(cycle, "nuclide").is_null() ? "unknown nuclide" : shown(cycle, "nuclide");
  if (!at(cycle, "activity_mbq").is_null())
    out += fmt::format(" {:.6g} MBq", number(cycle, "activity_mbq"));
  if (at(cycle, "injected").is_null()) return out + ", injection not known";
  out += ", injected " + moment_text(shown(cycle, "injected"));
  const std::string from = shown(cycle, "injected_from");
  if (from == "same-day") out += " (the header says the time only)";
  if (at(cycle, "injections_disagree") == json::value(true))
    out += " (its series name other moments too)";
  return out;
}

std::string cycles_text(const json::value& report) {
  std::string out;
  for (const auto& cycle : list(report, "cycles")) {
    out += injection_text(cycle) + "\n";
    std::vector<std::vector<std::string>> rows;
    for (const auto& point : list(cycle, "time_points")) {
      rows.push_back({hours_text(at(point, "hours")), shown(point, "modalities"),
                      shown(point, "series_count"), shown(point, "instances"),
                      joined(list(point, "cameras"), " "), shown(point, "readiness"),
                      joined(list(point, "findings"), " ")});
    }
    out += table({">h after inj.", "modality", ">emission series", ">their instances",
                  "camera/epoch", "verdict", "findings"},
                 rows) +
           "\n";
  }
  return out;
}

std::string studies_text(const json::value& report) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string>> findings;
  std::string withdrawals;
  for (const auto& study : list(report, "studies")) {
    const std::string nr = std::to_string(rows.size() + 1);
    rows.push_back({nr, shown(study, "readiness"), std::to_string(list(study, "series").size()),
                    shown(study, "instances"), arrival_word(study), shown(study, "study_uid")});
    for (const auto& one : list(study, "withdrawn")) {
      const bool whole = at(one, "whole_study") == json::value(true);
      withdrawals += fmt::format("study {} WITHDRAWN {} {}, {}{}\n", nr, shown(one, "code"),
                                 shown(one, "meaning"), time_text(one, "ordered"),
                                 whole ? "" : "; " + shown(one, "objects") + " of its instances");
    }
    for (const auto& finding : list(study, "findings")) {
      const auto series = list(finding, "series").size();
      const std::string item =
          at(finding, "item").is_null() ? "" : " item " + shown(finding, "item");
      findings.push_back({nr, shown(finding, "severity"), shown(finding, "code"),
                          (series == 0 ? "study" : count_of(series, "series", "series")) + item,
                          shown(finding, "text")});
    }
  }
  std::string out =
      table({">study", "verdict", ">series", ">instances", "arrival", "study UID"}, rows) +
      withdrawals;
  if (!findings.empty())
    out += "\n" + table({">study", "severity", "finding", "where", "what"}, findings);
  return out;
}

}  // namespace

int study(const Options& options, const std::string& name, unsigned tolerance_min) {
  // Pseudonyms and UIDs need no escaping; what does is neither, and is told so by the node.
  std::string path = "/api/v1/study/";
  for (const char c : in_capitals(name))
    path += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ? c : '_';
  const Answer answer =
      ask(options, "GET", path + "?tolerance_min=" + std::to_string(tolerance_min));
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto& report = answer.body;
  std::cout << shown(report, "pseudonym") << ", "
            << count_of(list(report, "studies").size(), "study", "studies")
            << "; dates are moved as in the images, intervals are true\n\n"
            << cycles_text(report) << studies_text(report);
  return kDone;
}

}  // namespace dosigate::cli
