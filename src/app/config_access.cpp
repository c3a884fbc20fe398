// The section [access]: who may do what over the admin socket.

#include <grp.h>

#include <array>
#include <cerrno>

#include "config_sections.h"

namespace dosigate {
namespace {

constexpr std::int64_t kMostReveals = 10'000;
constexpr std::int64_t kLongestApproval = 168;

/// By name, or nullopt when this machine has none.
std::optional<unsigned> gid_of(const std::string& name) {
  std::vector<char> buffer(4096);
  for (;;) {
    group entry{};
    group* found = nullptr;
    const int failed = getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (failed == ERANGE && buffer.size() < (1U << 20U)) {
      buffer.resize(buffer.size() * 2);  // a group with many members
      continue;
    }
    if (found == nullptr) return std::nullopt;
    return found->gr_gid;
  }
}

}  // namespace

void SectionReader::access(const toml::table& table) {
  TableReader reader(table, "[access]", problems_, known_);
  AccessRules& access = config_.access;
  const auto groups = [&](std::string_view key, std::optional<AccessRules::Groups>& into) {
    const auto names = reader.text_or_texts(key);
    if (!names) return;
    into.emplace();
    for (const std::string& name : *names) {
      into->push_back({name, gid_of(name)});
      if (!into->back().gid)
        reader.warning(key, "there is no group \"" + name + "\" on this machine: `groupadd " +
                                name + "` makes it, a reload then finds it");
    }
  };
  groups("operate", access.operate);
  groups("reveal", access.reveal);
  groups("manage", access.manage);
  if (access.by_group() && !access.reveal)
    reader.warning("reveal",
                   "is not said: none but root and the service's user may ask who somebody "
                   "is, while other rights are given to groups");
  access.reveals_per_hour = static_cast<unsigned>(
      reader.integer("reveals_per_hour", 1, kMostReveals).value_or(access.reveals_per_hour));
  access.two_persons = reader.boolean("two_persons").value_or(access.two_persons);
  access.approval = std::chrono::hours(
      reader.integer("approval_hours", 1, kLongestApproval).value_or(access.approval.count()));
  reader.finish();
}

}  // namespace dosigate
