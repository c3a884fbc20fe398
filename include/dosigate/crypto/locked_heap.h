#pragma once

namespace dosigate {

/// Private keys that OpenSSL holds (TLS, X25519) go to a heap of its own that is locked and wiped.
/// Once, in main, before the first key. False when the system did not allow it: they then live in
/// ordinary memory, which OpenSSL wipes when it frees them.
bool use_locked_heap() noexcept;

}  // namespace dosigate
