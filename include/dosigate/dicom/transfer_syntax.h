#pragma once

#include <span>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcxfer.h>

namespace dosigate {

/// How a data set of that syntax is laid out on the wire (PS3.5 Annex A).
enum class Encoding { ImplicitLittle, ExplicitLittle, ExplicitBig, DeflatedLittle };

/// One transfer syntax of PS3.6 Table A-1, edition 2026d. Our own table: DCMTK 3.6.7 lacks HTJ2K,
/// JPEG XL, the fragmentable video and others.
struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
  Encoding encoding;
  bool encapsulated;  ///< pixel data in fragments
  bool referenced;    ///< pixel data elsewhere (JPIP): held, the URL names a hospital's server
  bool retired;
  /// What DCMTK is told when it parses or writes. For syntaxes it does not know: an encapsulated
  /// one of the same encoding, so that fragments pass through unread.
  E_TransferSyntax dcmtk;
  bool dcmtk_decodes;  ///< encapsulated, and a codec registered by DcmtkRuntime decompresses it
};

/// In ascending order of UID (as text). Every one is accepted inbound. The retired RFC 2557, XML
/// and Papyrus 3 encodings are not in the table: they are no data sets.
std::span<const TransferSyntax> transfer_syntaxes();
/// nullptr when unknown. Trailing NUL and spaces are ignored.
const TransferSyntax* find_transfer_syntax(std::string_view uid);

}  // namespace dosigate
