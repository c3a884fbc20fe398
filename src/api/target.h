#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dosigate {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded
};
/// An origin-form request target (RFC 9112 3.2.1); nullopt when it is none or an escape is broken.
/// "+" in a query is a space.
std::optional<Target> parse_target(std::string_view text);

}  // namespace dosigate
