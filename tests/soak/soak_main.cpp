// The long run: senders in a loop, faults all the time, and at the end the same questions as in the
// crash test; once a minute what the daemon uses. Called by `./dev soak`.

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "dosigate/dicom/dcmtk.h"
#include "soak/faults.h"
#include "soak/samples.h"
#include "soak/shelf.h"
#include "soak/traffic.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"

namespace dosigate::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kDiskBytes = 1ULL << 30U;
constexpr double kRestartShare = 0.4;  ///< of the time: afterwards one process lives to the end
constexpr auto kShelfEvery = std::chrono::seconds(5);

volatile std::sig_atomic_t told_to_end = 0;

struct Wanted {
  double minutes = 30;
  unsigned long seed = std::random_device()();
  std::filesystem::path figures;
};

class Soak {
 public:
  explicit Soak(Wanted wanted) : wanted_(std::move(wanted)) {}
  int run();

 private:
  double minutes() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count() / 60;
  }
  void one_turn();
  void take_sample();
  void note(boost::json::object what);
  void settle();
  std::vector<std::string> faults_at_the_end();
  bool report(std::vector<std::string> faults);

  const Wanted wanted_;
  const Clock::time_point begin_ = Clock::now();
  TempDir dir_;
  SmallDisk disk_{dir_.path / "node" / "state", kDiskBytes};
  CustodyBook book_;
  StoreScp archive_{dir_.path / "archive"};
  // A folder and storescp; the low-water mark is ten megabytes.
  NodeProcess node_{dir_.path / "node",
                    {.second_port = archive_.port(), .min_free_gb = "0.01", .log_level = "info"}};
  Traffic traffic_{node_, dir_.path / "sent", book_, wanted_.seed};
  Faults faults_{node_, archive_, disk_, wanted_.seed,
                 std::chrono::seconds(wanted_.minutes < 10 ? 8 : 20)};
  Shelf folder_{"folder", node_.arrived(), book_};
  Shelf storescp_{"storescp", dir_.path / "archive" / "files", book_};

  pid_t pid_ = 0;
  int life_ = 0;
  Clock::time_point born_{}, next_sample_{}, next_line_{}, next_shelf_{};
  std::vector<Sample> samples_;  ///< of this life
  std::vector<std::string> deaths_;
};

void Soak::note(boost::json::object what) {
  if (!wanted_.figures.empty())
    std::ofstream(wanted_.figures, std::ios::app) << boost::json::serialize(what) << "\n";
}

void Soak::take_sample() {
  if (!node_.running()) return;
  if (node_.pid() != pid_) {
    pid_ = node_.pid();
    ++life_;
    born_ = Clock::now();
    samples_.clear();
  }
  auto sample = sample_of(node_);
  if (!sample) return;
  sample->minute = minutes();
  sample->life = life_;
  sample->age_s = std::chrono::duration<double>(Clock::now() - born_).count();
  samples_.push_back(*sample);
  if (Clock::now() < next_line_) return;
  next_line_ = Clock::now() + std::chrono::minutes(1);
  std::cout << sample->line() << "  acknowledged " << book_.answers() << "  at folder "
            << folder_.instances() << ", storescp " << storescp_.instances() << std::endl;
  auto line = sample->json();
  line["acknowledged"] = book_.answers();
  line["folder"] = folder_.instances();
  line["storescp"] = storescp_.instances();
  note(std::move(line));
}

