#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace dosigate {

/// [audit]: whether and whereto the audit record is sent on, as syslog over TLS (RFC 5425).
struct AuditSettings {
  std::string syslog_host;  ///< empty: it is not sent
  std::uint16_t syslog_port = 6514;
  std::filesystem::path ca;                ///< of the server
  std::filesystem::path certificate, key;  ///< ours; both empty: the server does not ask
  std::string name;  ///< that the server's certificate has; empty: syslog_host
  std::string
      fingerprint;  ///< SHA-256 of its certificate, 64 lower-case digits; empty: any of `ca`

  bool sends() const { return !syslog_host.empty(); }
  friend bool operator==(const AuditSettings&, const AuditSettings&) = default;
};

}  // namespace dosigate
