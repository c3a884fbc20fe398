#pragma once

#include <boost/json/object.hpp>

#include "dosigate/spool/ledger.h"

namespace dosigate {

/// "last", "completed" (Unix seconds, 0 = never) and "complete"; null when nothing is known.
boost::json::value json_of(const Ledger::StudyArrival& arrival);
boost::json::object json_of(const Ledger::Arrivals& arrivals);
/// Gives each of "studies" of a patient's report its "arrival".
void add_arrivals(boost::json::object& report, const Ledger& ledger);

}  // namespace dosigate
