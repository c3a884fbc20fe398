#include "server_core.h"

namespace dosigate {
namespace {

constexpr unsigned kMovers = 2;
constexpr std::size_t kWorkers = 6;

}  // namespace

ServerCore::ServerCore(ApiService& answering, Limits limits)
    : service(answering),
      work(kWorkers),
      uploads(limits.uploads),
      limits_(limits),
      busy_(boost::asio::make_work_guard(io)) {
  for (unsigned i = 0; i < kMovers; ++i) threads_.emplace_back([this] { io.run(); });
}

void ServerCore::shut_down() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (SessionHandle* session : sessions_) session->cancel();
  }
  uploads.join();
  work.join();
  io.stop();
  threads_.clear();
}

bool ServerCore::enter(SessionHandle& session, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || sessions_.size() >= limits_.sessions) return false;
  auto& count = by_address_[address];
  if (count >= limits_.sessions_per_address) return false;
  ++count;
  sessions_.insert(&session);
  return true;
}

void ServerCore::leave(SessionHandle& session, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (sessions_.erase(&session) == 0) return;
  const auto count = by_address_.find(address);
  if (--count->second == 0) by_address_.erase(count);
}

bool ServerCore::take_place() {
  auto now = uploading_.load();
  while (now < limits_.uploads)
    if (uploading_.compare_exchange_weak(now, now + 1)) return true;
  return false;
}

}  // namespace dosigate
