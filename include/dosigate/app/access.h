#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dosigate {

/// What a request needs. Each endpoint has exactly one (docs/http-api.md).
enum class Right : std::uint8_t {
  Operate,     ///< run the node: status, queue, quarantine list, reload, drain
  Reveal,      ///< learn who somebody is: look-up, reveal, the person's report
  Manage,      ///< what cannot be undone or leaves the node: forget, export, keys, release, backup
  Deidentify,  ///< have instances cleaned and given back
  Store,       ///< send instances to be forwarded (STOW-RS)
  Metrics,     ///< read /metrics
};
inline constexpr Right kAllRights[] = {Right::Operate,    Right::Reveal, Right::Manage,
                                       Right::Deidentify, Right::Store,  Right::Metrics};
std::string_view right_word(Right right);
std::optional<Right> parse_right(std::string_view word);

/// Rights of a token or certificate, each a bit.
constexpr std::uint32_t right_bit(Right right) {
  return std::uint32_t{1} << static_cast<unsigned>(right);
}

/// The section [access]. An account has a right when it is in one of its groups.
struct AccessRules {
  struct Group {
    std::string name;
    std::optional<unsigned> gid;  ///< nullopt: there is no such group on this machine
  };
  using Groups = std::vector<Group>;

  std::optional<Groups> operate, reveal, manage;  ///< nullopt: not said
  unsigned reveals_per_hour = 60;                 ///< of one user
  bool two_persons = false;                       ///< for export and forget
  std::chrono::hours approval{24};                ///< in which the second person may approve

  /// Whether any right is given to groups at all.
  bool by_group() const { return operate || reveal || manage; }
};

/// Who asks, as the kernel says it of the moment of the connection.
struct AdminPeer {
  unsigned uid = 0, gid = 0;
  std::vector<unsigned> groups;  ///< supplementary ones
};

/// Whether `peer` has `right`. Root and the service's own user have each: both can read the keys,
/// so a refusal would be for show. With no group named in [access]: whoever the socket lets in.
/// With some: a right without groups belongs to nobody else, but Operate, which then is everybody's
/// whom the socket lets in.
/// @param without_manage  what stands for Manage when [access] says nothing of it.
bool permits(const AccessRules& rules, Right right, Right without_manage, const AdminPeer& peer,
             unsigned service_uid);

}  // namespace dosigate
