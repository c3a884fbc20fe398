#include "turn_away.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

namespace dosigate {
namespace {

constexpr std::chrono::seconds kGrace{1};
constexpr std::chrono::milliseconds kSlice{100};
constexpr std::size_t kMostPresent = 128;

/// True when the peer has closed, or has to be given up.
bool gone(int socket) {
  std::array<Byte, 4096> thrown_away;
  const ssize_t got = ::recv(socket, thrown_away.data(), thrown_away.size(), MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace

TurnAway::TurnAway(ServerState& state)
    : state_(state), thread_([this](const std::stop_token& stop) { run(stop); }) {}

TurnAway::~TurnAway() {
  thread_.request_stop();
  wake_.notify_all();
}

void TurnAway::reject(FileDescriptor socket, Bytes reject_pdu, Origin origin, std::string reason) {
  ++state_.rejected;
  // Ten bytes on a fresh connection always fit into its send buffer.
  (void)::send(socket.get(), reject_pdu.data(), reject_pdu.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)::shutdown(socket.get(), SHUT_WR);
  if (present_ >= kMostPresent) return;
  ++present_;
  const std::lock_guard lock(mutex_);
  arrived_.push_back(
      {std::move(socket), steady_now() + kGrace, std::move(origin), std::move(reason), false});
  wake_.notify_all();
}

void TurnAway::run(const std::stop_token& stop) {
  std::vector<Visitor> present;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      const auto someone = [this] { return !arrived_.empty(); };
      if (present.empty()) wake_.wait(lock, stop, someone);
      std::move(arrived_.begin(), arrived_.end(), std::back_inserter(present));
      arrived_.clear();
    }
    for (auto& visitor : present) {
      if (std::exchange(visitor.told, true)) continue;
      spdlog::warn("rejected association calling={} called={} address={} why=\"{}\"",
                   visitor.origin.calling_ae, visitor.origin.called_ae, visitor.origin.address,
                   visitor.reason);
      state_.refused(visitor.origin, visitor.reason);
    }
    if (present.empty()) continue;

    std::vector<pollfd> entries;
    for (const auto& visitor : present) entries.push_back({visitor.socket.get(), POLLIN, 0});
    (void)::poll(entries.data(), entries.size(), static_cast<int>(kSlice.count()));
    const auto left = std::erase_if(present, [](const Visitor& visitor) {
      return gone(visitor.socket.get()) || steady_now() >= visitor.until;
    });
    present_ -= left;
  }
}

}  // namespace dosigate
