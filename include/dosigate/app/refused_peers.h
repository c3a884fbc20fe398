#pragma once

#include <string>
#include <vector>

#include "dosigate/base/guarded.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Who was turned away because no route fits, so that an administrator can paste the missing route.
/// Bounded: the longest silent goes first. Thread: any.
class RefusedPeers {
 public:
  struct Peer {
    Origin origin;
    std::string reason;
    std::uint64_t count = 0;
    long long last_unix = 0;
  };
  /// @return true the first time in ten minutes for this peer: log it then, and not a thousand
  /// times.
  bool add(const Origin& origin, const std::string& reason, long long now_unix);
  /// Latest first.
  std::vector<Peer> list() const;

 private:
  static constexpr std::size_t kMost = 64;
  Guarded<std::vector<Peer>> peers_;
};

/// The `[[route]]` that would admit a peer, as TOML with a destination and a site to be filled in.
std::string route_toml(const Origin& origin);

}  // namespace dosigate
