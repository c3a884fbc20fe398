// What the operator asks of the map.

#include <set>

#include "identifier.h"
#include "map_impl.h"

namespace dosigate {
namespace {

PseudonymMap::Found describe(SQLite::Database& database, std::int64_t patient) {
  SQLite::Statement row(
      database,
      "SELECT p.pseudonym, s.code, p.created FROM patient p JOIN site s ON s.site_id = p.site_id "
      "WHERE p.patient_id = ?");
  row.bind(1, patient);
  row.executeStep();
  PseudonymMap::Found out{
      row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getInt64(), {}};

  SQLite::Statement studies(
      database, "SELECT study_uid FROM study WHERE patient_id = ? AND state < 2 ORDER BY study_id");
  studies.bind(1, patient);
  while (studies.executeStep()) out.study_uids.push_back(studies.getColumn(0).getString());
  return out;
}

}  // namespace

std::vector<PseudonymMap::Found> PseudonymMap::lookup(const Phi& patient_id) {
  return impl_->readers.with([&](SQLite::Database& database) {
    MapRows rows(database, impl_->keys);
    std::vector<Found> out;
    for (const auto& [code, site] : rows.sites()) {
      const auto how = IdNormalisation::parse(site.normalisation);
      if (!how) throw std::runtime_error("site " + code + ": " + how.error().detail);
      const Index value =
          bare_id_index(impl_->keys.index_key(), code, normalise_id(patient_id.reveal(), *how));
      for (const std::int64_t patient : rows.others_under({PersonIndex::BareId, value}, 0)) {
        out.push_back(describe(database, patient));
      }
    }
    return out;
  });
}

Result<PseudonymMap::Revealed> PseudonymMap::reveal(std::string_view pseudonym) {
  return impl_->readers.with([&](SQLite::Database& database) -> Result<Revealed> {
    const auto patient = MapRows(database, impl_->keys).patient_by_pseudonym(pseudonym);
    // Another form may be that of a pseudonym assigned elsewhere.
    if (!patient && !is_pseudonym(pseudonym)) {
      return fail(
          Fault::Invalid,
          "not a pseudonym of this program: form or check character is wrong (a typing error)");
    }
    if (!patient || !patient->salt) return no_such_pseudonym();
    const Person& person = patient->person;
    // No PatientID is blank: resolve holds those.
    if (person.id.empty()) {
      return fail(Fault::NotFound,
                  "nothing was kept of the person of this pseudonym: keep_originals was \"none\" "
                  "when the patient was first seen");
    }
    return Revealed{person.id, person.issuer, person.name, person.birth_date, person.sex};
  });
}

PseudonymMap::Totals PseudonymMap::totals() {
  return impl_->totals.get([this] {
    return impl_->readers.with([&](SQLite::Database& database) {
      return Totals{number_in(database, "SELECT count(*) FROM patient WHERE state = 0"),
                    number_in(database, "SELECT count(*) FROM study WHERE state < 2"),
                    number_in(database, "SELECT count(*) FROM device"),
                    number_in(database, "SELECT uid_pairs FROM meta")};
    });
  });
}

}  // namespace dosigate
