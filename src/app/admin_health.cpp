// Whether the process lives and takes new instances: for systemd, load balancers and supervisors,
// who need no right for it and learn nothing else.

#include <boost/json.hpp>

#include "admin_api.h"

namespace dosigate {

namespace json = boost::json;

/// In words; empty when new instances can be taken.
std::vector<std::string> AdminApi::not_ready() const {
  std::vector<std::string> out;
  if (node_.drain_.on()) out.emplace_back("draining: nothing new is taken until it is ended");
  if (node_.disk_watch_.low())
    out.emplace_back("the disk is low: less than [node] min_free_gb is free");
  if (!node_.database_check_.damage().empty())
    out.emplace_back("a database is damaged: see `dosigate check`");
  const auto& stores = node_.stores_;
  if (!stores.map->trouble().empty() || !stores.ledger->trouble().empty() ||
      !stores.spool->trouble().empty())
    out.emplace_back("a database could not be synced: see `dosigate check`");
  return out;
}

ApiResponse AdminApi::live() const { return {200, json::object{{"live", true}}}; }

ApiResponse AdminApi::ready() const {
  const auto reasons = not_ready();
  if (reasons.empty()) return {200, json::object{{"ready", true}}};
  std::string all;
  for (const auto& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
  return {503,
          json::object{{"title", "Not ready"}, {"detail", all}, {"status", 503}, {"ready", false}}};
}

}  // namespace dosigate
