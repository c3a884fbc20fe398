#pragma once

#include <netinet/in.h>

#include "dosigate/base/durable_file.h"

namespace dosigate {

/// Two ends of one TCP connection over loopback.
struct LoopbackPair {
  FileDescriptor ours, other;
};
/// Throws std::system_error.
LoopbackPair connected_loopback_pair();

/// The connection that comes from `from`. Whoever else knocks at `listener` is turned away: a
/// program that goes on trying a port that was somebody's before may well come first.
/// Throws std::system_error.
FileDescriptor accept_only(int listener, const sockaddr_in& from);

}  // namespace dosigate
