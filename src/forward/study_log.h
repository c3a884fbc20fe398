#pragma once

#include <chrono>
#include <string>

#include <spdlog/spdlog.h>

#include "dosigate/base/clock.h"

namespace dosigate {

/// One line per study that a worker forwarded without a break of two seconds: a modality that sends
/// slice by slice would otherwise write a line each. Thread: one.
class StudyLog {
 public:
  explicit StudyLog(std::string destination) : destination_(std::move(destination)) {}
  ~StudyLog() { flush(); }

  void add(const std::string& study_instance_uid, SteadyTime begun) {
    if (study_instance_uid != study_) {
      flush();
      study_ = study_instance_uid;
      begun_ = begun;
    }
    ++instances_;
    ended_ = steady_now();
  }
  /// Called when there is nothing to send.
  void idle() {
    if (steady_now() - ended_ >= kBreak) flush();
  }
  void flush() {
    if (instances_ > 0) {
      spdlog::info("forwarded dest={} study={} instances={} ms={}", destination_, study_,
                   instances_,
                   std::chrono::duration_cast<std::chrono::milliseconds>(ended_ - begun_).count());
    }
    instances_ = 0;
    study_.clear();
  }

 private:
  static constexpr std::chrono::seconds kBreak{2};
  const std::string destination_;
  std::string study_;
  std::uint64_t instances_ = 0;
  SteadyTime begun_{}, ended_{};
};

}  // namespace dosigate
