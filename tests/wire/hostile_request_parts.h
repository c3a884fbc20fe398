#pragma once

#include "support/pdu_bytes.h"
#include "wire/hostile_case.h"

namespace dosigate::testing {

/// An A-ASSOCIATE-RQ in pieces, each of which a case may spoil. As made, the node accepts it.
struct RequestParts {
  std::uint16_t version = 1;
  std::string called = "DOSIGATE", calling = "HOSTILE";
  Byte reserved = 0;  ///< every reserved byte of the fixed part
  Bytes application = item(0x10, as_bytes("1.2.840.10008.3.1.1.1"));
  Bytes contexts = [] {
    Bytes inner{1, 0, 0, 0};
    append(inner, item(0x30, as_bytes(kCtClass)));
    append(inner, item(0x40, as_bytes(kImplicitSyntax)));
    return item(0x20, inner);
  }();
  Bytes user = item(0x50, user_items());

  /// Maximum length and implementation.
  static Bytes user_items() {
    Bytes out = item(0x51, Bytes{0, 0, 0x40, 0});
    append(out, item(0x52, as_bytes("1.2.3.4")));
    append(out, item(0x55, as_bytes("HOSTILE_1")));
    return out;
  }

  Bytes bytes() const {
    const auto padded = [](std::string title) {
      title.resize(16, ' ');
      return title;
    };
    Bytes body;
    big_endian(body, version, 2);
    body.resize(4, reserved);
    append(body, as_bytes(padded(called)));
    append(body, as_bytes(padded(calling)));
    body.resize(68, reserved);
    append(body, application);
    append(body, contexts);
    append(body, user);
    return pdu(1, body);
  }
};

}  // namespace dosigate::testing
