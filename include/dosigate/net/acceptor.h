#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/net/association_request.h"
#include "dosigate/net/caller.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// A TCP connection whose first PDU is a well-formed A-ASSOCIATE-RQ.
struct IncomingAssociation {
  FileDescriptor socket;  ///< blocking mode, TCP_NODELAY
  std::string address;    ///< of the peer, numeric
  AssociationRequest request;
  Bytes first_pdu;                  ///< as received, to be read again by DCMTK
  std::unique_ptr<TlsSession> tls;  ///< over `socket`, its handshake done; null: plain
};

/// Listens, reads first PDUs and turns away who is not wanted, all asynchronous: one silent peer
/// delays nobody. A malformed first PDU is answered (A-ABORT, or A-ASSOCIATE-RJ for a foreign
/// protocol version) and the connection closed. When too many wait with an incomplete request, the
/// one that has waited longest goes: an honest peer has sent its request long before. Thread: the
/// functions it is given are called in the io_context's thread and must not block; the methods may
/// be called from any.
class Acceptor {
 public:
  struct Settings {
    std::vector<std::string>
        listen;  ///< "address:port", IPv6 as "[::]:port" (then IPv6 only); port 0 = any free one
    std::vector<std::string> listen_tls{};  ///< likewise; TLS and nothing else is spoken there
    /// Of the next connection to `listen_tls`; null: it is closed.
    std::function<std::shared_ptr<const TlsContext>()> tls_context{};
    /// A handshake that failed, with the reason in fixed words. Called as `on_association`.
    std::function<void(const std::string& address, const std::string& reason)> on_tls_failure{};
    std::chrono::seconds first_pdu_deadline{10};  ///< ARTIM, PS3.8 9.1.5; with the TLS handshake
    std::size_t max_pending = 512;                ///< connections without a complete first PDU
    std::size_t max_pending_per_address = 256;

    // Who may come in; an empty function lets everybody in. The PDU that one of the latter two
    // returns is sent, and the connection closed.
    std::function<bool(const std::string& address)> welcomes;  ///< else closed before it is read
    std::function<std::optional<Bytes>(const Caller&)> judge_titles;  ///< contexts are not read yet
    std::function<std::optional<Bytes>(const Caller&, const AssociationRequest&)> judge_request;
  };
  struct Counters {
    std::uint64_t accepted;  ///< connections taken, whatever became of them
    std::uint64_t malformed, timed_out;
    std::uint64_t over_limit;  ///< closed for one that came later
    std::uint64_t
        failed;  ///< accept itself failed (no descriptors left): tried again after a pause
    std::uint64_t tls_failed;   ///< handshakes, those included that timed out
    std::uint64_t unwelcome;    ///< closed because of its address
    std::uint64_t turned_away;  ///< answered with what a judge returned
  };
  using OnAssociation = std::function<void(IncomingAssociation)>;

  /// Binds at once; throws std::system_error naming the address when it cannot.
  Acceptor(boost::asio::io_context& io, Settings settings, OnAssociation on_association);
  ~Acceptor();
  /// Closes listeners and pending connections; `on_association` is not called once it has returned.
  /// Idempotent.
  void stop();
  /// "127.0.0.1:11112" as bound, the plain ones.
  std::vector<std::string> endpoints() const;
  std::vector<std::string> tls_endpoints() const;
  Counters counters() const;
  /// When the thread that accepts has come round last; has it come round again. Old: it hangs, and
  /// nobody is let in.
  SteadyTime last_turn() const;
  /// How many wait at present, by address.
  std::map<std::string, std::size_t> pending() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dosigate
