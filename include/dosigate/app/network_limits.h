#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dosigate {

/// [network]: what the peers together, and one address, may use of this node, and how patient it is
/// with them. conf/dosigate.toml explains every key.
struct NetworkLimits {
  unsigned max_pending = 512;  ///< connections whose association request is not complete
  unsigned max_pending_per_address = 256;
  std::chrono::seconds first_pdu_timeout{10};  ///< ARTIM, PS3.8 9.1.5
  unsigned max_associations = 160;
  unsigned max_associations_per_address = 128;
  std::chrono::seconds idle_timeout{300};  ///< cameras hold associations while they reconstruct
  std::chrono::seconds dimse_timeout{30};  ///< for the next byte inside a message
  unsigned min_bytes_per_s = 500;          ///< inside a message, on average over `rate_window`
  std::chrono::seconds rate_window{30};
  /// An address that no route, peer or destination has is closed before a byte of it is read; else
  /// its titles are read and it is told (A-ASSOCIATE-RJ).
  bool close_unlisted = false;
  std::chrono::seconds refused_log_interval{600};

  friend bool operator==(const NetworkLimits&, const NetworkLimits&) = default;
};

/// Keys of [network] that differ between the two.
std::vector<std::string> changed_network_keys(const NetworkLimits& before,
                                              const NetworkLimits& now);

}  // namespace dosigate
