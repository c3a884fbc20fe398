#pragma once

#include <map>
#include <optional>
#include <string>

#include "dosigate/app/incidents.h"
#include "dosigate/base/guarded.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Associations that no route admits, in the audit log and the incident register: at the next
/// `flush` the first time, then once per interval with how often, so that a machine that tries
/// every second writes six lines an hour. At most 64 peers by name and address; all others count
/// together. A kill loses the count since the last line. Thread: any.
class PeerRefusals {
 public:
  PeerRefusals(AuditLog& audit, IncidentRegister& incidents, SteadyClock clock = steady_now)
      : audit_(audit), incidents_(incidents), clock_(std::move(clock)) {}
  ~PeerRefusals() { write_all(); }
  PeerRefusals(const PeerRefusals&) = delete;
  PeerRefusals& operator=(const PeerRefusals&) = delete;

  /// Only counts: whoever accepts connections must not wait for the disk.
  void add(const Origin& origin, const std::string& reason) noexcept;
  /// Writes what is new, and what has waited for its interval. Every second or so.
  void flush() noexcept { write(false); }
  /// Everything, whatever its interval: before the end.
  void write_all() noexcept { write(true); }

 private:
  struct Peer {
    Origin origin;
    std::string reason;
    std::uint64_t count = 0;      ///< not in the audit log yet
    std::uint64_t not_noted = 0;  ///< nor in the register
    SteadyTime since{};           ///< the first of those
    std::optional<SteadyTime> recorded;
  };
  void write(bool now) noexcept;
  void record(const Peer& peer) noexcept;

  AuditLog& audit_;
  IncidentRegister& incidents_;
  SteadyClock clock_;
  Guarded<std::map<std::string, Peer>> peers_;
};

}  // namespace dosigate
