// The document of the API, as a program reads it: conf/openapi.json.

#include <boost/json.hpp>

#include "admin_api.h"

namespace dosigate {

extern const std::string_view openapi_text;

ApiResponse AdminApi::openapi() const {
  static const boost::json::value document = boost::json::parse(openapi_text);
  return {200, document};
}

}  // namespace dosigate
