#include "map_read_watch.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "admin_fields.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {
namespace {

/// What leads from a pseudonym to a person, from a person to a pseudonym, or to the hospital's own
/// books.
constexpr std::array<std::string_view, 5> kReads{"/api/v1/map/lookup", "/api/v1/map/reveal",
                                                 "/api/v1/map/report", "/api/v1/map/export",
                                                 "/api/v1/devices"};
constexpr unsigned kForbidden = 403, kTooMany = 429;

}  // namespace

void watch_map_reads(IncidentRegister& incidents, const ApiRequest& request,
                     const ApiResponse& response) {
  if (response.status != kForbidden && response.status != kTooMany) return;
  if (std::find(kReads.begin(), kReads.end(), request.path) == kReads.end()) return;
  // A directory that the daemon may not write into is no matter of rights.
  if (text_of(response.body, "detail").find("may not write into") != std::string::npos) return;
  std::set<std::string> subjects;
  if (const auto pseudonym = text_of(request.body, "pseudonym"); is_pseudonym(pseudonym))
    subjects.insert(pseudonym);
  const std::string what = request.path.substr(std::string_view("/api/v1/").size());
  incidents.note(IncidentKind::MapRead, request.actor,
                 what +
                     (response.status == kTooMany ? " came too often and was refused"
                                                  : " was refused: no right to it") +
                     "; nothing was shown. Ask the person what it was for",
                 subjects);
}

}  // namespace dosigate
