#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dosigate {

/// Days since 1970-01-01 of "YYYY-MM-DD"; nullopt when that is no day of the calendar.
std::optional<std::int64_t> parse_day(std::string_view text);
std::string day_text(std::int64_t day);

}  // namespace dosigate
