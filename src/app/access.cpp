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
      return "manage";
    case Right::Deidentify:
      return "deidentify";
    case Right::Store:
      return "store";
    case Right::Metrics:
      break;
  }
  return "metrics";
}

std::optional<Right> parse_right(std::string_view word) {
  for (const Right right : kAllRights)
    if (word == right_word(right)) return right;
  return std::nullopt;
}

bool permits(const AccessRules& rules, Right right, Right without_manage, const AdminPeer& peer,
             unsigned service_uid) {
  if (peer.uid == 0 || peer.uid == service_uid || !rules.by_group()) return true;
  if (right == Right::Manage && !rules.manage) right = without_manage;
  const bool of_persons = right == Right::Reveal || right == Right::Manage;
  const auto& groups = right == Right::Reveal   ? rules.reveal
                       : right == Right::Manage ? rules.manage
                                                : rules.operate;
  if (!groups) return !of_persons;
  return std::ranges::any_of(*groups, [&](const AccessRules::Group& group) {
    return group.gid && (*group.gid == peer.gid ||
                         std::ranges::find(peer.groups, *group.gid) != peer.groups.end());
  });
}

}  // namespace dosigate
