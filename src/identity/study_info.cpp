// What a study is to the map, for whoever corrects or withdraws it.

#include <stdexcept>

#include "map_impl.h"

namespace dosigate {
namespace {

/// The study that has the same StudyInstanceUID now, when this one was given away.
std::string replacement(SQLite::Database& database, std::int64_t study) {
  SQLite::Statement row(database,
                        "SELECT n.study_uid FROM study o JOIN study n ON n.study_index = "
                        "o.study_index WHERE o.study_id = ? AND o.state = 2 AND n.state < 2");
  row.bind(1, study);
  return row.executeStep() ? row.getColumn(0).getString() : std::string();
}

PseudonymMap::StudyInfo info_of(SQLite::Database& database, MapRows& rows, std::int64_t study) {
  SQLite::Statement row(database,
                        "SELECT s.study_uid, p.pseudonym, s.patient_id, s.state FROM study s JOIN "
                        "patient p ON p.patient_id = s.patient_id WHERE s.study_id = ?");
  row.bind(1, study);
  row.executeStep();
  PseudonymMap::StudyInfo out;
  out.study_uid = row.getColumn(0).getString();
  out.pseudonym = row.getColumn(1).getString();
  out.site_code = rows.site_code_of(row.getColumn(2).getInt64());
  out.state = static_cast<PseudonymMap::StudyInfo::State>(row.getColumn(3).getInt());
  out.replaced_by = replacement(database, study);
  return out;
}

std::vector<std::int64_t> study_rows(SQLite::Database& database, std::int64_t patient) {
  SQLite::Statement row(database,
                        "SELECT study_id FROM study WHERE patient_id IN (SELECT patient_id FROM "
                        "patient WHERE patient_id = ?1 OR joined_to = ?1) ORDER BY study_id");
  row.bind(1, patient);
  std::vector<std::int64_t> out;
  while (row.executeStep()) out.push_back(row.getColumn(0).getInt64());
  return out;
}

}  // namespace

Result<PseudonymMap::StudyInfo> PseudonymMap::study_info(std::string_view study_uid) {
  return impl_->readers.with([&](SQLite::Database& database) -> Result<StudyInfo> {
    const SQLite::Transaction moment(database);
    SQLite::Statement row(database, "SELECT study_id FROM study WHERE study_uid = ?");
    row.bind(1, std::string(study_uid));
    if (!row.executeStep())
      return fail(Fault::NotFound,
                  "this map has no study of this UID: it is the UID that this node "
                  "gave it, or the person was forgotten");
    MapRows rows(database, impl_->keys);
    return info_of(database, rows, row.getColumn(0).getInt64());
  });
}

Result<std::vector<PseudonymMap::StudyInfo>> PseudonymMap::studies_of(std::string_view pseudonym) {
  return impl_->readers.with([&](SQLite::Database& database) -> Result<std::vector<StudyInfo>> {
    const SQLite::Transaction moment(database);
    MapRows rows(database, impl_->keys);
    const auto patient = rows.living_patient(pseudonym);
    if (!patient) return no_such_pseudonym();
    std::vector<StudyInfo> out;
    for (const std::int64_t study : study_rows(database, *patient))
      out.push_back(info_of(database, rows, study));
    return out;
  });
}

}  // namespace dosigate
