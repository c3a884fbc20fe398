#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json/value.hpp>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/base/tls_identity.h"

namespace dosigate {

/// Memory for JSON values that is overwritten before it is given back. Thread: any.
boost::json::storage_ptr wiping_memory();

/// One request of the HTTP API, over the admin socket or TCP.
struct ApiRequest {
  std::string method;                                      ///< "GET", "POST"
  std::string path;                                        ///< "/api/v1/status", without query
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded
  /// Null when there is none. What is assigned is copied into this memory if it is of another.
  boost::json::value body = boost::json::value(wiping_memory());

  // Headers, empty when they are not there.
  std::string content_type, accept, accept_language, if_none_match, idempotency_key, origin;
  std::string authorization;  ///< as it came: a credential, never logged

  // Who connected. Over the socket: the peer process; over TCP: an address.
  bool local = false;                      ///< over the admin socket
  unsigned uid = 0, gid = 0;               ///< SO_PEERCRED; local only
  std::vector<unsigned> groups;            ///< supplementary ones when it connected (SO_PEERGROUPS)
  std::string address;                     ///< numeric, without port; empty when local
  std::optional<TlsIdentity> certificate;  ///< that it showed, checked against the CA

  /// For the audit log. Local: user name of uid, or "uid 1000". Over TCP set by the application,
  /// which says who that is: "token:NAME", "certificate:NAME".
  std::string actor;
  std::uint32_t rights = 0;  ///< of the application's making; not local only
  std::string approver;  ///< the second person; set by the application alone, never by a request

  /// The first value of a key of the query; empty when it is not there.
  std::string queried(std::string_view key) const {
    for (const auto& [name, value] : query)
      if (name == key) return value;
    return {};
  }
};

/// A body that is read while it is sent, once. Thread: one.
class ApiBody {
 public:
  virtual ~ApiBody() = default;
  virtual std::uint64_t length() const = 0;
  /// Gives all of it to `sink`, which returns false when the peer has gone.
  virtual Result<void> read(const std::function<bool(ByteView)>& sink) = 0;
};

/// A status of 400 or more carries problem details (RFC 9457): {"title", "detail", "status"}.
struct ApiResponse {
  unsigned status = 200;
  boost::json::value body{};
  std::string content_type{};  ///< empty: JSON, and `body` is what is sent
  std::string text{};          ///< sent when content_type is said and there is no `stream`
  std::shared_ptr<ApiBody> stream{};
  std::vector<std::pair<std::string, std::string>> headers{};
};
/// A request body as it arrives. Thread: one.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  /// At least one byte; 0 at its end. Throws std::system_error when the peer has gone, is too slow
  /// or sends more than it may.
  virtual std::size_t read(std::span<Byte> into) = 0;
};

/// What the application makes of requests. Thread: any, many at once.
class ApiService {
 public:
  virtual ~ApiService() = default;
  struct Entry {
    std::uint64_t most_body = 1U << 20U;  ///< bytes
    bool streamed = false;                ///< the body goes to `stream` as it arrives
  };
  /// Before the body is read: says who asks (`actor`, `rights`) and what may come, or answers at
  /// once (401, 403, 404, 405, 413, 415, 429, 503).
  virtual std::variant<Entry, ApiResponse> enter(ApiRequest& head) = 0;
  /// One that entered, with its JSON body.
  virtual ApiResponse answer(const ApiRequest& request) = 0;
  /// One that entered as streamed. What is left of the body afterwards is thrown away.
  virtual ApiResponse stream(const ApiRequest& head, RequestBody& body) = 0;
};

/// The problem-details answer for an error of ours.
ApiResponse problem(const Error& error);

/// HTTP/1.1 server (Boost.Beast) on a Unix socket, 0600 unless systemd made it. Bytes are moved by
/// threads that never wait; a slow request does not stall another. Header sizes and times are
/// bounded. Thread: the service is asked in the server's threads.
class AdminServer {
 public:
  /// @param socket  a path to bind (a stale socket file nobody listens on is replaced), or the
  /// descriptor systemd passed in `inherited_fd`. Throws std::system_error, also when another
  /// process serves the path.
  AdminServer(const std::filesystem::path& socket, std::optional<int> inherited_fd,
              ApiService& service);
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
