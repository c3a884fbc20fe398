#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "dosigate/net/tls.h"
#include "server_core.h"

namespace dosigate {

/// Who failed a handshake and why; what the library says of it, nothing that the peer chose.
using OnTlsFailure = std::function<void(const std::string& address, const std::string& why)>;

/// Serves one connection until it ends, errs or is silent for ten seconds between requests. Closes
/// it when the server has enough of them.
///
/// A head is read within ten seconds, and the service says whether and how its body may come before
/// a byte of that is read. The socket's executor is a strand of the core's.
void serve_local(boost::asio::local::stream_protocol::socket socket, ServerCore& core);
/// Over TCP: plain without `tls`.
void serve_tcp(boost::asio::ip::tcp::socket socket, ServerCore& core,
               const std::shared_ptr<const TlsContext>& tls, const OnTlsFailure& failed);

}  // namespace dosigate
