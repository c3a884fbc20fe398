#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dosigate/net/tls.h"

namespace dosigate {

/// [[http_client]]: a certificate that may ask over HTTP without a token.
struct HttpClient {
  std::string name;  ///< for the audit log
  TlsPin pin;        ///< never empty
  std::uint32_t rights = 0;
};

/// [http]: the API over TCP, which is off unless it listens. conf/dosigate.toml explains every key.
struct HttpSettings {
  std::vector<std::string> listen;  ///< plain, on loopback addresses only
  std::vector<std::string>
      listen_tls;  ///< TLS; a client certificate is asked for when `tls.ca` is there
  TlsFiles tls;    ///< `ca` may be empty: nobody is asked for a certificate
  std::vector<HttpClient> clients;
  std::vector<std::string> cors_origins;  ///< "https://host[:port]"; none: no CORS
  unsigned requests_per_minute = 600;     ///< of one token, certificate or address without either
  unsigned max_uploads = 4;               ///< at once; the next is told to come again (503)
  std::uint64_t max_upload_bytes = 64ULL << 30U;    ///< of one request
  std::uint64_t max_unpacked_bytes = 64ULL << 30U;  ///< of what a ZIP archive holds
  unsigned max_ratio = 200;             ///< of unpacked to packed bytes, beyond the first GiB
  unsigned max_parts = 100'000;         ///< instances of one request
  std::chrono::hours keep_answers{24};  ///< under an Idempotency-Key
  bool page = true;                     ///< the administrator's page

  bool on() const { return !listen.empty() || !listen_tls.empty(); }
};

}  // namespace dosigate
