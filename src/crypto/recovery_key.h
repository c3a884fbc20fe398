#pragma once

#include <array>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/base/secret.h"

namespace dosigate {

/// The recovery key, 176 random bits: as long as a person is willing to type from paper, and far
/// out of reach of a search. Text: "DSGR-" and eight groups of five base-32 characters; the last 24
/// of the 200 bits are a checksum, so that a typing error is told apart from a wrong key.
struct RecoveryKey {
  static constexpr std::size_t kSize = 22;
  std::array<Byte, kSize> bytes{};

  RecoveryKey() = default;
  RecoveryKey(const RecoveryKey&) = default;
  RecoveryKey& operator=(const RecoveryKey&) = default;
  ~RecoveryKey() { wipe(bytes.data(), bytes.size()); }

  std::string text() const;
  /// Either case, with or without hyphens, spaces and the "DSGR". Fault::Invalid names what is
  /// wrong, never the key.
  static Result<RecoveryKey> parse(std::string_view text);
};

}  // namespace dosigate
