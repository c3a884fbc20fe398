#include "request_head.h"

#include "target.h"

namespace dosigate {
namespace {

namespace http = boost::beast::http;

std::string text_of(const RequestHead& head, http::field field) {
  const auto value = head[field];
  return {value.data(), value.size()};
}

}  // namespace

bool read_head(const RequestHead& head, ApiRequest& into) {
  auto target = parse_target({head.target().data(), head.target().size()});
  if (!target) return false;
  into.method = std::string(head.method_string());
  into.path = std::move(target->path);
  into.query = std::move(target->query);
  into.content_type = text_of(head, http::field::content_type);
  into.accept = text_of(head, http::field::accept);
  into.accept_language = text_of(head, http::field::accept_language);
  into.if_none_match = text_of(head, http::field::if_none_match);
  into.origin = text_of(head, http::field::origin);
  into.authorization = text_of(head, http::field::authorization);
  const auto key = head["Idempotency-Key"];
  into.idempotency_key = {key.data(), key.size()};
  return true;
}

}  // namespace dosigate
