#pragma once

#include <filesystem>

#include "dosigate/crypto/keyring.h"
#include "sealed_format.h"

/// The head of a sealed file (sealed_file.h): the only part that knows the keyring.
namespace dosigate::sealed {

struct Head {
  std::uint32_t version;  ///< of the key that wraps the data key
  InstanceId id;
  std::uint64_t created;
  Secret data_key;
};

Bytes make_head(const Keyring::Key& key, Purpose purpose, const InstanceId& id,
                std::uint64_t created, const Secret& data_key);
/// Corrupt (changed, other purpose, other keyring) or Denied (unknown key version).
Result<Head> open_head(const Keyring& keys, Purpose purpose, const std::filesystem::path& path,
                       ByteView head);

Error corrupt(const std::filesystem::path& path, const char* what);
inline constexpr const char* kIncomplete =
    "has no complete end: its writing was cut off; remove it, nothing in it was acknowledged";

}  // namespace dosigate::sealed
