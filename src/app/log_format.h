#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <spdlog/formatter.h>

namespace dosigate {

/// What a log line may hold: control characters, line ends, bytes that are not UTF-8 and characters
/// that turn text around become \xHH. A peer chooses AE titles; no peer writes a line of its own.
std::string log_safe(std::string_view text);

/// Wraps the formatter of the log, so that every line is one line whatever is said in it. At most
/// 8 KiB each.
std::unique_ptr<spdlog::formatter> one_line_formatter(std::unique_ptr<spdlog::formatter> inner);

}  // namespace dosigate
