#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "dosigate/crypto/keyring.h"
#include "key_box.h"

namespace dosigate {

/// What a keyring holds: in memory, and as file format 2 (keyring.h).
struct KeyringContent {
  using Keys = std::map<std::pair<Purpose, std::uint32_t>, std::shared_ptr<const Secret>>;
  InstanceId id{};
  BoxPublic recovery{};
  std::vector<BoxPublic> masters;  ///< one, or during a rotation two: the newer last
  std::shared_ptr<const Secret> index_key;
  Keys keys;
};

/// A file's bytes under a body key that is made for them.
Bytes encode(const KeyringContent& content);

/// The operator's keys as keys of boxes.
BoxKey master_box_key(const Secret& master);
BoxKey recovery_box_key(ByteView recovery);

/// Of a file's content, unchecked; nullopt when it is no keyring.
std::optional<InstanceId> keyring_id(ByteView content);

/// NotFound, Corrupt; Denied when `with` is neither a master key of it (`recovery` false) nor its
/// recovery key.
Result<KeyringContent> read_keyring(const std::filesystem::path& file, const BoxKey& with,
                                    bool recovery);

}  // namespace dosigate
