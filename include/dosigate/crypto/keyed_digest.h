#pragma once

#include <array>
#include <memory>

#include "dosigate/base/bytes.h"
#include "dosigate/base/secret.h"

namespace dosigate {

/// AES-256-GMAC (NIST SP 800-38D) of content that comes in pieces, always under the nonce 0: a
/// keyed hash that says whether two contents are the same, at several times the speed of SHA-256.
/// Who does not know the key finds no two contents with one value; who sees values may learn the
/// key, so they go nowhere but into a keyed_hash. Thread: one at a time.
class KeyedDigest {
 public:
  using Value = std::array<Byte, 16>;

  explicit KeyedDigest(const Secret& key);
  KeyedDigest(KeyedDigest&&) noexcept;
  ~KeyedDigest();
  /// @param piece  less than 2 GiB.
  void add(ByteView piece);
  /// Once, at the end.
  Value finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dosigate
