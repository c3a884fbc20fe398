#include "dosigate/net/listen.h"

#include <fcntl.h>

#include <boost/asio/ip/v6_only.hpp>

#include <charconv>
#include <system_error>

namespace dosigate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// "127.0.0.1:104" or "[::1]:104".
tcp::endpoint parse_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  boost::system::error_code error = asio::error::invalid_argument;
  asio::ip::address address;
  if (colon != std::string::npos && colon > 0) {
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data() + colon + 1, end, port);
    std::string host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (problem == std::errc() && stop == end) address = asio::ip::make_address(host, error);
  }
  if (error) {
    throw std::system_error(EINVAL, std::generic_category(),
                            "listen address \"" + text + "\" is not address:port");
  }
  return {address, port};
}

}  // namespace

tcp::acceptor listen_at(asio::io_context& io, const std::string& address) {
  const tcp::endpoint endpoint = parse_endpoint(address);
  tcp::acceptor socket(io);
  boost::system::error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.set_option(tcp::acceptor::reuse_address(true), error);
  // Each family is listed by itself, so that "0.0.0.0:104" and "[::]:104" can stand side by side.
  if (!error && endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(true), error);
  if (!error) socket.bind(endpoint, error);
  if (!error) socket.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::system_error(error.value(), std::generic_category(), "cannot listen on " + address);
  (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  return socket;
}

std::string endpoint_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace dosigate
