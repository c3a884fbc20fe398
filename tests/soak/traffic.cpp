#include "soak/traffic.h"

#include "support/phantom.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

constexpr unsigned kPersons = 5;
constexpr std::size_t kKept = 6;  ///< more than two senders can have in hand
constexpr auto kPatience = std::chrono::seconds(120);

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

}  // namespace

Traffic::Traffic(const NodeProcess& node, std::filesystem::path directory, CustodyBook& book,
                 unsigned long seed)
    : node_(node), directory_(std::move(directory)), book_(book), random_(seed) {
  std::filesystem::create_directories(directory_);
  for (const char* program : {"storescu", "dcmsend"}) senders_.push_back({program, nullptr});
}

void Traffic::hear(Sender& sender) {
  book_.acknowledged(acknowledged_uids(sender.process->output()));
  sender.process.reset();
  // A camera does not hammer either; without a pause a node that is down is asked all the time.
  sender.next = now() + std::chrono::milliseconds(200 + random_() % 800);
}

Phantom Traffic::next_visit() {
  ++visits_;
  const unsigned person = 1 + visits_ % kPersons;
  Phantom phantom = write_phantom({.directory = directory_ / std::to_string(visits_),
                                   .patient = person,
                                   .seed = visits_,
                                   .ct_slices = 3 + static_cast<unsigned>(random_() % 20)});
  book_.sent(phantom, person);
  if (visits_ <= kPersons)
    first_planted_.insert(first_planted_.end(), phantom.planted.begin(), phantom.planted.end());
  return phantom;
}

void Traffic::start(Sender& sender) {
  std::vector<std::filesystem::path> files;
  if (!kept_.empty() && random_() % 3 == 0) {
    const Phantom& again =
        kept_[kept_.size() - 1 - random_() % std::min<std::size_t>(3, kept_.size())];
    for (const PhantomFile& file : again.files)
      if (random_() % 2 == 0) files.push_back(file.path);
  }
  kept_.push_back(next_visit());
  for (const PhantomFile& file : kept_.back().files) files.push_back(file.path);
  while (kept_.size() > kKept) {
    std::filesystem::remove_all(kept_.front().files.front().path.parent_path().parent_path());
    kept_.pop_front();
  }
  auto argv = sender.program == "storescu" ? storescu_arguments(node_.port(), files)
                                           : dcmsend_arguments(node_.port(), files);
  argv.insert(argv.begin() + 1, "-d");
  sender.process = std::make_unique<Process>(argv, directory_ / (sender.program + ".log"));
}

void Traffic::step() {
  for (Sender& sender : senders_) {
    if (sender.process && !sender.process->running()) hear(sender);
    if (!sender.process && now() >= sender.next) start(sender);
  }
}

bool Traffic::finish() {
  bool all = true;
  for (Sender& sender : senders_) {
    if (!sender.process) continue;
    if (!sender.process->wait(kPatience)) {
      sender.process->kill_group();
      all = false;
    }
    hear(sender);
  }
  return all;
}

std::vector<Planted> Traffic::planted() const {
  std::vector<Planted> out = first_planted_;
  for (const Phantom& phantom : kept_)
    out.insert(out.end(), phantom.planted.begin(), phantom.planted.end());
  return out;
}

}  // namespace dosigate::testing