void Soak::one_turn() {
  traffic_.step();
  faults_.step(minutes() < wanted_.minutes * kRestartShare);
  if (!node_.running() && !faults_.holds()) {
    deaths_.push_back("the daemon ended by itself at minute " + std::to_string(minutes()));
    node_.start();
  }
  if (Clock::now() >= next_shelf_) {
    next_shelf_ = Clock::now() + kShelfEvery;
    folder_.clear(traffic_.planted());
    storescp_.clear(traffic_.planted());
  }
  if (Clock::now() >= next_sample_) {
    next_sample_ = Clock::now() + std::chrono::seconds(5);
    take_sample();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void Soak::settle() {
  // What an archive refused for too long was parked: an operator asks for it again.
  const auto deadline = Clock::now() + std::chrono::minutes(5);
  while (Clock::now() < deadline) {
    (void)node_.dosigate({"queue", "retry"});
    if (node_.settles(std::chrono::seconds(10)) && node_.totals().parked == 0) return;
  }
}

std::vector<std::string> Soak::faults_at_the_end() {
  std::vector<std::string> out = deaths_;
  out.insert(out.end(), faults_.complaints().begin(), faults_.complaints().end());
  const auto planted = traffic_.planted();
  for (Shelf* shelf : {&folder_, &storescp_}) {
    shelf->clear_all(planted);
    const auto faults = shelf->faults();
    out.insert(out.end(), faults.begin(), faults.end());
  }
  const auto totals = node_.totals();
  const std::uint64_t in_doubt = 2ULL * faults_.restarts();
  if (!totals.add_up()) out.push_back("the ledger does not add up");
  if (totals.received < book_.answers() || totals.received > book_.answers() + in_doubt)
    out.push_back("the ledger has " + std::to_string(totals.received) +
                  " received, the senders heard " + std::to_string(book_.answers()) +
                  " successes, " + std::to_string(in_doubt) + " answers may have been cut off");
  if (totals.delivered + totals.duplicate != totals.received)
    out.push_back("delivered and duplicate are not all that was received");
  for (const auto& flat : flatness(samples_))
    if (!flat.flat) out.push_back(flat.what + " are not flat");
  const auto leaks = leak_lines(node_.directory(), planted, {node_.directory() / "master.key"});
  out.insert(out.end(), leaks.begin(), leaks.end());
  return out;
}

bool Soak::report(std::vector<std::string> faults) {
  const auto totals = node_.totals();
  std::cout << "\nsenders: " << traffic_.visits() << " studies written, " << book_.answers()
            << " successes heard for " << book_.acknowledged().size() << " instances\n"
            << "archives: folder " << folder_.files() << " files of " << folder_.instances()
            << " instances, storescp " << storescp_.files() << " of " << storescp_.instances()
            << "; pixels of each compared, every tenth searched for identifiers\n"
            << "ledger: received " << totals.received << ", duplicate " << totals.duplicate
            << ", delivered " << totals.delivered << ", parked " << totals.parked << ", refused "
            << totals.refused << "\nfaults:";
  for (const auto& [name, count] : faults_.counts())
    std::cout << " " << name << " " << count << ";";
  std::cout << "\n";
  const auto flat = flatness(samples_);
  if (flat.empty())
    std::cout << "the last process lived too short for its memory to be judged: run longer\n";
  for (const auto& one : flat)
    std::cout << one.what << " of the last process (" << samples_.back().age_s
              << " s): median of its second quarter " << one.second_quarter
              << ", of its last quarter " << one.last_quarter
              << "; at most 20 % more is flat: " << (one.flat ? "flat" : "NOT FLAT") << "\n";
  if (!disk_.why_not().empty()) std::cout << "no full disk was tried: " << disk_.why_not() << "\n";
  constexpr std::size_t kShown = 40;
  for (std::size_t i = 0; i < std::min(faults.size(), kShown); ++i)
    std::cout << "FAULT: " << faults[i] << "\n";
  std::cout << (faults.empty() ? "soak: passed" : "soak: FAILED") << std::endl;

  boost::json::array fault_list;
  for (const auto& fault : faults) fault_list.emplace_back(fault);
  boost::json::object counts, flats;
  for (const auto& [name, count] : faults_.counts()) counts[name] = count;
  for (const auto& one : flat)
    flats[one.what] = boost::json::array{one.second_quarter, one.last_quarter};
  note({{"minutes", minutes()},
        {"seed", wanted_.seed},
        {"studies", traffic_.visits()},
        {"answers", book_.answers()},
        {"instances", book_.acknowledged().size()},
        {"received", totals.received},
        {"delivered", totals.delivered},
        {"refused", totals.refused},
        {"injected", std::move(counts)},
        {"medians", std::move(flats)},
        {"faults", std::move(fault_list)}});
  return faults.empty();
}

int Soak::run() {
  std::cout << "soak: " << wanted_.minutes << " minutes, seed " << wanted_.seed << std::endl;
  node_.start();
  while (minutes() < wanted_.minutes && told_to_end == 0) one_turn();
  faults_.end();
  if (!traffic_.finish()) deaths_.push_back("a sender did not end in two minutes");
  if (!node_.running()) node_.start();
  take_sample();
  settle();
  return report(faults_at_the_end()) ? 0 : 1;
}

}  // namespace
}  // namespace dosigate::testing

int main(int argc, char** argv) try {
  dosigate::testing::Wanted wanted;
  CLI::App app{"Runs dosigated between senders and archives with faults, and judges what arrived"};
  app.add_option("--minutes", wanted.minutes)
      ->check(CLI::Range(0.5, 10'000.0))
      ->capture_default_str();
  app.add_option("--seed", wanted.seed, "of traffic and faults; random when not given");
  app.add_option("--figures", wanted.figures, "JSON lines are appended to this file");
  CLI11_PARSE(app, argc, argv);
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) { dosigate::testing::told_to_end = 1; });
  std::signal(SIGPIPE, SIG_IGN);
  const dosigate::DcmtkRuntime dcmtk;
  return dosigate::testing::Soak(wanted).run();
} catch (const std::exception& broken) {
  std::cerr << "soak: " << broken.what() << "\n";
  return 1;
}
