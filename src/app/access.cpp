#include "dosigate/app/access.h"

#include <algorithm>

namespace dosigate {

std::string_view right_word(Right right) {
  switch (right) {
    case Right::Operate:
      return "operate";
    case Right::Reveal:
      return "reveal";
    case Right::Manage:
      break;
  }
  return "manage";
}

bool permits(const AccessRules& rules, Right right, Right without_manage, const AdminPeer& peer,
             unsigned service_uid) {
  if (peer.uid == 0 || peer.uid == service_uid || !rules.by_group()) return true;
  if (right == Right::Manage && !rules.manage) right = without_manage;
  const auto& groups = right == Right::Operate  ? rules.operate
                       : right == Right::Reveal ? rules.reveal
                                                : rules.manage;
  if (!groups) return right == Right::Operate;
  return std::ranges::any_of(*groups, [&](const AccessRules::Group& group) {
    return group.gid && (*group.gid == peer.gid ||
                         std::ranges::find(peer.groups, *group.gid) != peer.groups.end());
  });
}

}  // namespace dosigate
