#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmnet/assoc.h>

#include "dosigate/forward/forwarder.h"

namespace dosigate {

// What went wrong with a peer, in words for an operator: what happened, to what, and what to do.

/// "127.0.0.1:11113"
std::string at(const Destination& peer);
/// No association came about.
Error unreachable(const OFCondition& condition, const Destination& peer);
/// A-ASSOCIATE-RJ. Denied when the peer means it for good.
Error rejected(T_ASC_Parameters& parameters, const Destination& peer);
/// An association ended in the middle. @param during  "data were sent"
std::string broken_off(const OFCondition& condition, const Destination& peer, const char* during);

}  // namespace dosigate
