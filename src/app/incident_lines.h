#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "dosigate/app/incidents.h"

namespace dosigate {

// Lines of the register, and where it and what waits for it lie.
inline constexpr std::string_view kIncidentNoted = "incident.noted",
                                  kIncidentMore = "incident.more",
                                  kIncidentClosed = "incident.closed";
inline constexpr const char* kIncidentsFile = "incidents.jsonl";
/// As an entry of a backup, relative to the state directory.
inline constexpr const char* kIncidents = "incidents/incidents.jsonl";

/// Every line of the file, in order, that is one of ours.
void each_incident_line(const std::filesystem::path& file,
                        const std::function<void(const AuditEvent&)>& use);

/// What remember_incident left behind.
struct PendingIncident {
  IncidentKind kind;
  std::string of, detail;
  std::int64_t when;
};
std::vector<PendingIncident> pending_incidents(const std::filesystem::path& state_dir);
void forget_pending(const std::filesystem::path& state_dir);

}  // namespace dosigate
