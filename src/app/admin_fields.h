#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "dosigate/api/http.h"

namespace dosigate {

/// The text of a field of a request; empty when it is not there or is no text.
std::string text_of(const boost::json::value& body, std::string_view key);
/// False when it is not there.
bool flag_of(const boost::json::value& body, std::string_view key);
ApiResponse missing(std::string_view field);

}  // namespace dosigate
