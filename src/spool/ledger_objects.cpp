#include "ledger_impl.h"

// What an archive is asked for when deliveries are verified: the objects it got, one by one.

namespace dosigate {

std::vector<Ledger::DeliveredStudy> Ledger::delivered_studies(const DeliveredScope& scope) const {
  // CROSS JOIN: from the instances of the days or of the study, never through every delivery that
  // the destination ever got.
  static const std::string begin =
      "SELECT s.study_uid, s.pseudonym, COUNT(DISTINCT i.sop_uid) FROM instance i CROSS JOIN "
      "assignment a ON a.id = i.id CROSS JOIN study s ON s.study_id = i.study_id WHERE "
      "a.destination = ?1 AND a.state = 1 AND i.domain = 0 AND i.sop_uid <> '' AND i.day BETWEEN "
      "?2 AND ?3 ";
  static const std::string end = "GROUP BY s.study_id ORDER BY s.study_uid";
  static const std::string of_days = begin + end;
  static const std::string of_study =
      begin + "AND i.study_id = (SELECT study_id FROM study WHERE study_uid = ?4) " + end;

  impl_->announced.wait(kReportPatience);
  ReadConnection read(open_reader(impl_->file));
  std::vector<DeliveredStudy> out;
  Query rows = read(scope.study_uid.empty() ? of_days.c_str() : of_study.c_str());
  rows << scope.destination << scope.from_day << scope.to_day;
  if (!scope.study_uid.empty()) rows << scope.study_uid;
  while (rows.next()) out.push_back({rows.text(0), rows.text(1), rows.unsigned_integer(2)});
  return out;
}

std::vector<Ledger::DeliveredObject> Ledger::delivered_objects(const DeliveredScope& scope,
                                                               std::string_view after,
                                                               std::size_t max) const {
  return impl_->report([&](ReadConnection& read) {
    std::vector<DeliveredObject> out;
    Query rows = read(
        "SELECT i.sop_class, i.sop_uid, MAX(EXISTS (SELECT 1 FROM withdrawal w WHERE w.note = "
        "i.id)) FROM study s JOIN instance i USING (study_id) JOIN assignment a ON a.id = i.id "
        "WHERE s.study_uid = ?1 AND i.sop_uid > ?2 AND a.destination = ?3 AND a.state = 1 AND "
        "i.domain = 0 AND i.day BETWEEN ?4 AND ?5 GROUP BY i.sop_uid ORDER BY i.sop_uid LIMIT ?6");
    rows << scope.study_uid << after << scope.destination << scope.from_day << scope.to_day
         << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back({rows.text(0), rows.text(1), rows.integer(2) != 0});
    return out;
  });
}

std::uint64_t Ledger::delivered_and_folded(const DeliveredScope& scope) const {
  return impl_->report([&](ReadConnection& read) -> std::uint64_t {
    if (!scope.study_uid.empty()) {
      Query row = read(
          "SELECT COALESCE(SUM(t.count), 0) FROM study s JOIN study_total t USING (study_id) WHERE "
          "s.study_uid = ? AND t.destination = ? AND t.state = 1");
      row << scope.study_uid << scope.destination;
      row.next();
      return row.unsigned_integer(0);
    }
    Query row = read(
        "SELECT COALESCE(SUM(count), 0) FROM day_destination WHERE domain = 0 AND destination = ? "
        "AND state = 1 AND day BETWEEN ? AND ?");
    row << scope.destination << scope.from_day << scope.to_day;
    row.next();
    return row.unsigned_integer(0);
  });
}

}  // namespace dosigate
