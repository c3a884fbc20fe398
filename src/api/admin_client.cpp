#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "dosigate/api/http.h"

namespace dosigate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;

constexpr std::uint64_t kLargestAnswer = 64U << 20U;

Error not_reached(const std::filesystem::path& socket, const beast::error_code& failed) {
  const std::string where = socket.string();
  if (failed == boost::system::errc::permission_denied ||
      failed == boost::system::errc::operation_not_permitted) {
    return fail(Fault::Denied, "no right to the admin socket " + where +
                                   ": use sudo, or an account in the group of the socket");
  }
  if (failed == boost::system::errc::no_such_file_or_directory ||
      failed == boost::system::errc::connection_refused ||
      failed == boost::system::errc::not_a_directory) {
    return fail(Fault::NotFound, "no dosigated answers at " + where +
                                     ": is it running? (systemctl status dosigate)");
  }
  return fail(Fault::Unavailable, "cannot reach dosigated at " + where + ": " + failed.message());
}

Error not_answered(const std::filesystem::path& socket, const beast::error_code& failed) {
  const std::string where = "dosigated at " + socket.string();
  if (failed == beast::error::timeout)
    return fail(Fault::Unavailable, where + " does not answer in time");
  return fail(Fault::Unavailable, where + " broke off its answer: " + failed.message());
}

}  // namespace

Result<ApiResponse> call_admin(const std::filesystem::path& socket, std::string_view method,
                               std::string_view target, const boost::json::value& body,
                               std::chrono::seconds timeout) {
  asio::io_context io;
  beast::basic_stream<Local> stream(io);
  beast::error_code failed;
  // Asynchronous only so that the time limit holds; one step after the other.
  const auto step = [&](auto&& begin) {
    begin([&](const beast::error_code& result, auto...) { failed = result; });
    io.restart();
    io.run();
  };

  // Beyond 107 bytes Asio throws, which is a wrong configuration and not a broken machine.
  if (socket.string().size() > 107)
    return fail(Fault::Invalid, "[node] admin_socket has more than 107 bytes: " + socket.string());
  stream.expires_after(timeout);
  step([&](auto done) { stream.async_connect(Local::endpoint(socket.string()), done); });
  if (failed) return not_reached(socket, failed);

  http::request<http::string_body> request(http::string_to_verb({method.data(), method.size()}),
                                           {target.data(), target.size()}, 11);
  request.set(http::field::host, "dosigate");
  request.keep_alive(false);
  if (!body.is_null()) {
    request.set(http::field::content_type, "application/json");
    request.body() = boost::json::serialize(body);
  }
  request.prepare_payload();
  step([&](auto done) { http::async_write(stream, request, done); });
  if (failed) return not_answered(socket, failed);

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLargestAnswer);
  step([&](auto done) { http::async_read(stream, buffer, parser, done); });
  if (failed) return not_answered(socket, failed);

  ApiResponse out;
  out.status = parser.get().result_int();
  boost::json::error_code wrong;
  out.body = boost::json::parse(parser.get().body(), wrong);
  if (wrong)
    return fail(Fault::Unavailable, "what answers at " + socket.string() + " is no dosigated");
  return out;
}

}  // namespace dosigate
