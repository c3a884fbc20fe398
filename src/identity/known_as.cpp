#include <algorithm>

#include "map_impl.h"

namespace dosigate {

std::vector<std::string> PseudonymMap::known_as(const SitePolicy& site, const Phi& patient_id,
                                                const Phi& issuer, const Phi& study_uid) {
  SourceIdentity source;
  source.patient_id = patient_id;
  source.issuer = issuer;
  source.study_uid = study_uid;
  const IdentityIndexes indexes = index_identity(impl_->keys.index_key(), site, source);
  return impl_->readers.with([&](SQLite::Database& database) {
    MapRows rows(database, impl_->keys);
    std::vector<std::string> out;
    const auto by_key = rows.patient_by_key(indexes.key);
    if (by_key) out.push_back(by_key->pseudonym);
    if (study_uid.empty()) return out;
    const auto study = rows.current_study(indexes.study);
    if (study && (!by_key || study->patient != by_key->patient)) {
      SQLite::Statement owner(database, "SELECT pseudonym FROM patient WHERE patient_id = ?");
      owner.bind(1, study->patient);
      if (owner.executeStep()) out.push_back(owner.getColumn(0).getString());
    }
    return out;
  });
}

Result<PseudonymMap::Present> PseudonymMap::present(std::string_view pseudonym) {
  return impl_->readers.with([&](SQLite::Database& database) -> Result<Present> {
    MapRows rows(database, impl_->keys);
    const auto patient = rows.living_patient(pseudonym);
    if (!patient) return no_such_pseudonym();
    SQLite::Statement row(database, "SELECT pseudonym FROM patient WHERE patient_id = ?");
    row.bind(1, *patient);
    row.executeStep();
    return Present{row.getColumn(0).getString(), rows.site_code_of(*patient)};
  });
}

}  // namespace dosigate
