#pragma once

#include <cstddef>
#include <cstdint>

#include "dosigate/base/bytes.h"

namespace dosigate {

// The protocol data units of the upper layer (PS3.8 9.3).

/// The first byte.
enum PduType : Byte {
  kAssociateRequest = 1,
  kAssociateAccept = 2,
  kAssociateReject = 3,
  kPData = 4,
  kReleaseRequest = 5,
  kReleaseReply = 6,
  kAbort = 7,
};
inline bool is_pdu_type(Byte type) { return type >= kAssociateRequest && type <= kAbort; }

/// Type, a reserved byte, and the length of what follows in 32 bits.
inline constexpr std::size_t kPduHeader = 6;

inline std::size_t big_endian_16(ByteView at) { return std::size_t{at[0]} << 8U | at[1]; }
inline std::uint32_t big_endian_32(ByteView at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U |
         at[3];
}
/// Of a PDU whose header is there: the bytes after the header.
inline std::size_t pdu_length(ByteView header) { return big_endian_32(header.subspan(2)); }

}  // namespace dosigate
