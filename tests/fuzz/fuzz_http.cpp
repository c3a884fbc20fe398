// A request on the admin socket: head and body within their limits, target and JSON as we read
// them.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/target.h"
#include "fuzz/fuzz.h"

namespace http = boost::beast::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(16U << 10U);
  parser.body_limit(1U << 20U);
  boost::beast::error_code failed;
  parser.put(boost::asio::buffer(data, size), failed);
  if (!parser.is_header_done()) return 0;
  const auto& request = parser.get();
  const auto target = dosigate::parse_target({request.target().data(), request.target().size()});
  if (target) must(target->path.starts_with('/') && target->path.find('?') == std::string::npos);
  must(request.body().size() <= 1U << 20U);
  boost::json::error_code wrong;
  const auto value = boost::json::parse(request.body(), wrong);
  if (!wrong) (void)boost::json::serialize(value);
  return 0;
}
