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

}  // namespace dosigate
