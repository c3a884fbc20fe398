#pragma once

#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// A sealed value: format (u8 = 1) | key version (u32) | nonce (12) | ciphertext | tag (16),
/// AES-256-GCM.
///
/// @param place  associated data that ties the value to where it stands, for example
///               "patient.person/17": a value copied to another row does not open.
/// Thread: any.
Bytes seal(const Keyring& keys, Purpose purpose, ByteView plain, std::string_view place);

/// Fault::Corrupt when anything was changed, moved, or sealed under another purpose; Denied when
/// the key version is unknown.
Result<Bytes> unseal(const Keyring& keys, Purpose purpose, ByteView sealed, std::string_view place);

/// AES-256-GCM with a nonce of the caller's, who guarantees that (key, nonce) never repeats. `out`
/// has plain.size() + 16 bytes.
void aead_encrypt(ByteView key, const std::array<Byte, 12>& nonce, ByteView plain,
                  ByteView associated, std::span<Byte> out);
/// False when the tag does not fit; `out` has sealed.size() - 16 bytes and is then wiped.
bool aead_decrypt(ByteView key, const std::array<Byte, 12>& nonce, ByteView sealed,
                  ByteView associated, std::span<Byte> out);

}  // namespace dosigate
