#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// Where a chain of lines stands: number and chain value of its last line; 0 and zeros before the
/// first.
struct AuditLink {
  std::uint64_t number = 0;
  Digest value{};
};

/// The line that follows `link`, without its line end, and `link` moved to it.
///   {"n":1,"time":"...","event":"...","actor":"...","fields":{...},"key":1,"previous":"<64
///   hex>","chain":"<64 hex>"}
std::string extend(AuditLink& link, const Keyring& keys, WallTime time, std::string_view event,
                   std::string_view actor,
                   const std::vector<std::pair<std::string, std::string>>& fields);

/// Moves `link` to `line` when that is the line that follows it. @return nullptr, or in words what
/// is wrong with it.
const char* follow(AuditLink& link, std::string_view line, const Keyring& keys);

}  // namespace dosigate
