#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "pdu.h"

namespace dosigate::association {

// What A-ASSOCIATE-RQ and -AC are made of (PS3.8 9.3.2, 9.3.3, PS3.7 Annex D).

/// Protocol version, titles and reserved bytes (PS3.8 Tables 9-11, 9-17).
inline constexpr std::size_t kFixedPart = 68;

enum ItemType : Byte {
  kApplicationContext = 0x10,
  kPresentationContext = 0x20,
  kContextResult = 0x21,
  kAbstractSyntax = 0x30,
  kTransferSyntax = 0x40,
  kUserInformation = 0x50,
  kMaximumLength = 0x51,
  kImplementationClass = 0x52,
  kAsynchronousOperations = 0x53,
  kRoleSelection = 0x54,
  kImplementationVersion = 0x55,
  kExtendedNegotiation = 0x56,
  kCommonExtendedNegotiation = 0x57,
  kUserIdentity = 0x58,
};

/// Type, a reserved byte, a 16-bit length, and this.
struct Item {
  Byte type;
  std::size_t offset;  ///< of its type, in the PDU
  ByteView body;
};

/// Without the spaces and NUL around it.
std::string trimmed(ByteView bytes);
/// Titles and version names end in logs, in the status and in routes: no control characters,
/// nothing that is not ISO 646.
bool is_printable(std::string_view text);
/// The UID in a sub-item; empty when it is none. DCMTK keeps 64 characters, padding included.
std::string uid_in(ByteView body);

}  // namespace dosigate::association
