#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "dosigate/app/node.h"

namespace dosigate {

/// "paused since 2026-11-28 14:03 by root". The reason is a person's text: shown in the status,
/// never in a log or an alert.
std::string pause_text(const Ledger::Pause& pause);

/// What the status says of a forwarder: state, errors, bytes.
void add_forwarder(boost::json::object& row, const ArchiveForwarder& forwarder);
/// "paused" of a destination's row: since, by, reason; null when it is not.
boost::json::value json_of(const Ledger::Pause* pause);

}  // namespace dosigate
