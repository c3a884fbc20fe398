#include "admin_request.h"

namespace dosigate {

std::string text_of(const boost::json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

ApiResponse missing(std::string_view field) {
  return problem(fail(Fault::Invalid, "the request has no \"" + std::string(field) + "\""));
}

}  // namespace dosigate
