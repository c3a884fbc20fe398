#pragma once

#include <functional>
#include <optional>

namespace dosigate {

/// Whether a time service keeps the wall clock right, as the kernel knows it (adjtimex,
/// STA_UNSYNC); nullopt where the kernel cannot be asked, as in some containers. Dates in ledger
/// and audit log come from that clock; nothing that is retried or timed out does.
using ClockAsk = std::function<std::optional<bool>()>;
std::optional<bool> clock_is_synchronised();

/// The warning, or nullptr.
const char* clock_warning(const ClockAsk& ask);

}  // namespace dosigate
