#include "dosigate/app/incidents.h"

#include <algorithm>
#include <fstream>

#include <spdlog/spdlog.h>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "incident_lines.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

/// A scan of the network, or a sender of made-up names, does not fill the register.
constexpr std::size_t kMostThings = 64;
constexpr const char* kOthers = "others";
constexpr const char* kDaemon = "dosigated";

std::string joined(const std::set<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// Never over one that is there.
fs::path put_aside(const fs::path& file, std::int64_t now) {
  for (int i = 0;; ++i) {
    fs::path aside = file;
    aside += ".changed-" + std::to_string(now) + (i == 0 ? "" : "-" + std::to_string(i));
    if (fs::exists(aside)) continue;
    fs::rename(file, aside);
    sync_directory(file.parent_path());
    return aside;
  }
}

}  // namespace

void each_incident_line(const fs::path& file, const std::function<void(const AuditEvent&)>& use) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (const auto event = parse_audit_line(line)) use(*event);
}

IncidentRegister::IncidentRegister(std::unique_ptr<AuditLog> lines, AuditLog& audit,
                                   WallClock clock)
    : lines_(std::move(lines)), audit_(audit), clock_(std::move(clock)) {}

IncidentRegister::~IncidentRegister() { flush(); }

Result<std::unique_ptr<IncidentRegister>> IncidentRegister::open(const fs::path& state_dir,
                                                                 const Keyring& keys,
                                                                 AuditLog& audit, WallClock clock) {
  const fs::path directory = fs::path(state_dir / kIncidents).parent_path();
  const fs::path file = directory / kIncidentsFile;
  std::string aside;
  auto lines = AuditLog::open(directory, keys, clock, kIncidentsFile);
  if (!lines && lines.error().fault == Fault::Corrupt) {
    aside = put_aside(file, to_unix(clock())).string();
    lines = AuditLog::open(directory, keys, clock, kIncidentsFile);
  }
  if (!lines) return lines.error();
  std::unique_ptr<IncidentRegister> out(
      new IncidentRegister(std::move(*lines), audit, std::move(clock)));
  each_incident_line(file, [&](const AuditEvent& line) { out->book_.take(line); });
  if (!aside.empty())
    out->note(IncidentKind::Integrity, "incident register",
              "the incident register was changed by someone else; as it was found it is kept in " +
                  aside + ", and a new one begins here");
  for (const PendingIncident& one : pending_incidents(state_dir))
    out->noted(one.kind, one.of, one.detail, {}, 1, one.when, one.when);
  forget_pending(state_dir);
  return out;
}

void IncidentRegister::note(IncidentKind kind, const std::string& of, const std::string& detail,
                            const std::set<std::string>& subjects, std::uint64_t times,
                            std::chrono::seconds ago) noexcept try {
  const std::int64_t last = to_unix(clock_());
  noted(kind, of, detail, subjects, times, last - ago.count(), last);
} catch (const std::exception& broken) {
  spdlog::error("cannot note an incident kind={} of=\"{}\" error={}", incident_word(kind), of,
                broken.what());
}

void IncidentRegister::noted(IncidentKind kind, const std::string& of, const std::string& detail,
                             const std::set<std::string>& subjects, std::uint64_t times,
                             std::int64_t first, std::int64_t last) {
  const std::lock_guard lock(mutex_);
  const std::int64_t day = first / kSecondsPerDay;
  std::string thing = of;
  auto known = book_.same(kind, thing, day);
  if (!known && book_.things(kind, day) >= kMostThings) {
    thing = kOthers;
    known = book_.same(kind, thing, day);
  }
  if (known) {
    More& more = more_[*known];
    more.times += times;
    more.last = last;
    std::set<std::string> fresh;
    const auto& before = book_.all().at(*known).subjects;
    std::set_difference(subjects.begin(), subjects.end(), before.begin(), before.end(),
                        std::inserter(fresh, fresh.end()));
    if (!fresh.empty()) write_count(*known, fresh);
    return;
  }
  const std::uint64_t id = book_.next_number();
  const std::string number = std::to_string(id);
  write(std::string(kIncidentNoted), kDaemon,
        {{"number", number},
         {"kind", std::string(incident_word(kind))},
         {"of", thing},
         {"detail", detail},
         {"subjects", joined(subjects)},
         {"when", std::to_string(first)}});
  if (times > 1) more_[id] = {times - 1, last};
  spdlog::error("incident number={} kind={} of=\"{}\": {}", number, incident_word(kind), thing,
                detail);
  audit_.record("incident." + std::string(incident_word(kind)), kDaemon,
                {{"number", number},
                 {"of", thing},
                 {"detail", detail},
                 {"subjects_affected", std::to_string(subjects.size())}});
}

void IncidentRegister::write(const std::string& event, const std::string& actor,
                             std::vector<std::pair<std::string, std::string>> fields) {
  lines_->record(event, actor, fields);
  book_.take({0, "", event, actor, std::move(fields), ""});
}

void IncidentRegister::write_count(std::uint64_t number, const std::set<std::string>& subjects) {
  const More more = more_[number];
  write(std::string(kIncidentMore), kDaemon,
        {{"number", std::to_string(number)},
         {"times", std::to_string(more.times)},
         {"subjects", joined(subjects)},
         {"when", std::to_string(more.last)}});
  more_.erase(number);
}

void IncidentRegister::flush() noexcept try {
  const std::lock_guard lock(mutex_);
  while (!more_.empty()) write_count(more_.begin()->first, {});
} catch (const std::exception& broken) {
  spdlog::error("cannot write the count of an incident error={}", broken.what());
}

Result<void> IncidentRegister::close(std::uint64_t number, const std::string& actor,
                                     const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const auto known = book_.all().find(number);
  if (known == book_.all().end())
    return fail(Fault::NotFound, "there is no incident of that number: see `dosigate incidents`");
  if (!known->second.open)
    return fail(Fault::Conflict, "the incident is closed already, by " + known->second.closed_by);
  if (more_.contains(number)) write_count(number, {});
  audit_.record("incident.closed", actor, {{"number", std::to_string(number)}, {"reason", reason}});
  write(std::string(kIncidentClosed), actor,
        {{"number", std::to_string(number)},
         {"reason", reason},
         {"when", std::to_string(to_unix(clock_()))}});
  return {};
}

std::vector<Incident> IncidentRegister::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Incident> out;
  for (const auto& [number, incident] : book_.all()) {
    out.push_back(incident);
    if (const auto more = more_.find(number); more != more_.end()) {
      out.back().count += more->second.times;
      out.back().last = std::max(out.back().last, more->second.last);
    }
  }
  return out;
}

Result<std::vector<Incident>> read_incidents(const fs::path& state_dir, const Keyring& keys) {
  IncidentBook book;
  const fs::path file = state_dir / kIncidents;
  if (fs::exists(file)) {
    if (const auto holds = AuditLog::verify_file(file, keys); !holds) return holds.error();
    each_incident_line(file, [&](const AuditEvent& line) { book.take(line); });
  }
  std::vector<Incident> out;
  for (const auto& [number, incident] : book.all()) out.push_back(incident);
  for (const PendingIncident& one : pending_incidents(state_dir)) {
    Incident incident;
    incident.kind = one.kind;
    incident.of = one.of;
    incident.detail = one.detail;
    incident.first = incident.last = one.when;
    incident.count = 1;
    out.push_back(incident);  // gets its number at the next start
  }
  return out;
}

}  // namespace dosigate
