#include "recovery_key.h"

#include <algorithm>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

constexpr std::string_view kPrefix = "DSGR";
constexpr std::size_t kChecksum = 3;
constexpr std::size_t kGroup = 5;
constexpr std::size_t kSymbols = 40;

std::array<Byte, kChecksum> checksum(ByteView key) {
  Bytes labelled;
  labelled.reserve(64);
  const ByteView label = as_bytes("dosigate recovery key");
  labelled.insert(labelled.end(), label.begin(), label.end());
  labelled.insert(labelled.end(), key.begin(), key.end());
  const Digest digest = sha256(labelled);
  wipe(labelled.data(), labelled.size());
  return {digest[0], digest[1], digest[2]};
}

}  // namespace

std::string RecoveryKey::text() const {
  std::array<Byte, kSize + kChecksum> all;
  const auto sum = checksum(bytes);
  std::copy(sum.begin(), sum.end(), std::copy(bytes.begin(), bytes.end(), all.begin()));
  std::string symbols = to_base32(all);
  wipe(all.data(), all.size());
  std::string out;
  out.reserve(kPrefix.size() + kSymbols + kSymbols / kGroup);
  out.append(kPrefix);
  for (std::size_t i = 0; i < symbols.size(); i += kGroup)
    out.append("-").append(symbols, i, kGroup);
  wipe(symbols.data(), symbols.size());
  return out;
}

Result<RecoveryKey> RecoveryKey::parse(std::string_view text) {
  std::string symbols;
  symbols.reserve(text.size());
  for (const char c : text) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    symbols += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (symbols.size() == kPrefix.size() + kSymbols && symbols.starts_with(kPrefix))
    symbols.erase(0, kPrefix.size());
  const std::size_t count = symbols.size();
  auto all = from_base32(symbols);
  wipe(symbols.data(), symbols.size());
  if (count != kSymbols)
    return fail(Fault::Invalid,
                "a recovery key has eight groups of five characters after DSGR; here are " +
                    std::to_string(count) + " characters; type it again");
  if (!all)
    return fail(Fault::Invalid,
                "the recovery key holds a character that no recovery key has (the letter U or a "
                "sign); type it again");
  RecoveryKey key;
  std::copy_n(all->begin(), kSize, key.bytes.begin());
  const auto sum = checksum(key.bytes);
  const bool right = std::equal(sum.begin(), sum.end(), all->begin() + kSize);
  wipe(all->data(), all->size());
  if (!right)
    return fail(Fault::Invalid,
                "the recovery key's checksum is wrong: a typing error; compare each group and type "
                "it again");
  return key;
}

}  // namespace dosigate
