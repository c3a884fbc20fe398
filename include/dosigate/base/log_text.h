#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "dosigate/base/clock.h"

namespace dosigate {

/// A text that somebody else chose, as the value of `key=value` in a log line: as it is when it has
/// only letters, digits and -_.:/ of ASCII, else in quotation marks, with \" \\ and \xNN for what
/// could end the value, the line or the terminal's good behaviour.
std::string log_text(std::string_view text);

/// Bounds the log lines that others can cause: so many at once, then so many a second.
/// Thread: any.
class LogBudget {
 public:
  LogBudget(unsigned at_once, unsigned per_second, SteadyClock now = steady_now);
  /// How many lines were left out since the last one, when there is room for a line now; nullopt
  /// when it has to be left out as well.
  std::optional<std::uint64_t> spend();

 private:
  const double at_once_, per_second_;
  const SteadyClock now_;
  std::mutex mutex_;
  double left_;
  SteadyTime last_;
  std::uint64_t left_out_ = 0;
};

}  // namespace dosigate
