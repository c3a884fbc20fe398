// `dry-run`: what would become of an upload.

#include <boost/json.hpp>

#include "offline_map.h"
#include "rest_body.h"
#include "rest_deidentify.h"
#include "rest_report.h"
#include "uploaded_instance.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostElements = 20'000;

/// Without a value: what stands in the elements is for whoever has the file.
json::array elements_of(const Trace& trace) {
  json::array out;
  for (const TraceLine& line : trace) {
    if (out.size() == kMostElements) break;
    out.push_back(json::object{{"path", line.path},
                               {"name", line.name},
                               {"vr", line.vr},
                               {"action", line.action},
                               {"change", change_text(line.change)},
                               {"source", line.source}});
  }
  return out;
}

}  // namespace

ApiResponse explain_upload(const RestParts& parts, const RestOrder& order,
                           const std::string& profile, Upload& upload) {
  auto map = offline::OfflineMap::throwaway();
  if (!map) return problem(map.error());
  auto settings = order.routing->settings(profile, order.route->name, "");
  if (!settings) return problem(settings.error());
  if (auto declared = map->map().declare_site(settings->site); !declared)
    return problem(declared.error());
  const Deidentifier engine(std::move(*settings), map->map());
  const auto begin = rest_bodies(map->map().pixel_key(), nullptr);

  RestReport report;
  json::array elements;
  for (;;) {
    const auto another = upload.next();
    if (!another) return upload_problem(another.error());
    if (!*another) break;
    auto file = read_uploaded(upload, parts.server, order.origin, begin);
    if (!file) return upload_problem(file.error());
    if (const auto* none = std::get_if<NotAnInstance>(&*file)) {
      report.add({{"outcome", "not-dicom"}, {"reason", none->why}});
    } else if (const auto* refused = std::get_if<Refused>(&*file)) {
      report.add(json_of_verdict(*refused, {}));
    } else {
      auto& uploaded = std::get<UploadedInstance>(*file);
      auto* const large = static_cast<RestBody*>(uploaded.arrived.passage.get());
      Trace trace;
      const Verdict verdict = engine.clean(uploaded.arrived.instance, {}, &trace,
                                           large != nullptr ? &large->seen() : nullptr);
      json::object row = json_of_verdict(verdict, trace);
      // Of a map that is thrown away.
      for (const char* name : {"pseudonym", "study_uid", "sop_uid"}) row.erase(name);
      report.add(std::move(row));
      if (order.shape == RestOrder::Shape::Single) elements = elements_of(trace);
    }
  }
  json::object out = report.whole(order, {});
  out["dry_run"] = true;
  if (order.shape == RestOrder::Shape::Single) out["elements"] = std::move(elements);
  return {200, std::move(out)};
}

}  // namespace dosigate
