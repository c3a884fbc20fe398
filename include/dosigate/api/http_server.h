#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/api/http.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// The same HTTP/1.1 API over TCP. A connection has ten seconds for a handshake, a head, and
/// between two requests; a body comes at 500 bytes a second at least. Beyond the number of
/// connections, in all or of one address, the next is closed. Thread: the service is asked in the
/// server's threads; construct and destroy in one.
class HttpServer {
 public:
  struct Settings {
    std::vector<std::string> listen, listen_tls;
    /// What new connections use; made by TlsContext::server. Needed with `listen_tls`.
    std::function<std::shared_ptr<const TlsContext>()> tls;
    std::function<void(const std::string& address, const std::string& why)> on_tls_failure;
    unsigned max_uploads = 4;  ///< streamed requests at once; the next gets 503
    unsigned max_sessions = 256, max_sessions_per_address = 128;
  };
  /// Throws std::system_error for an address that cannot be listened at.
  HttpServer(Settings settings, ApiService& service);
  ~HttpServer();

  const std::vector<std::string>& endpoints() const;
  const std::vector<std::string>& tls_endpoints() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
