#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dosigate {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;

/// Random name of an acknowledged instance, from the spool file to the ledger: 16 random bytes.
/// One instance keeps its id through quarantine, release, queue and ledger.
using InstanceId = std::array<Byte, 16>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);
/// Empty optional when `text` is not an even number of hexadecimal digits (either case).
std::optional<Bytes> from_hex(std::string_view text);
/// 16-byte id from 32 hexadecimal digits.
std::optional<InstanceId> parse_id(std::string_view hex);

/// Crockford's base 32 (0-9, A-Z without I, L, O, U), most significant bits first, no padding;
/// the last character is filled with zero bits.
std::string to_base32(ByteView bytes);
/// Accepts either case, I and L as 1, O as 0, and skips hyphens and spaces. Empty optional on any
/// other character or when left-over bits are not zero.
std::optional<Bytes> from_base32(std::string_view text);
/// The 32 symbols in order of value.
inline constexpr std::string_view kBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Builds a byte string of fields: integers little-endian, strings preceded by a 32-bit length.
/// Used wherever a format of ours is written (spool card, sealed rows), so that a field can never
/// run into the next.
class Packer {
 public:
  Packer& u8(std::uint8_t value);
  Packer& u32(std::uint32_t value);
  Packer& u64(std::uint64_t value);
  Packer& i64(std::int64_t value);
  Packer& bytes(ByteView value);
  Packer& text(std::string_view value);
  Bytes take() { return std::move(out_); }
  const Bytes& view() const { return out_; }

 private:
  Bytes out_;
};

/// Reads what Packer wrote. After any read past the end `ok()` is false and every later read gives
/// zero or empty: test once, at the end, with `done()`.
class Unpacker {
 public:
  explicit Unpacker(ByteView in) : in_(in) {}
  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64();
  Bytes bytes();
  std::string text();
  bool ok() const { return ok_; }
  /// True when everything was read and nothing is left over.
  bool done() const { return ok_ && in_.empty(); }
  ByteView rest() const { return in_; }

 private:
  ByteView take(std::size_t count);
  ByteView in_;
  bool ok_ = true;
};

}  // namespace dosigate
