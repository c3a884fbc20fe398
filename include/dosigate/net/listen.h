#pragma once

#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace dosigate {

/// Listens at "127.0.0.1:104" or "[::1]:104"; port 0: a free one. Throws std::system_error, which
/// names the address.
boost::asio::ip::tcp::acceptor listen_at(boost::asio::io_context& io, const std::string& address);

/// The same form, of what is bound.
std::string endpoint_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace dosigate
