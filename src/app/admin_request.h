#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "dosigate/api/http.h"

namespace dosigate {

/// A text field of a request's body; empty when it is missing or no text.
std::string text_of(const boost::json::value& body, std::string_view key);
/// The answer to a request without a field that it needs.
ApiResponse missing(std::string_view field);

}  // namespace dosigate
