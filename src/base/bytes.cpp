#include "dosigate/base/bytes.h"

#include "dosigate/base/secret.h"

#include <algorithm>

namespace dosigate {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base32_value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'I' || c == 'L') c = '1';
  if (c == 'O') c = '0';
  const auto at = kBase32.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const Byte b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<Byte>(high * 16 + low));
  }
  return out;
}

std::optional<InstanceId> parse_id(std::string_view hex) {
  const auto bytes = from_hex(hex);
  InstanceId id;
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), id.begin());
  return id;
}

std::string to_base32(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);  // growing would leave copies of a key behind
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const Byte b : bytes) {
    buffer = (buffer << 8) | b;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += kBase32[(buffer >> bits) & 31U];
    }
    buffer &= (1U << bits) - 1;
  }
  if (bits > 0) out += kBase32[(buffer << (5 - bits)) & 31U];
  return out;
}

std::optional<Bytes> from_base32(std::string_view text) {
  Bytes out;
  out.reserve(text.size() * 5 / 8);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '-' || c == ' ') continue;
    const int value = base32_value(c);
    if (value < 0) return std::nullopt;
    buffer = (buffer << 5) | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<Byte>(buffer >> bits));
      buffer &= (1U << bits) - 1;
    }
  }
  if (bits >= 5 || buffer != 0) return std::nullopt;
  return out;
}

namespace {

/// A vector that grows by itself frees what it held as it is, and that may be a patient's salt.
Bytes& with_room(Bytes& out, std::size_t more) {
  if (out.capacity() - out.size() >= more) return out;
  Bytes larger;
  larger.reserve(std::max(2 * out.capacity(), out.size() + more + 64));
  larger.assign(out.begin(), out.end());
  wipe(out.data(), out.size());
  out.swap(larger);
  return out;
}

}  // namespace

Packer& Packer::u8(std::uint8_t value) {
  with_room(out_, 1).push_back(value);
  return *this;
}

Packer& Packer::u32(std::uint32_t value) {
  with_room(out_, 4);
  for (int i = 0; i < 4; ++i) out_.push_back(static_cast<Byte>(value >> (8 * i)));
  return *this;
}

Packer& Packer::u64(std::uint64_t value) {
  with_room(out_, 8);
  for (int i = 0; i < 8; ++i) out_.push_back(static_cast<Byte>(value >> (8 * i)));
  return *this;
}

Packer& Packer::i64(std::int64_t value) { return u64(static_cast<std::uint64_t>(value)); }

Packer& Packer::bytes(ByteView value) {
  u32(static_cast<std::uint32_t>(value.size()));
  with_room(out_, value.size());
  out_.insert(out_.end(), value.begin(), value.end());
  return *this;
}

Packer& Packer::text(std::string_view value) { return bytes(as_bytes(value)); }

ByteView Unpacker::take(std::size_t count) {
  if (!ok_ || count > in_.size()) {
    ok_ = false;
    return {};
  }
  const ByteView out = in_.first(count);
  in_ = in_.subspan(count);
  return out;
}

std::uint8_t Unpacker::u8() {
  const ByteView b = take(1);
  return b.empty() ? std::uint8_t{0} : b[0];
}

std::uint32_t Unpacker::u32() {
  std::uint32_t value = 0;
  int shift = 0;
  for (const Byte b : take(4)) {
    value |= static_cast<std::uint32_t>(b) << shift;
    shift += 8;
  }
  return value;
}

std::uint64_t Unpacker::u64() {
  std::uint64_t value = 0;
  int shift = 0;
  for (const Byte b : take(8)) {
    value |= static_cast<std::uint64_t>(b) << shift;
    shift += 8;
  }
  return value;
}

std::int64_t Unpacker::i64() { return static_cast<std::int64_t>(u64()); }

Bytes Unpacker::bytes() {
  const ByteView b = take(u32());
  return {b.begin(), b.end()};
}

std::string Unpacker::text() {
  const ByteView b = take(u32());
  return std::string(as_text(b));
}

}  // namespace dosigate
