#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dosigate/forward/forwarder.h"
#include "dosigate/net/outbound_stream.h"
#include "throttle.h"

namespace dosigate {

struct Pace;

/// An answer over HTTP, read whole.
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  ///< RFC 9110 10.2.3, as a number of seconds
};
/// "503 Service Unavailable".
std::string http_status_text(unsigned status);

/// One kept-open HTTP/1.1 connection to an archive's DICOMweb service, direct or through a tunnel
/// of a proxy, plain or over TLS. Redirects are not followed: they lead to a host that nobody has
/// configured. Thread: one.
///
/// Faults: Denied when only a person can change it (TLS refused, no credentials), Unavailable for
/// everything that may pass; in words.
class HttpLink {
 public:
  static Result<std::unique_ptr<HttpLink>> open(const Destination& to);

  using Sink = std::function<bool(ByteView)>;
  using Source = std::function<Result<void>(const Sink&)>;
  /// What is sent: a head without its last empty line, and a body that its Content-Length (there)
  /// announces.
  struct Request {
    std::string method, target;  ///< "POST", "/studies": below the path of the configured address
    std::string headers;         ///< further ones, each with its line end
    std::uint64_t content_length = 0;
    Source body;                  ///< empty: none
    std::size_t most_answer = 0;  ///< bytes of the answer's body, above which it is a fault
  };
  /// Sends the body in pieces, `pace` taken for each; an answer that comes before its end stops it.
  /// A fault of the source is returned as it is, and the connection closed, so that the archive
  /// does not get the announced length and keeps nothing.
  Result<HttpAnswer> exchange(const Request& request, const Pace* pace = nullptr);

  /// False after a fault, or when the archive wants it closed.
  bool usable() const { return usable_; }
  /// The archive closed it while nothing was going on.
  bool is_stale() { return stream_->has_something(); }
  /// Whether the last fault was the archive's end of a connection that had served before, without a
  /// byte of an answer: RFC 9112 9.3.1 has the request sent again over a new one.
  bool ended_while_idle() const { return ended_while_idle_; }

 private:
  explicit HttpLink(Destination to) : to_(std::move(to)) {}
  Result<void> connect();
  Result<void> tunnel(SteadyTime deadline);
  Result<std::string> head_of(const Request& request) const;
  Result<HttpAnswer> read_answer(SteadyTime deadline, std::size_t most, bool to_connect);
  Error broken_off(const char* during) const;

  const Destination to_;
  std::unique_ptr<OutboundStream> stream_;
  Bytes in_;  // read and not used yet
  bool usable_ = true;
  bool ended_while_idle_ = false;
  bool heard_ = false;  // a byte of the answer that is awaited
  unsigned served_ = 0;
};

}  // namespace dosigate
