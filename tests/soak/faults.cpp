#include "soak/faults.h"

#include <csignal>
#include <stdexcept>
#include <system_error>

namespace dosigate::testing {
namespace {

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr std::uint64_t kBelowTheMark = 4U << 20U;

std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

}  // namespace

Faults::Faults(NodeProcess& node, StoreScp& archive, const SmallDisk& disk, unsigned long seed,
               std::chrono::seconds longest_quiet)
    : node_(node), archive_(archive), disk_(disk), random_(seed), longest_quiet_(longest_quiet) {
  const auto nothing = [] {};
  kinds_ = {
      {"archive killed", false, [this] { archive_.stop(); }, [this] { archive_.start(); }},
      {"archive silent", false, [this] { archive_.freeze(); }, [this] { archive_.thaw(); }},
      {"kill -9", true, [this] { node_.kill(); }, [this] { start_again(); }},
      {"SIGTERM", true,
       [this] {
         if (const auto code = node_.stop(); code != 0)
           complaints_.push_back("SIGTERM: " + (code ? "exit code " + std::to_string(*code)
                                                     : std::string("still there after 30 s")));
         node_.kill();
       },
       [this] { start_again(); }},
      {"SIGHUP", false, [this] { node_.signal(SIGHUP); }, nothing},
      {"idle connections", false,
       [this] {
         for (int i = 0; i < 3; ++i) idle_.push_back(std::make_unique<RawScu>(node_.port()));
         idle_.push_back(std::make_unique<RawScu>(node_.port()));
         (void)idle_.back()->associate("DOSIGATE", "IDLE", {{1, kCt, {kExplicit}}});
       },
       [this] { idle_.clear(); }},
      {"half-sent association", false, [this] { half_sent_association(); },
       [this] { idle_.clear(); }},
  };
  if (disk_.why_not().empty()) {
    kinds_.push_back({"disk full", false, [this] { disk_.fill(); }, [this] { disk_.make_room(); }});
    kinds_.push_back({"disk below the mark", false, [this] { disk_.fill(kBelowTheMark); },
                      [this] { disk_.make_room(); }});
  }
  next_ = now() + between(5, 10);
}

std::chrono::milliseconds Faults::between(long from_s, long to_s) {
  return std::chrono::milliseconds(
      1'000 * from_s +
      static_cast<long>(random_() % (1'000UL * static_cast<unsigned long>(to_s - from_s))));
}

void Faults::start_again() {
  ++restarts_;
  node_.start();
}

void Faults::half_sent_association() {
  const std::vector<RawScu::Context> contexts{{1, kCt, {kExplicit}}};
  const Bytes request = RawScu::association_request("DOSIGATE", "HALF", contexts);
  idle_.push_back(std::make_unique<RawScu>(node_.port()));
  idle_.back()->send(ByteView(request).first(request.size() / 2));
  auto scu = std::make_unique<RawScu>(node_.port());
  const auto answer = scu->associate("DOSIGATE", "HALF", contexts);
  if (answer && answer->type == 2) {
    scu->send(RawScu::p_data(1, true, true, RawScu::store_command(kCt, "1.2.3.4")));
    scu->send(RawScu::p_data(1, false, false, Bytes(2'000, 0)));
  }
  idle_.push_back(std::move(scu));
}

void Faults::begin(const Kind& kind) {
  ++counts_[kind.name];
  present_ = &kind;
  try {
    kind.begin();
  } catch (const std::system_error& refused) {
    complaints_.push_back(kind.name + ": " + refused.what());
  }
}

void Faults::end() {
  if (present_ == nullptr) return;
  const Kind& kind = *std::exchange(present_, nullptr);
  try {
    kind.mend();
  } catch (const std::runtime_error& broken) {
    complaints_.push_back("after " + kind.name + ": " + broken.what());
  }
}

void Faults::step(bool may_restart) {
  if (now() < next_) return;
  if (present_ != nullptr) {
    end();
    next_ = now() + between(2, longest_quiet_.count());
    return;
  }
  const Kind* kind = nullptr;
  do {
    kind = &kinds_[random_() % kinds_.size()];
  } while (kind->restarts && !may_restart);
  begin(*kind);
  next_ = kind->restarts ? now() : now() + between(2, 12);
}

}  // namespace dosigate::testing
