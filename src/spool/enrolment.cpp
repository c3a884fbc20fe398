#include "enrolment.h"

#include <iterator>
#include <utility>

#include "dosigate/base/clock.h"

namespace dosigate {
namespace {

constexpr std::size_t kMost = 1'000;
constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::milliseconds kMoment{1'000};

}  // namespace

Enrolment::Enrolment(Enter enter, std::chrono::milliseconds rest)
    : enter_(std::move(enter)), rest_(rest), thread_([this] { work(); }) {}

Enrolment::~Enrolment() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

/// With the lock held: not to be put off any longer.
bool Enrolment::is_due() const { return stopping_ || hurried_ || waiting_.size() >= kMost; }

/// With the lock held.
void Enrolment::hurry() {
  hurried_ = true;
  wake_.notify_one();
}

void Enrolment::try_again(std::unique_lock<std::mutex>& lock) {
  // One that is going on may have met what is mended by now.
  const std::uint64_t ours = tries_ + (at_work_ > 0 ? 2 : 1);
  hurry();
  changed_.wait(lock, [&] { return tries_ >= ours || !failure_; });
}

void Enrolment::check() {
  std::unique_lock lock(mutex_);
  if (failure_) try_again(lock);
  if (failure_) std::rethrow_exception(failure_);
}

void Enrolment::add(Instance instance) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < kMost || failure_; });
  waiting_.push_back(std::move(instance));
  ++added_;
  // Otherwise the thread rests or is at work, and looks again by itself.
  if (waiting_.size() == 1 || is_due()) wake_.notify_one();
}

std::exception_ptr Enrolment::wait() {
  std::unique_lock lock(mutex_);
  const std::uint64_t all = added_;
  if (failure_) try_again(lock);
  if (!failure_) {
    if (!waiting_.empty()) hurry();
    changed_.wait(lock, [&] { return entered_ >= all || failure_; });
  }
  return entered_ < all ? failure_ : nullptr;
}

void Enrolment::wait_a_moment() {
  std::unique_lock lock(mutex_);
  if (!failure_ && !waiting_.empty()) hurry();
  changed_.wait_for(lock, kMoment, [this, all = added_] { return entered_ >= all || failure_; });
}

std::string Enrolment::trouble() const {
  const std::lock_guard lock(mutex_);
  if (!failure_) return "";
  std::string why = "of an unknown kind";
  try {
    std::rethrow_exception(failure_);
  } catch (const std::exception& known) {
    why = known.what();
  }
  return std::to_string(waiting_.size() + at_work_) +
         " instances that were acknowledged are safe in their files, but the queue and the ledger "
         "cannot be told of them: " +
         why +
         ". Nothing new is taken until they are; check the disk, it is tried again all the time";
}

void Enrolment::work() noexcept {
  SteadyTime next = steady_now();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    wake_.wait_until(lock, next, [this] { return is_due(); });
    Instances batch = std::exchange(waiting_, {});
    at_work_ = batch.size();
    hurried_ = false;
    lock.unlock();
    std::exception_ptr failure;
    try {
      enter_(batch);
    } catch (...) {
      failure = std::current_exception();
    }
    next = steady_now() + (failure ? kRetry : rest_);
    const std::size_t entered = failure ? 0 : batch.size();
    for (Instance& one : batch) one.announced = {};
    if (!failure) batch.clear();
    lock.lock();
    entered_ += entered;
    waiting_.insert(waiting_.begin(), std::make_move_iterator(batch.begin()),
                    std::make_move_iterator(batch.end()));
    at_work_ = 0;
    failure_ = failure;
    ++tries_;
    changed_.notify_all();
    if (failure_ && stopping_) return;
  }
}

}  // namespace dosigate
