#pragma once

#include "dosigate/base/clock.h"

namespace dosigate {

/// @return false with errno ETIMEDOUT at the deadline, or with poll's error. A hang-up counts as
/// ready: the next call says so.
bool poll_until(int fd, short events, SteadyTime deadline);

}  // namespace dosigate
