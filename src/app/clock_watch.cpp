#include "dosigate/app/clock_watch.h"

#include <sys/timex.h>

namespace dosigate {

std::optional<bool> clock_is_synchronised() {
  timex answer{};  // modes 0: asks, sets nothing, needs no privilege
  if (::adjtimex(&answer) < 0) return std::nullopt;
  return (answer.status & STA_UNSYNC) == 0;
}

const char* clock_warning(const ClockAsk& ask) {
  if (ask().value_or(true)) return nullptr;
  return "no time service keeps this clock right: dates of the ledger and the audit log may be "
         "wrong; start one (chrony, systemd-timesyncd), or set [node] warn_unsynchronised_clock = "
         "false where something else sets the clock";
}

}  // namespace dosigate
