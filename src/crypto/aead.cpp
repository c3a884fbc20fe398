#include "aead.h"

#include <climits>
#include <stdexcept>

#include "dosigate/base/secret.h"

namespace dosigate {
namespace {

/// Fetching an algorithm takes OpenSSL's global lock; once per process is enough.
const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (fetched == nullptr) throw std::runtime_error("OpenSSL offers no AES-256-GCM");
  return fetched;
}

void require_gcm(int ok, const char* step) {
  if (ok != 1) throw std::runtime_error(std::string("OpenSSL AES-256-GCM failed: ") + step);
}

int length_of(std::size_t size) {
  if (size > INT_MAX) throw std::length_error("OpenSSL takes less than 2 GiB at once");
  return static_cast<int>(size);
}

}  // namespace

Aead::Aead(ByteView key, Direction direction) : context_(EVP_CIPHER_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  if (key.size() != Secret::kSize) throw std::invalid_argument("an AES-256 key has 32 bytes");
  require_gcm(EVP_CipherInit_ex2(context_.get(), cipher(), key.data(), nullptr,
                                 direction == Direction::Encrypt ? 1 : 0, nullptr),
              "key");
}

void Aead::begin(const Nonce& nonce) {
  require_gcm(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), -1, nullptr),
              "nonce");
}

void Aead::associate(ByteView piece) {
  if (piece.empty()) return;
  int written = 0;
  require_gcm(
      EVP_CipherUpdate(context_.get(), nullptr, &written, piece.data(), length_of(piece.size())),
      "associated data");
}

void Aead::finish(std::span<Byte, kTagSize> tag) {
  int written = 0;
  require_gcm(EVP_CipherFinal_ex(context_.get(), tag.data(), &written), "finish");
  require_gcm(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagSize),
                                  tag.data()),
              "tag");
}

void Aead::encrypt(const Nonce& nonce, ByteView plain, ByteView associated, std::span<Byte> out) {
  if (out.size() != plain.size() + kTagSize)
    throw std::invalid_argument("a sealed value is 16 bytes longer than its plain text");
  begin(nonce);
  associate(associated);
  int written = 0;
  if (!plain.empty())
    require_gcm(EVP_CipherUpdate(context_.get(), out.data(), &written, plain.data(),
                                 length_of(plain.size())),
                "encrypt");
  finish(out.last<kTagSize>());
}

bool Aead::decrypt(const Nonce& nonce, ByteView sealed, ByteView associated, std::span<Byte> out) {
  if (sealed.size() < kTagSize || out.size() != sealed.size() - kTagSize)
    throw std::invalid_argument("a sealed value is 16 bytes longer than its plain text");
  begin(nonce);
  associate(associated);
  int written = 0;
  if (!out.empty())
    require_gcm(EVP_CipherUpdate(context_.get(), out.data(), &written, sealed.data(),
                                 length_of(out.size())),
                "decrypt");
  std::array<Byte, kTagSize> tag;
  std::copy(sealed.end() - kTagSize, sealed.end(), tag.begin());
  require_gcm(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagSize),
                                  tag.data()),
              "expected tag");
  Byte unused = 0;
  if (EVP_CipherFinal_ex(context_.get(), &unused, &written) == 1) return true;
  if (!out.empty()) wipe(out.data(), out.size());  // nothing unauthenticated leaves
  return false;
}

}  // namespace dosigate
