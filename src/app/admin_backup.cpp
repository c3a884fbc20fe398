#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "assigned_csv.h"
#include "backup.h"
#include "places.h"
#include "retention.h"
#include "sealed_bundle.h"
#include "status.h"

namespace dosigate {

namespace json = boost::json;

ApiResponse AdminApi::backup(const ApiRequest& request) {
  const std::filesystem::path directory = text_of(request.body, "directory");
  if (directory.empty()) return missing("directory");
  if (auto apart = away_from_key(directory, node_.config_.node.key_file); !apart)
    return problem(apart.error());
  const std::unique_lock one_at_a_time(node_.bundling_, std::try_to_lock);
  if (!one_at_a_time)
    return problem(fail(Fault::Busy, "a backup or an export is being written already"));
  const auto made = make_backup(node_.config_, *node_.stores_.keys, *node_.stores_.map,
                                *node_.stores_.ledger, directory, wall_now());
  if (!made) return problem(made.error());
  // The chain head tells later, from outside, whether lines were taken from the end of the record.
  node_.stores_.audit->record("backup", request.actor,
                              {{"folder", made->folder.string()},
                               {"bytes", std::to_string(made->bytes)},
                               {"audit_lines", std::to_string(made->audit_lines)},
                               {"audit_head", made->audit_head}});
  node_.stores_.ledger->milestone("backup", to_unix(wall_now()));
  return {200, json::object{{"folder", made->folder.string()},
                            {"bytes", made->bytes},
                            {"audit_lines", made->audit_lines},
                            {"audit_head", made->audit_head},
                            {"head", text_of(AuditHead{made->audit_lines, made->audit_head})}}};
}

ApiResponse AdminApi::map_export(const ApiRequest& request) {
  const std::filesystem::path directory = text_of(request.body, "directory");
  const auto reason = text_of(request.body, "reason");
  if (directory.empty()) return missing("directory");
  if (reason.empty()) return missing("reason");
  const auto& node = node_.config_.node;
  if (auto usable = bundle_directory(directory, node.state_dir); !usable)
    return problem(usable.error());
  if (auto apart = away_from_key(directory, node.key_file); !apart) return problem(apart.error());
  if (needs_second_person(request))
    return file(request, "export every PatientID and its pseudonym into " + directory.string(),
                {{"directory", directory.string()}, {"reason", reason}});
  const std::unique_lock one_at_a_time(node_.bundling_, std::try_to_lock);
  if (!one_at_a_time)
    return problem(fail(Fault::Busy, "a backup or an export is being written already"));

  BundleWriter bundle(*node_.stores_.keys, node.state_dir / "keyring", directory,
                      "dosigate-map-export", wall_now());
  std::uint64_t rows = 0;
  bundle.begin("assigned.csv");
  bundle.write(as_bytes(assigned_header()));
  node_.stores_.map->each_assigned([&](const PseudonymMap::Assigned& assigned) {
    bundle.write(as_bytes(assigned_row(assigned)));
    ++rows;
  });
  BundleCard card;
  card.kind = "map-export";
  card.node = node.ae_title;
  card.facts = {{"rows", std::to_string(rows)}};
  // Recorded before it is there: nobody has the list that the log does not know of.
  node_.stores_.audit->record(
      "map.export", request.actor,
      {{"directory", directory.string()}, {"reason", reason}, {"rows", std::to_string(rows)}});
  const auto folder = bundle.finish(std::move(card));
  if (!folder) return problem(folder.error());
  return {200, json::object{{"folder", folder->string()}, {"rows", rows}}};
}

ApiResponse AdminApi::map_import(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const auto rows = read_assigned(text_of(request.body, "csv"));
  if (!rows) return problem(rows.error());
  std::vector<SitePolicy> sites;
  const auto routing = node_.ingest_.routing();
  for (const auto& site : routing->config().sites) sites.push_back(site.policy);
  const auto added = node_.stores_.map->import_assigned(sites, *rows);
  node_.stores_.audit->record(
      "map.import", request.actor,
      {{"reason", reason},
       {"rows", std::to_string(rows->size())},
       {"outcome", added ? "new " + std::to_string(*added) : std::string("refused")}});
  if (!added) return problem(added.error());
  return {200, json::object{{"rows", rows->size()}, {"new", *added}}};
}

ApiResponse AdminApi::accept_gap(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const auto since = node_.stores_.map->gap_since();
  if (!since)
    return problem(fail(Fault::NotFound, "the map has no gap: nothing has to be accepted"));
  node_.stores_.audit->record("map.accept-gap", request.actor,
                              {{"reason", reason}, {"since", std::to_string(*since)}});
  if (auto accepted = node_.stores_.map->accept_gap(); !accepted) return problem(accepted.error());
  return {200, json::object{{"since", *since}}};
}

ApiResponse AdminApi::retention() const {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? json::value(*value) : json::value(nullptr);
  };
  json::array stores;
  for (const auto& age :
       dosigate::retention(node_.config_.node, *node_.stores_.map, *node_.stores_.ledger,
                           *node_.stores_.spool, node_.quarantine_)) {
    stores.emplace_back(json::object{
        {"store", age.store.name},
        {"count", number(age.count)},
        {"bytes", number(age.bytes)},
        {"oldest_s", age.oldest_unix > 0
                         ? json::value(age_s(static_cast<std::uint64_t>(age.oldest_unix)))
                         : json::value(nullptr)},
        {"kept_until", age.store.kept}});
  }
  return {200, json::object{{"stores", std::move(stores)},
                            {"keep_originals", node_.config_.node.keep_originals},
                            {"ledger_keep_days", node_.config_.node.ledger_keep_days}}};
}

}  // namespace dosigate
