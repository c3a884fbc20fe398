#pragma once

#include <optional>
#include <string>

#include "dosigate/base/bytes.h"
#include "dosigate/base/tls_identity.h"

namespace dosigate {

/// Who asks for an association, as known before its presentation contexts are read. Titles as sent,
/// trimmed of spaces and NUL.
struct Caller {
  std::string address;  ///< numeric, without port
  std::string called_ae, calling_ae;
  std::optional<TlsIdentity> certificate;  ///< what it has proved to be; nothing without TLS
};

/// Header and fixed part of an A-ASSOCIATE-RQ, up to where its items begin (PS3.8 Table 9-11).
inline constexpr std::size_t kTitlesEnd = 74;

/// The titles of an A-ASSOCIATE-RQ of which kTitlesEnd bytes have arrived. False, and nothing is
/// set, when protocol version 1 is not offered or a title is not of printable ISO 646.
bool read_titles(ByteView pdu, Caller& into);

}  // namespace dosigate
