#include <algorithm>
#include <array>
#include <charconv>

#include "dosigate/app/incidents.h"
#include "dosigate/base/clock.h"
#include "incident_lines.h"

namespace dosigate {
namespace {

constexpr std::array<std::pair<IncidentKind, std::string_view>, 4> kWords{
    {{IncidentKind::RefusedPeer, "refused-peer"},
     {IncidentKind::LeakHit, "leak-hit"},
     {IncidentKind::MapRead, "map-read"},
     {IncidentKind::Integrity, "integrity"}}};

std::int64_t number_of(const AuditEvent& line, std::string_view field) {
  const std::string text = line.field(field);
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (end > begin) out.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string_view incident_word(IncidentKind kind) {
  return std::find_if(kWords.begin(), kWords.end(), [&](const auto& w) { return w.first == kind; })
      ->second;
}

std::optional<IncidentKind> parse_incident_kind(std::string_view word) {
  const auto found =
      std::find_if(kWords.begin(), kWords.end(), [&](const auto& w) { return w.second == word; });
  if (found == kWords.end()) return std::nullopt;
  return found->first;
}

void IncidentBook::take(const AuditEvent& line) {
  const auto number = static_cast<std::uint64_t>(number_of(line, "number"));
  if (line.event == kIncidentNoted) {
    Incident& incident = incidents_[number];
    incident.number = number;
    incident.kind = parse_incident_kind(line.field("kind")).value_or(IncidentKind::Integrity);
    incident.of = line.field("of");
    incident.detail = line.field("detail");
    incident.first = incident.last = number_of(line, "when");
    incident.count = 1;
    incident.subjects = words_of(line.field("subjects"));
  } else if (const auto known = incidents_.find(number); known != incidents_.end()) {
    Incident& incident = known->second;
    if (line.event == kIncidentMore) {
      incident.count += static_cast<std::uint64_t>(number_of(line, "times"));
      incident.last = std::max(incident.last, number_of(line, "when"));
      incident.subjects.merge(words_of(line.field("subjects")));
    } else if (line.event == kIncidentClosed) {
      incident.open = false;
      incident.closed_by = line.actor;
      incident.reason = line.field("reason");
      incident.closed = number_of(line, "when");
    }
  }
}

std::optional<std::uint64_t> IncidentBook::same(IncidentKind kind, const std::string& of,
                                                std::int64_t day) const {
  // The latest first: those of a day stand at the end.
  for (auto at = incidents_.rbegin(); at != incidents_.rend(); ++at) {
    const Incident& incident = at->second;
    if (incident.first / kSecondsPerDay < day) break;
    if (incident.open && incident.kind == kind && incident.of == of &&
        incident.first / kSecondsPerDay == day)
      return incident.number;
  }
  return std::nullopt;
}

std::size_t IncidentBook::things(IncidentKind kind, std::int64_t day) const {
  std::size_t out = 0;
  for (auto at = incidents_.rbegin(); at != incidents_.rend(); ++at) {
    if (at->second.first / kSecondsPerDay < day) break;
    if (at->second.kind == kind && at->second.first / kSecondsPerDay == day) ++out;
  }
  return out;
}

}  // namespace dosigate
