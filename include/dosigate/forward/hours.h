#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// The hours of the day in which a destination takes anything: windows of local time, which may
/// span midnight. Arithmetic on minutes of the day (0 to 1439) alone; `local_minute` says which one
/// it is. On the two days a year when the clock is moved a window is an hour longer or shorter, as
/// on the clock on the wall. Thread: any; immutable.
class Hours {
 public:
  /// At any time.
  Hours() = default;
  /// "19:00-06:00", "12:00-13:00"; the end is no longer in it and may be 24:00. Invalid, in words,
  /// for anything else, for a window without length and for none at all.
  static Result<Hours> parse(const std::vector<std::string>& windows);

  bool is_open(std::chrono::minutes of_day) const;
  /// Until the next window by the clock on the wall; 0 when open.
  std::chrono::minutes opens_in(std::chrono::minutes of_day) const;
  /// As configured: "12:00-13:00, 19:00-06:00"; empty when at any time.
  std::string text() const;
  friend bool operator==(const Hours&, const Hours&) = default;

 private:
  struct Window {
    int begin, end;  ///< minutes of the day; end below begin: over midnight
    friend bool operator==(const Window&, const Window&) = default;
  };
  std::vector<Window> windows_;  // none: at any time
};

/// Minute of the day, local time of this machine.
std::chrono::minutes local_minute(WallTime time);
/// "19:00".
std::string clock_text(std::chrono::minutes of_day);

}  // namespace dosigate
