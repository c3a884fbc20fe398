#include "dosigate/app/reconcile.h"

#include <spdlog/spdlog.h>

#include "dosigate/crypto/hash.h"

namespace dosigate {

void reconcile(Quarantine& quarantine, Ledger& ledger) {
  for (const auto& entry : quarantine.list()) {
    const auto outcome = ledger.outcome(entry.id);
    if (!outcome) {
      ledger.quarantined(entry.id, entry.reason);
    } else if (*outcome != Outcome::Quarantined) {
      // Discarded, or released into the spool, and killed before the original was removed.
      if (auto removed = quarantine.remove(entry.id); !removed)
        spdlog::error("cannot remove a decided original id={} error={}", to_hex(entry.id),
                      removed.error().detail);
    }
  }
}

}  // namespace dosigate
