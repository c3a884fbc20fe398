#pragma once

#include <atomic>
#include <cstdint>

#include "dosigate/base/clock.h"

namespace dosigate {

/// Drain mode: nothing new is taken, the queue is finished. An operator's word that ends with the
/// process. Thread: any.
class Drain {
 public:
  /// Something new on its way to the queue. It is counted before the mode is asked for: whoever
  /// sees the mode on and nothing in hand knows that nothing more comes into the queue.
  class Passage {
   public:
    explicit Passage(Drain& drain) : drain_(drain) { ++drain_.in_hand_; }
    ~Passage() { --drain_.in_hand_; }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;
    bool open() const { return !drain_.on(); }

   private:
    Drain& drain_;
  };

  /// False: it was so already.
  bool begin(WallTime now);
  bool end();

  bool on() const { return since_ != 0; }
  /// Unix seconds; 0 when the mode is off.
  std::int64_t since() const { return since_; }
  std::uint64_t in_hand() const { return in_hand_; }

 private:
  std::atomic<std::int64_t> since_{0};
  std::atomic<std::uint64_t> in_hand_{0};
};

}  // namespace dosigate
