#pragma once

#include <memory>

#include <openssl/x509.h>

#include "dosigate/net/tls.h"

namespace dosigate {

struct FreeX509 {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;

TlsIdentity identity_of(X509* certificate);
std::string fingerprint_of(X509* certificate);
/// "CN=dosigate,O=Hospital", printable ASCII.
std::string subject_of(X509* certificate);
WallTime end_of(X509* certificate);

}  // namespace dosigate
