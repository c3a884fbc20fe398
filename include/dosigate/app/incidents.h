#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/audit/audit_event.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/clock.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// What counts as an incident (Res. CD/ANPD 15/2024 art. 10 asks for a register of them).
enum class IncidentKind {
  RefusedPeer,  ///< a machine that no route admits tried to send
  LeakHit,      ///< the leak check held an instance: identity was about to leave
  MapRead,      ///< somebody asked the map for what the rights or the rate do not allow
  Integrity,    ///< something stored does not authenticate or does not hold together
};
/// "refused-peer", "leak-hit", "map-read", "integrity".
std::string_view incident_word(IncidentKind kind);
std::optional<IncidentKind> parse_incident_kind(std::string_view word);

/// One entry of the register: what happened of one kind to one thing on one day of UTC. Free of
/// identity: AE titles, addresses, user names, files, pseudonyms.
struct Incident {
  std::uint64_t number = 0;
  IncidentKind kind = IncidentKind::Integrity;
  std::string of;                    ///< the peer, user, route or file
  std::string detail;                ///< in words, of the first time
  std::int64_t first = 0, last = 0;  ///< Unix seconds
  std::uint64_t count = 0;           ///< times
  std::set<std::string> subjects;    ///< pseudonyms of the data subjects concerned
  bool open = true;
  std::string closed_by, reason;  ///< of one that a person closed
  std::int64_t closed = 0;
};

/// The register as its lines tell it, in order. Thread: one.
class IncidentBook {
 public:
  void take(const AuditEvent& line);
  const std::map<std::uint64_t, Incident>& all() const { return incidents_; }
  /// Number of the open one of that kind, thing and day.
  std::optional<std::uint64_t> same(IncidentKind kind, const std::string& of,
                                    std::int64_t day) const;
  /// How many different things of a kind there are on a day.
  std::size_t things(IncidentKind kind, std::int64_t day) const;
  std::uint64_t next_number() const {
    return incidents_.empty() ? 1 : incidents_.rbegin()->first + 1;
  }

 private:
  std::map<std::uint64_t, Incident> incidents_;
};

/// The incident register: <state_dir>/incidents/incidents.jsonl, append-only and hash-chained like
/// the audit record, kept for good and part of every backup. What happens again on the same day
/// counts at the entry that is there; the count goes to disk with `flush`, the first time and every
/// new data subject at once. Thread: any.
class IncidentRegister {
 public:
  /// Takes in what was remembered while no node ran (remember_incident). A register that was
  /// changed is moved aside, kept, and is the first incident of the new one. Busy while another
  /// process has it open. Keyring and audit log outlive it.
  static Result<std::unique_ptr<IncidentRegister>> open(const std::filesystem::path& state_dir,
                                                        const Keyring& keys, AuditLog& audit,
                                                        WallClock clock = wall_now);
  ~IncidentRegister();

  /// Never throws: what cannot be written is logged, and the caller's work goes on.
  /// @param ago  since the first of `times`; the last of them is now.
  void note(IncidentKind kind, const std::string& of, const std::string& detail,
            const std::set<std::string>& subjects = {}, std::uint64_t times = 1,
            std::chrono::seconds ago = {}) noexcept;
  /// Counts that only memory has.
  void flush() noexcept;
  /// NotFound, or Conflict when it is closed already. Durable on return.
  Result<void> close(std::uint64_t number, const std::string& actor, const std::string& reason);
  /// In the order of their numbers.
  std::vector<Incident> list() const;

 private:
  IncidentRegister(std::unique_ptr<AuditLog> lines, AuditLog& audit, WallClock clock);
  void noted(IncidentKind kind, const std::string& of, const std::string& detail,
             const std::set<std::string>& subjects, std::uint64_t times, std::int64_t first,
             std::int64_t last);
  void write(const std::string& event, const std::string& actor,
             std::vector<std::pair<std::string, std::string>> fields);
  void write_count(std::uint64_t number, const std::set<std::string>& subjects);

  mutable std::mutex mutex_;
  std::unique_ptr<AuditLog> lines_;
  AuditLog& audit_;
  WallClock clock_;
  IncidentBook book_;
  /// Times since the last line of an incident, and when.
  struct More {
    std::uint64_t times = 0;
    std::int64_t last = 0;
  };
  std::map<std::uint64_t, More> more_;
};

/// The register of a node that does not run. Corrupt when it was changed.
Result<std::vector<Incident>> read_incidents(const std::filesystem::path& state_dir,
                                             const Keyring& keys);

/// For what happens where no register is open: a node that cannot start because its keyring or its
/// audit record does not hold. Waits in <state_dir>/incidents.pending until the next start; once a
/// day for each thing. Never throws.
void remember_incident(const std::filesystem::path& state_dir, IncidentKind kind,
                       const std::string& of, const std::string& detail,
                       WallTime now = wall_now()) noexcept;

}  // namespace dosigate
