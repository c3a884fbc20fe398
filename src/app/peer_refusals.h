#pragma once

#include <map>
#include <string>

#include "dosigate/app/incidents.h"
#include "dosigate/base/guarded.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Associations that no route admits, in the audit log and the incident register: at once the first
/// time, then once per interval with how often, so that a machine that tries every second writes
/// six lines an hour. At most 64 peers by name and address; all others count together. A kill loses
/// the count since the last line. Thread: any.
class PeerRefusals {
 public:
  PeerRefusals(AuditLog& audit, IncidentRegister& incidents, SteadyClock clock = steady_now)
      : audit_(audit), incidents_(incidents), clock_(std::move(clock)) {}
  ~PeerRefusals() { write_all(true); }
  PeerRefusals(const PeerRefusals&) = delete;
  PeerRefusals& operator=(const PeerRefusals&) = delete;

  void add(const Origin& origin, const std::string& reason) noexcept;
  /// What has waited for its interval. Now and then.
  void flush() noexcept { write_all(false); }

 private:
  struct Peer {
    Origin origin;
    std::string reason;
    std::uint64_t count = 0;  ///< not recorded yet
    SteadyTime recorded{};
  };
  void write_all(bool now) noexcept;
  void record(const Peer& peer) noexcept;

  AuditLog& audit_;
  IncidentRegister& incidents_;
  SteadyClock clock_;
  Guarded<std::map<std::string, Peer>> peers_;
};

}  // namespace dosigate
