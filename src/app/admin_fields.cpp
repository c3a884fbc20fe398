#include "admin_fields.h"

#include <boost/json/object.hpp>

namespace dosigate {
namespace {

const boost::json::value* field(const boost::json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

}  // namespace

std::string text_of(const boost::json::value& body, std::string_view key) {
  const auto* value = field(body, key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

bool flag_of(const boost::json::value& body, std::string_view key) {
  const auto* value = field(body, key);
  const auto* flag = value == nullptr ? nullptr : value->if_bool();
  return flag != nullptr && *flag;
}

ApiResponse missing(std::string_view field) {
  return problem(fail(Fault::Invalid, "the request has no \"" + std::string(field) + "\""));
}

}  // namespace dosigate
