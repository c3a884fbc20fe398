#include "places.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <tuple>

namespace dosigate {
namespace {

constexpr std::uint64_t kProgress = 16U << 10U;  ///< bytes that count as one step forward
constexpr std::chrono::seconds kPause{2};        ///< what is silent for less may be about to go on
constexpr std::size_t kLargeShare = 8;           ///< more than an eighth of all places is a crowd
constexpr std::chrono::seconds kStalledForMemory{1};

}  // namespace

Place::Place(Places& places, std::string address) : places_(places), address_(std::move(address)) {
  const std::lock_guard lock(places_.mutex_);
  places_.all_.insert(this);
}

Place::~Place() {
  const std::lock_guard lock(places_.mutex_);
  places_.all_.erase(this);
}

void Place::sits_at(int socket) {
  FileDescriptor duplicate(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  const std::lock_guard lock(places_.mutex_);
  socket_ = std::move(duplicate);
}

void Place::is(Doing doing) {
  since_ = steady_now();
  doing_ = doing;
  arrived_ = 0;
}

void Place::arrived(std::uint64_t bytes) {
  arrived_ += bytes;
  if (arrived_ < kProgress) return;
  arrived_ = 0;
  since_ = steady_now();
}

bool Place::may_go(SteadyTime now) const {
  const Doing doing = doing_;
  return doing != Doing::Working && !sent_away_ && (!useful_ || silent(now) >= kPause);
}

Places::Count Places::count(const std::string& address) const {
  Count out;
  for (const Place* place : all_) {
    if (place->sent_away_) continue;
    ++out.all;
    if (place->address_ == address) ++out.of_address;
  }
  return out;
}

// The worker sees the end of its input, or of its output, and `sent_away` says what it means. Only
// the reading side while it can still say farewell; a peer that takes no answer would take none.
void Places::send_away(Place& place, std::uint64_t& counter) {
  place.sent_away_ = true;
  ++counter;
  last_ = steady_now();
  const bool mute = place.doing_ == Place::Doing::Answering;
  if (place.socket_) (void)::shutdown(place.socket_.get(), mute ? SHUT_RDWR : SHUT_RD);
}

bool Places::make_room(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const Count present = count(address);
  const bool only_own = present.of_address >= limits_.per_address;
  if (!only_own && present.all < limits_.total) return true;

  std::map<std::string, std::size_t> of_address;
  for (const Place* place : all_) of_address[place->address_] += place->sent_away_ ? 0 : 1;
  const SteadyTime now = steady_now();
  const auto rank = [&](const Place& place) {
    const bool crowds = of_address.at(place.address_) > limits_.total / kLargeShare;
    const bool long_silent = place.silent(now) >= kPause;
    const bool idle = place.doing_ == Place::Doing::Idle;
    return std::tuple(crowds, long_silent, long_silent && idle, place.silent(now));
  };
  Place* goes = nullptr;
  for (Place* place : all_) {
    if (!place->may_go(now) || (only_own && place->address_ != address)) continue;
    if (goes == nullptr || rank(*place) > rank(*goes)) goes = place;
  }
  if (goes == nullptr) return false;
  send_away(*goes, goes->doing_ == Place::Doing::Idle ? idle_ : stalled_);
  return true;
}

bool Places::make_memory(const Place& for_whom) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = steady_now();
  Place* goes = nullptr;
  for (Place* place : all_) {
    const bool stalled = place->doing_ == Place::Doing::Receiving && place->held_ > 0 &&
                         place->silent(now) >= kStalledForMemory;
    if (!stalled || place->sent_away_ || place == &for_whom) continue;
    if (goes == nullptr || place->silent(now) > goes->silent(now)) goes = place;
  }
  if (goes == nullptr) return false;
  send_away(*goes, for_memory_);
  return true;
}

void Places::shut_down() {
  const std::lock_guard lock(mutex_);
  for (const Place* place : all_) {
    if (place->socket_) (void)::shutdown(place->socket_.get(), SHUT_RDWR);
  }
}

Places::Use Places::use() const {
  const std::lock_guard lock(mutex_);
  Use out;
  for (const Place* place : all_) {
    if (place->sent_away_) continue;
    ++out.by_address[place->address_];
    const Place::Doing doing = place->doing_;
    if (doing == Place::Doing::Idle) ++out.idle;
    if (doing == Place::Doing::Receiving) ++out.receiving;
  }
  out.sent_away_idle = idle_;
  out.sent_away_stalled = stalled_;
  out.sent_away_for_memory = for_memory_;
  out.last_sent_away = last_;
  return out;
}

}  // namespace dosigate
