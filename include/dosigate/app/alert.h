#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dosigate/base/result.h"

namespace dosigate {

/// Runs the administrator's command (argv, no shell) with one line on its standard input, and waits
/// for its end. Unavailable: it could not be started, ended with an error, or was killed after
/// `limit`. Thread: any; blocks.
Result<void> run_alert_command(const std::vector<std::string>& command, const std::string& line,
                               std::chrono::seconds limit = std::chrono::seconds(10));

}  // namespace dosigate
