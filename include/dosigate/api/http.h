#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "dosigate/base/result.h"

namespace dosigate {

/// One request of the HTTP API, over the admin socket.
struct ApiRequest {
  std::string method;                                      ///< "GET", "POST"
  std::string path;                                        ///< "/api/v1/status", without query
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded
  boost::json::value body;                                 ///< null when there is none
  unsigned uid = 0, gid = 0;                               ///< of the peer process (SO_PEERCRED)
  std::vector<unsigned> groups;  ///< its supplementary groups when it connected (SO_PEERGROUPS)
  std::string actor;             ///< user name of uid, or "uid 1000"
  std::string approver;  ///< the second person; set by the application alone, never by a request
};
/// A status of 400 or more carries problem details (RFC 9457): {"title", "detail", "status"}.
struct ApiResponse {
  unsigned status = 200;
  boost::json::value body;
};
using ApiHandler = std::function<ApiResponse(const ApiRequest&)>;

/// The problem-details answer for an error of ours.
ApiResponse problem(const Error& error);

/// HTTP/1.1 server (Boost.Beast) on a Unix socket, 0600 unless systemd made it. Two threads of its
/// own, so that a slow request does not stall another. Header and body sizes and times are bounded.
/// Thread: handlers run in the server's threads.
class AdminServer {
 public:
  /// @param socket  a path to bind (a stale socket file nobody listens on is replaced), or the
  /// descriptor systemd passed in `inherited_fd`. Throws std::system_error, also when another
  /// process serves the path.
  AdminServer(const std::filesystem::path& socket, std::optional<int> inherited_fd,
              ApiHandler handler);
  ~AdminServer();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The CLI's side. NotFound: no daemon there (one clear line); Denied: no right to the socket;
/// Unavailable: it does not answer.
Result<ApiResponse> call_admin(const std::filesystem::path& socket, std::string_view method,
                               std::string_view target, const boost::json::value& body = nullptr,
                               std::chrono::seconds timeout = std::chrono::seconds(60));

}  // namespace dosigate
