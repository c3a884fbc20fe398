#include "rest_report.h"

#include <boost/json.hpp>

#include "dosigate/api/problem.h"

namespace dosigate {

namespace json = boost::json;

namespace {

json::object actions_of(const Trace& trace) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const TraceLine& line : trace) ++counts[change_text(line.change)];
  json::object out;
  for (const auto& [change, count] : counts) out[change] = count;
  return out;
}

}  // namespace

json::object json_of_verdict(const Verdict& verdict, const Trace& trace) {
  if (const auto* cleaned = std::get_if<Cleaned>(&verdict)) {
    const CleanInstance& instance = cleaned->instance;
    return {{"outcome", "done"},
            {"pseudonym", instance.pseudonym()},
            {"study_uid", instance.study_instance_uid()},
            {"sop_uid", instance.sop_instance_uid()},
            {"sop_class", instance.sop_class_uid()},
            {"actions", actions_of(trace)}};
  }
  if (const auto* held = std::get_if<Held>(&verdict))
    return {
        {"outcome", "held"}, {"reason", hold_reason_text(held->reason)}, {"detail", held->detail}};
  if (const auto* dropped = std::get_if<Dropped>(&verdict))
    return {{"outcome", "dropped"}, {"reason", dropped->rule}};
  const auto& refused = std::get<Refused>(verdict);
  return {
      {"outcome", "refused"}, {"reason", fault_word(refused.fault)}, {"detail", refused.detail}};
}

void RestReport::add(json::object row) {
  ++counts_[json::value_to<std::string>(row.at("outcome"))];
  row["number"] = rows_.size() + 1;
  rows_.push_back(std::move(row));
}

json::object RestReport::whole(const RestOrder& order, json::array studies) const {
  const Profile& profile = order.engine->profile();
  json::object counts;
  for (const char* outcome : {"done", "same-again", "held", "dropped", "refused", "not-dicom"}) {
    const auto found = counts_.find(outcome);
    counts[outcome] = found == counts_.end() ? 0 : found->second;
  }
  return {{"route", order.route->name},
          {"profile", json::object{{"name", profile.name()},
                                   {"version", profile.version()},
                                   {"digest", profile.digest()}}},
          {"counts", std::move(counts)},
          {"instances", rows_},
          {"studies", std::move(studies)}};
}

ApiResponse nothing_done(json::object report) {
  return {422, json::object{{"title", "Nothing to give back"},
                            {"detail",
                             "none of the files is an instance that can be cleaned with certainty: "
                             "the report says why, of each"},
                            {"status", 422},
                            {"report", std::move(report)}}};
}

ApiResponse upload_problem(const Error& error) {
  return error.fault == Fault::Busy ? problem_of(413, "Too large", error.detail) : problem(error);
}

std::string header_text(const json::object& report) {
  std::string text = json::serialize(report);
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

}  // namespace dosigate
