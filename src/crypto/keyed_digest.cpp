#include "dosigate/crypto/keyed_digest.h"

#include "aead.h"

namespace dosigate {

struct KeyedDigest::State {
  explicit State(const Secret& key) : cipher(key.reveal(), Aead::Direction::Encrypt) {
    cipher.begin({});
  }
  Aead cipher;
};

KeyedDigest::KeyedDigest(const Secret& key) : state_(std::make_unique<State>(key)) {}
KeyedDigest::KeyedDigest(KeyedDigest&&) noexcept = default;
KeyedDigest::~KeyedDigest() = default;

void KeyedDigest::add(ByteView piece) { state_->cipher.associate(piece); }

KeyedDigest::Value KeyedDigest::finish() {
  Value value;
  state_->cipher.finish(value);
  return value;
}

}  // namespace dosigate
