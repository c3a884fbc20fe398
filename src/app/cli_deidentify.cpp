#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_offline.h"
#include "cli_progress.h"
#include "cli_summary.h"
#include "cli_text.h"
#include "dosigate/base/durable_file.h"
#include "offline_map.h"

namespace dosigate::cli {
namespace {

namespace fs = std::filesystem;
using offline::OfflineMap;
using offline::Outcome;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler sets it

int refuse(const std::string& why) {
  complain(why);
  return kNotDone;
}

bool is_below(const fs::path& inner, const fs::path& outer) {
  const fs::path way = fs::weakly_canonical(inner).lexically_relative(fs::weakly_canonical(outer));
  return !way.empty() && *way.begin() != "..";
}

fs::path folder_of_map(const fs::path& map) {
  return map.filename() == "map.db" ? map.parent_path() : map;
}

/// Nothing may lie in or around the output that is not of it. Empty, or what is wrong.
std::string wrong_places(const DeidentifyOptions& wanted) {
  if (fs::exists(wanted.out) && (!fs::is_directory(wanted.out) || !fs::is_empty(wanted.out)))
    return wanted.out.string() +
           " is not an empty folder: name one that is empty or not there yet, so that nothing else "
           "is taken for cleaned";
  if (is_below(wanted.out, wanted.in))
    return "OUT lies inside IN: name a folder beside it, or identified and cleaned files would lie "
           "together";
  if (!wanted.map.empty() && is_below(wanted.map, wanted.out))
    return "the map lies inside OUT: it is the key to every pseudonym there and must stay apart";
  if (!wanted.report.empty() && is_below(wanted.report, wanted.out))
    return "the report lies inside OUT: name a place of its own, for what is in OUT may go out";
  if (!wanted.report.empty() && is_below(wanted.report, wanted.in))
    return "the report lies inside IN: name a place of its own, or it would replace a file of IN";
  if (!wanted.report.empty() && !fs::is_directory(fs::absolute(wanted.report).parent_path()))
    return "the report cannot be written: " + fs::absolute(wanted.report).parent_path().string() +
           " is no folder";
  if (fs::is_directory(wanted.report))
    return "the report cannot be written: " + wanted.report.string() + " is a folder";
  return {};
}

Result<OfflineMap> open_map(const Workplace& place, const DeidentifyOptions& wanted) {
  if (wanted.throwaway_map) return OfflineMap::throwaway();
  if (wanted.create_map) {
    const fs::path folder = folder_of_map(wanted.map);
    const auto recovery = OfflineMap::create(folder);
    if (!recovery) return recovery.error();
    std::cout << "map           " << printable(folder.string()) << "\n"
              << "recovery key  " << *recovery << "\n"
              << "Keep that folder as you keep the patients' names: who has it can tell whose each "
                 "pseudonym is.\nThe recovery key opens it should its dosigate.key be lost, and is "
                 "shown this once.\n\n"
              << std::flush;
  }
  return OfflineMap::open(wanted.map, place.config());
}

unsigned job_count(unsigned wanted) {
  return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

/// The first Ctrl-C lets the instances in work end; a second one ends the process.
void end_gently_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

int exit_code(const offline::RunResult& result) {
  if (!result.broken.empty()) return kSomeNotCleaned;
  const auto& fates = result.fates;
  return std::any_of(fates.begin(), fates.end(),
                     [](const offline::Fate& fate) { return is_failure(fate.outcome); })
             ? kSomeNotCleaned
             : kDone;
}

}  // namespace

int deidentify(const Options& options, const Work& work, const DeidentifyOptions& wanted) {
  if (wanted.map.empty() && !wanted.throwaway_map)
    return refuse(
        "say what links persons and pseudonyms: --map FILE keeps the link, so that the same "
        "patient "
        "gets the same pseudonym next time and can be found again (the node's map.db, or one of "
        "its "
        "own: --create-map); --throwaway-map forgets it at the end of this run");
  if (const std::string wrong = wrong_places(wanted); !wrong.empty()) return refuse(wrong);
  const auto place = Workplace::open(options);
  if (!place) return kNotDone;
  auto settings = place->settings(work);
  if (!settings) return refuse(settings.error().detail);
  const auto items = offline::list_input(wanted.in);
  if (!items) return refuse(items.error().detail);
  if (items->empty()) return refuse(wanted.in.string() + " is empty");
  auto map = open_map(*place, wanted);
  if (!map) return refuse(map.error().detail);
  if (auto declared = map->map().declare_site(settings->site); !declared)
    return refuse(declared.error().detail);

  const Profile profile = settings->profile;
  const Deidentifier engine(std::move(*settings), map->map());
  make_private_directory(fs::absolute(wanted.out).lexically_normal());
  map->record("deidentify.begin", {{"profile", profile.name()},
                                   {"version", profile.version()},
                                   {"digest", profile.digest()},
                                   {"files", std::to_string(items->size())}});
  end_gently_on_signals();
  offline::RunSettings run{engine, map->map(), map->is_kept(), wanted.out};
  run.jobs = job_count(wanted.jobs);
  if (place->config() != nullptr) {
    run.most_bytes = place->config()->node.memory_budget_bytes;
    run.memory_bytes = place->config()->node.memory_budget_bytes;
  }
  offline::RunResult result;
  {
    ProgressBar bar(items->size());
    result = run_offline(run, *items, interrupted,
                         [&](std::size_t done, std::size_t failed) { bar.show(done, failed); });
  }
  map->record("deidentify.end",
              {{"cleaned", std::to_string(count_of(result, Outcome::Cleaned))},
               {"held", std::to_string(count_of(result, Outcome::Held))},
               {"refused", std::to_string(count_of(result, Outcome::Refused))},
               {"not_reached", std::to_string(count_of(result, Outcome::NotReached))}});

  std::cout << summary(*items, result, wanted.out, ::isatty(STDOUT_FILENO) == 1);
  if (!map->is_kept())
    std::cout << "The map was thrown away: these pseudonyms lead to nobody any more.\n";
  if (!wanted.report.empty()) {
    const std::string text =
        boost::json::serialize(report(*items, result, profile, wanted.report_paths)) + "\n";
    replace_file(wanted.report, as_bytes(text));
  }
  if (!result.broken.empty()) complain("ended early: " + result.broken);
  if (interrupted) complain("interrupted");
  if (count_of(result, Outcome::NotDicom) == items->size())
    return refuse(wanted.in.string() + " holds nothing of DICOM");
  return exit_code(result);
}

}  // namespace dosigate::cli
