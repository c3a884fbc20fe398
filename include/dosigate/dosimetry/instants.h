#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dosigate {

/// A moment on the local clock of the hospital, moved by the patient's offset: differences are
/// true, the moment itself says nothing.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// Time since midnight of a TM value ("HH", "HHMM", "HHMMSS.FFFFFF", colons of the legacy form);
/// empty for anything else.
std::optional<std::chrono::microseconds> parse_time(std::string_view tm);
/// Midnight of a whole DA value ("YYYYMMDD", dots of the legacy form); empty for anything else, for
/// a day that no calendar has and for a sentinel (1900-01-01, 0001-01-01, 9999-12-31).
std::optional<Instant> parse_date(std::string_view da);

struct DateTime {
  Instant at;
  std::optional<std::chrono::minutes> zone;  ///< of "&ZZXX": local minus UTC
};
/// A DT value down to the hour at least; a partial one ("2025", "20250304") names no moment and is
/// empty.
std::optional<DateTime> parse_date_time(std::string_view dt);
/// "+0100", "-0300" of (0008,0201); empty for anything else.
std::optional<std::chrono::minutes> parse_zone(std::string_view text);

/// Between two times of day, at most twelve hours: 23:59 and 00:01 are two minutes apart.
std::chrono::microseconds apart(std::chrono::microseconds a, std::chrono::microseconds b);

/// "YYYYMMDDHHMMSS.FFFFFF": all of one length, so they sort as text.
std::string instant_text(Instant at);

}  // namespace dosigate
