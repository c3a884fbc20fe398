#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "dosigate/base/durable_file.h"
#include "dosigate/net/association_request.h"

namespace dosigate {

/// A TCP connection whose first PDU is a well-formed A-ASSOCIATE-RQ.
struct IncomingAssociation {
  FileDescriptor socket;      ///< blocking mode, TCP_NODELAY
  std::string address;        ///< of the peer, numeric
  AssociationRequest request;
  Bytes first_pdu;            ///< as received, to be read again by DCMTK
};

/// Listens and reads first PDUs, all asynchronous: one silent peer delays nobody.
/// Thread: the io_context's; `on_association` is called there and must not block.
class Acceptor {
 public:
  struct Settings {
    std::vector<std::string> listen;            ///< "address:port"; port 0 = any free one
    std::chrono::seconds first_pdu_deadline{10};///< ARTIM, PS3.8 9.1.5
    std::size_t max_pending = 256;              ///< connections without a complete first PDU
    std::size_t max_pending_per_address = 64;
  };
  struct Counters {
    std::uint64_t accepted, malformed, timed_out, over_limit;
  };
  using OnAssociation = std::function<void(IncomingAssociation)>;

  /// Binds at once; throws std::system_error naming the address when it cannot.
  Acceptor(boost::asio::io_context& io, Settings settings, OnAssociation on_association);
  ~Acceptor();
  /// Closes listeners and pending connections. Idempotent.
  void stop();
  /// "127.0.0.1:11112" as bound.
  std::vector<std::string> endpoints() const;
  Counters counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dosigate
