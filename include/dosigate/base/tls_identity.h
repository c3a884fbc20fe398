#pragma once

#include <string>
#include <vector>

namespace dosigate {

/// Who a peer proved to be by its certificate. `names`: dNSName and iPAddress, or the common name
/// when it has neither; printable ASCII only, so that they can be shown. `fingerprint`: SHA-256 of
/// the certificate, 64 lower-case hexadecimal digits.
struct TlsIdentity {
  std::vector<std::string> names;
  std::string fingerprint;
};

}  // namespace dosigate
