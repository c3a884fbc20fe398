#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <spdlog/spdlog.h>
#include <boost/json.hpp>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "incident_lines.h"

// What happens while no register can be opened: one line of JSON each, without a chain, because its
// key may be what is missing.

namespace dosigate {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMostPending =
    1U << 20U;  ///< bytes: a service that restarts for days stays small

fs::path pending_file(const fs::path& state_dir) { return state_dir / "incidents.pending"; }

/// Written by root, it would be no file of the service.
void give_to_owner_of(const fs::path& state_dir, int fd) {
  struct stat owner {};
  if (::geteuid() == 0 && ::stat(state_dir.c_str(), &owner) == 0 &&
      ::fchown(fd, owner.st_uid, owner.st_gid) != 0)
    spdlog::warn("cannot give the pending incidents to the service's user");
}

}  // namespace

std::vector<PendingIncident> pending_incidents(const fs::path& state_dir) {
  std::vector<PendingIncident> out;
  std::ifstream in(pending_file(state_dir));
  for (std::string line; std::getline(in, line);) {
    boost::system::error_code cut_off;
    const auto parsed = json::parse(line, cut_off);
    const auto* fields = cut_off ? nullptr : parsed.if_object();
    if (fields == nullptr) continue;  // the last one, of a process that was killed
    const auto text = [&](const char* name) {
      const auto* value = fields->if_contains(name);
      return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                    : std::string();
    };
    const auto kind = parse_incident_kind(text("kind"));
    const auto* when = fields->if_contains("when");
    if (kind && when != nullptr && when->is_int64())
      out.push_back({*kind, text("of"), text("detail"), when->get_int64()});
  }
  return out;
}

void forget_pending(const fs::path& state_dir) {
  if (fs::remove(pending_file(state_dir))) sync_directory(state_dir);
}

void remember_incident(const fs::path& state_dir, IncidentKind kind, const std::string& of,
                       const std::string& detail, WallTime now) noexcept try {
  const std::int64_t when = to_unix(now);
  const auto known = pending_incidents(state_dir);
  const bool today = std::any_of(known.begin(), known.end(), [&](const PendingIncident& one) {
    return one.kind == kind && one.of == of && one.when / kSecondsPerDay == when / kSecondsPerDay;
  });
  std::error_code absent;
  const fs::path file = pending_file(state_dir);
  const auto size = fs::file_size(file, absent);
  if (today || (!absent && size > kMostPending)) return;
  const FileDescriptor opened(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!opened) throw std::system_error(errno, std::generic_category(), "open " + file.string());
  give_to_owner_of(state_dir, opened.get());
  const json::object line{
      {"kind", incident_word(kind)}, {"of", of}, {"detail", detail}, {"when", when}};
  // After a line that was cut off the new one begins a line of its own.
  write_all(opened.get(),
            as_bytes((absent || size == 0 ? "" : "\n") + json::serialize(line) + "\n"), file);
  sync_data(opened.get(), file);
  sync_directory(state_dir);
} catch (const std::exception& broken) {
  spdlog::error("cannot remember an incident kind={} error={}", incident_word(kind), broken.what());
}

}  // namespace dosigate
