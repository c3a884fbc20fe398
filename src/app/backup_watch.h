#pragma once

#include <vector>

#include "dosigate/app/node.h"

namespace dosigate {

/// What `check` says of backups and of a restore without a journal.
void add_backup_conditions(std::vector<Condition>& out, const Config::Node& node,
                           const Ledger& ledger, PseudonymMap& map);

}  // namespace dosigate
