#pragma once

namespace dosigate::testing {

/// Whether this was compiled for AddressSanitizer or ThreadSanitizer: much slower, with terabytes
/// reserved, what was freed kept, and signals caught.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace dosigate::testing
