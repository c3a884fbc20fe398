#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "card.h"
#include "dosigate/base/outstanding.h"

namespace dosigate {

/// Instances whose files are durable get their rows in queue and ledger here, after the answer:
/// many of them with one commit each. One thread does it, at once when nothing was done for a
/// while, else `rest` after the last time.
///
/// What was added is never given up: as long as it cannot be entered (a full disk) it is tried
/// every 200 ms and whenever somebody puts something, who is refused meanwhile, and reports no
/// longer wait for it. At the end of the
/// process it is tried once more, and what is left then is taken in at the next start.
/// Thread: any.
class Enrolment {
 public:
  struct Instance {
    InstanceId id;
    SpoolCard card;
    std::uint64_t bytes;   ///< of the file
    std::uint64_t length;  ///< of the data set
    bool pairs_moved;
    Outstanding::Mark announced;  ///< in the ledger, until the first try
  };
  using Instances = std::vector<Instance>;
  /// Enters them; throws when that failed, and is called again with the same ones and others: what
  /// was entered already stays as it is.
  using Enter = std::function<void(const Instances&)>;

  explicit Enrolment(Enter enter, std::chrono::milliseconds rest = std::chrono::milliseconds(20));
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;
  ~Enrolment();

  /// Before anything is written for another one. Rethrows what keeps earlier ones from being
  /// entered, after one more try.
  void check();
  /// Waits while very many are there.
  void add(Instance instance);
  /// At once, and until all that were added before are entered. @return what keeps them from it.
  std::exception_ptr wait();
  /// The same for one who would rather see what is there than wait long.
  void wait_a_moment();
  /// Why some are not entered, in words of whom it concerns; empty while all is well.
  std::string trouble() const;

 private:
  void work() noexcept;
  bool is_due() const;
  void hurry();
  void try_again(std::unique_lock<std::mutex>& lock);

  const Enter enter_;
  const std::chrono::milliseconds rest_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;     ///< of the thread
  std::condition_variable changed_;  ///< of whoever waits for it
  Instances waiting_;
  std::size_t at_work_ = 0;
  std::exception_ptr failure_;  ///< of the last try
  std::uint64_t added_ = 0, entered_ = 0, tries_ = 0;
  bool hurried_ = false, stopping_ = false;
  std::thread thread_;  // last: everything above exists when it starts
};

}  // namespace dosigate
