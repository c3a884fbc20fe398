#include <unistd.h>

#include <iostream>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_offline.h"
#include "cli_text.h"
#include "offline_input.h"
#include "offline_map.h"

namespace dosigate::cli {
namespace {

namespace json = boost::json;

struct Judged {
  std::string verdict;  ///< "cleaned", "held: secondary-capture: ..."
  bool is_cleaned = false;
  std::size_t type_blind = 0, dates_emptied = 0;
};

Judged judged(const Verdict& verdict) {
  if (const auto* cleaned = std::get_if<Cleaned>(&verdict))
    return {"cleaned", true, cleaned->type_blind, cleaned->dates_emptied};
  if (const auto* held = std::get_if<Held>(&verdict))
    return {"held: " + std::string(hold_reason_text(held->reason)) + ": " + held->detail};
  if (const auto* dropped = std::get_if<Dropped>(&verdict))
    return {"dropped by rule: " + dropped->rule};
  return {"refused: " + std::get<Refused>(verdict).detail};
}

/// The only instance of the file, or why there is none.
Result<ReceivedInstance> instance_of(const std::filesystem::path& file, std::uint64_t most_bytes) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  if (failed) return fail(Fault::NotFound, file.string() + ": " + failed.message());
  offline::FileContent content = offline::load_item({"", size, file}, most_bytes);
  if (auto* instance = std::get_if<ReceivedInstance>(&content)) return std::move(*instance);
  if (const auto* none = std::get_if<offline::NoDicom>(&content))
    return fail(Fault::NotDicom, file.string() + ": " + none->why);
  if (const auto* refused = std::get_if<Refused>(&content))
    return fail(refused->fault, file.string() + ": " + refused->detail);
  return fail(Fault::NotDicom,
              file.string() + " is a DICOMDIR, the index of a medium: name one of its files");
}

std::map<std::string_view, std::size_t> counts_of(const Trace& trace) {
  std::map<std::string_view, std::size_t> counts;
  for (const TraceLine& line : trace) ++counts[change_text(line.change)];
  return counts;
}

void print_table(const Trace& trace, const Judged& judged, const Profile& profile, bool values) {
  std::vector<std::string> headings{"element", "VR", "name", "change", "action", "source"};
  if (values) headings.insert(headings.begin() + 4, {"before", "after"});
  std::vector<std::vector<std::string>> rows;
  for (const TraceLine& line : trace) {
    std::vector<std::string> row{printable(line.path), line.vr,
                                 printable(line.name), std::string(change_text(line.change)),
                                 line.action,          printable(line.source)};
    if (values)
      row.insert(row.begin() + 4,
                 {printable(line.before.reveal()), printable(line.after.reveal())});
    rows.push_back(std::move(row));
  }
  std::cout << table(headings, rows) << "\n"
            << "profile     " << profile.name() << " " << profile.version() << " ("
            << profile.digest() << ")\n"
            << "elements    " << trace.size();
  const char* between = ": ";
  for (const auto& [change, count] : counts_of(trace)) {
    std::cout << between << count << " " << change;
    between = ", ";
  }
  std::cout << "\n";
  if (judged.is_cleaned)
    std::cout << "type-blind  " << judged.type_blind
              << " (decided without knowing whether the object needs the element)\n"
              << "emptied     " << judged.dates_emptied
              << " dates, times and numbers that are none\n";
  std::cout << "verdict     " << printable(judged.verdict) << "\n";
}

void print_json(const Trace& trace, const Judged& judged, const Profile& profile, bool values) {
  json::array elements;
  for (const TraceLine& line : trace) {
    json::object element{{"path", printable(line.path)},
                         {"name", printable(line.name)},
                         {"vr", line.vr},
                         {"action", line.action},
                         {"change", change_text(line.change)},
                         {"source", printable(line.source)}};
    if (values) {
      element["before"] = printable(line.before.reveal());
      element["after"] = printable(line.after.reveal());
    }
    elements.push_back(std::move(element));
  }
  json::object out{{"profile", json::object{{"name", profile.name()},
                                            {"version", profile.version()},
                                            {"digest", profile.digest()}}},
                   {"verdict", judged.verdict},
                   {"cleaned", judged.is_cleaned},
                   {"type_blind", judged.type_blind},
                   {"dates_emptied", judged.dates_emptied},
                   {"elements", std::move(elements)}};
  std::cout << json::serialize(out) << "\n";
}

}  // namespace

int explain(const Options& options, const Work& work, const std::filesystem::path& file,
            bool show_values) {
  const auto refuse = [](const std::string& why) {
    complain(why);
    return static_cast<int>(kNotDone);
  };
  if (show_values && ::isatty(STDOUT_FILENO) != 1)
    return refuse(
        "--show-values shows the patient's identity and writes to a terminal only: a file or a "
        "pipe "
        "would keep it");
  const auto place = Workplace::open(options);
  if (!place) return kNotDone;
  auto settings = place->settings(work);
  if (!settings) return refuse(settings.error().detail);
  const auto instance =
      instance_of(file, place->config() != nullptr ? place->config()->node.memory_budget_bytes
                                                   : Config::Node{}.memory_budget_bytes);
  if (!instance) return refuse(instance.error().detail);
  auto map = offline::OfflineMap::throwaway();
  if (!map) return refuse(map.error().detail);

  const Profile profile = settings->profile;
  const Deidentifier engine(std::move(*settings), map->map());
  Trace trace;
  const Judged result = judged(engine.clean(*instance, {}, &trace));
  (options.json ? print_json : print_table)(trace, result, profile, show_values);
  return result.is_cleaned ? kDone : kSomeNotCleaned;
}

}  // namespace dosigate::cli
