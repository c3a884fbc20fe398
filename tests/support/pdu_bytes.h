#pragma once

#include "dosigate/base/bytes.h"

namespace dosigate::testing {

// What the scripted peers build their PDUs of (PS3.8 9.3), without the code that is tested.

inline void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The last `bytes` bytes of the number, the highest first.
inline void big_endian(Bytes& out, std::size_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<Byte>(value >> shift));
}

inline void little_endian(Bytes& out, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<Byte>(value >> (8 * i)));
}

/// Type, a reserved byte, a length of two bytes.
inline Bytes item(Byte type, ByteView body) {
  Bytes out{type, 0};
  big_endian(out, body.size(), 2);
  append(out, body);
  return out;
}

/// Type, a reserved byte, a length of four bytes.
inline Bytes pdu(Byte type, ByteView body) {
  Bytes out{type, 0};
  big_endian(out, body.size(), 4);
  append(out, body);
  return out;
}

}  // namespace dosigate::testing
