#pragma once

#include "dosigate/quarantine/quarantine.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

/// At start, after the spool was opened and before anything is received: a quarantined file and the
/// ledger may disagree after a crash between two of their steps; the ledger's later word wins.
void reconcile(Quarantine& quarantine, Ledger& ledger);

}  // namespace dosigate
