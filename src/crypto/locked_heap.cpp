#include "dosigate/crypto/locked_heap.h"

#include <openssl/crypto.h>

namespace dosigate {
namespace {

constexpr std::size_t kBytes = 256U << 10U;  ///< some dozens of RSA keys
constexpr std::size_t kSmallest = 32;

}  // namespace

// 2: usable, but could not be locked.
bool use_locked_heap() noexcept { return CRYPTO_secure_malloc_init(kBytes, kSmallest) == 1; }

}  // namespace dosigate
