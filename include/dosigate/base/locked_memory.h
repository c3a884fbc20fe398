#pragma once

namespace dosigate {

/// False when the limits (RLIMIT_MEMLOCK) did not allow some page that holds keys (Secret) to be
/// locked: it can be swapped out, and whoever runs the node should know.
bool secrets_are_locked() noexcept;

}  // namespace dosigate
