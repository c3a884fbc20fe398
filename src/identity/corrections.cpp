// What a person decides about patients and studies: another id of one person, two patients who are
// one, a study that is somebody else's.

#include <stdexcept>

#include "identifier.h"
#include "map_impl.h"

namespace dosigate {
namespace {

Error broken_map(const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be used: ") + broken.what());
}

struct KeyToAdd {
  Index key;
  PersonIndex bare;
  Phi id, issuer;
};

/// Invalid where the id stands for nobody.
Result<KeyToAdd> key_of(const Secret& index_key, const SitePolicy& site, const Phi& patient_id,
                        const Phi& issuer) {
  const std::string id = normalise_id(patient_id.reveal(), site.normalisation);
  if (is_placeholder_id(patient_id.reveal()) || is_placeholder_id(id))
    return fail(Fault::Invalid,
                "the PatientID is blank or a placeholder: nobody can be known by it");
  SourceIdentity source;
  source.patient_id = patient_id;
  source.issuer = issuer;
  return KeyToAdd{index_identity(index_key, site, source).key,
                  {PersonIndex::BareId, bare_id_index(index_key, site.code, id)},
                  patient_id,
                  issuer};
}

/// A patient of whom only the id is known yet: who it is, the first instance tells.
void add_patient(MapChanges& out, std::int64_t patient, std::int64_t site, std::string pseudonym,
                 const KeyToAdd& key, KeepOriginals keep, long long now) {
  const bool anyone = keep != KeepOriginals::None;
  out.push_back(NewPatient{patient, site, std::move(pseudonym), random_secret(), draw_offset(),
                           anyone ? Person{key.id, key.issuer, {}, {}, {}} : Person{}, now});
  out.push_back(
      NewKey{key.key, patient, anyone ? key.id : Phi(), anyone ? key.issuer : Phi(), now});
  out.push_back(NewPersonIndex{patient, key.bare});
}

Error other_site() {
  return fail(Fault::Invalid,
              "patients of two sites are two data subjects here: they cannot be joined");
}

}  // namespace

Error no_such_pseudonym() {
  return fail(Fault::NotFound,
              "this map has no such pseudonym (check its last character), or the person was "
              "forgotten");
}

void PseudonymMap::Impl::correct(const DatabaseWriter::Job& job) {
  // Whatever happens: after a commit that failed the journal may hold the correction, and the next
  // job carries it out.
  struct Clear {
    Guarded<SubjectCache>& cache;
    ~Clear() {
      cache.with([](SubjectCache& known) { known.clear(); });
    }
  } const clear{cache};
  write([&](SQLite::Database& database) {
    job(database);
    alarms = MapRows(database, keys).count_alarms();
  });
}

Result<void> PseudonymMap::add_key(const SitePolicy& site, std::string_view pseudonym,
                                   const Phi& patient_id, const Phi& issuer) try {
  const auto key = key_of(impl_->keys.index_key(), site, patient_id, issuer);
  if (!key) return key.error();
  Result<void> outcome;
  impl_->correct([&](SQLite::Database& database) {
    outcome = {};
    MapRows rows(database, impl_->keys);
    const auto patient = rows.living_patient(pseudonym);
    if (!patient) {
      outcome = no_such_pseudonym();
      return;
    }
    if (rows.site_code_of(*patient) != site.code) {
      outcome = other_site();
      return;
    }
    const auto known = rows.patient_by_key(key->key);
    if (known && known->patient == *patient) return;
    if (known) {
      outcome = fail(Fault::Conflict, "this PatientID is that of another patient, " +
                                          known->pseudonym + ": join the two");
      return;
    }
    // As a patient of its own that is joined at once, so that another name under this id is known
    // to be of the same person.
    MapChanges changes;
    const std::int64_t number = rows.next_number("patient");
    add_patient(changes, number, rows.site(site.code)->site, rows.fresh_pseudonym(site.code), *key,
                impl_->settings.keep_originals, impl_->now());
    changes.push_back(Join{number, *patient});
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return broken_map(broken);
}

Result<std::vector<std::string>> PseudonymMap::join(std::string_view winner,
                                                    std::string_view loser) try {
  Result<std::vector<std::string>> outcome = std::vector<std::string>();
  impl_->correct([&](SQLite::Database& database) {
    outcome = std::vector<std::string>();
    MapRows rows(database, impl_->keys);
    const auto stays = rows.living_patient(winner);
    const auto goes = rows.living_patient(loser);
    if (!stays || !goes) {
      outcome = no_such_pseudonym();
      return;
    }
    if (*stays == *goes) {
      outcome = fail(Fault::Invalid, "both pseudonyms are of one patient already");
      return;
    }
    if (rows.site_code_of(*stays) != rows.site_code_of(*goes)) {
      outcome = other_site();
      return;
    }
    MapChanges changes;
    SQLite::Statement studies(database,
                              "SELECT study_id, study_uid FROM study WHERE patient_id = ? AND "
                              "state < 2 ORDER BY study_id");
    studies.bind(1, *goes);
    while (studies.executeStep()) {
      changes.push_back(StudyGiven{studies.getColumn(0).getInt64()});
      outcome->push_back(studies.getColumn(1).getString());
    }
    changes.push_back(Join{*goes, *stays});
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return broken_map(broken);
}

Result<PseudonymMap::Reassigned> PseudonymMap::reassign(const SitePolicy& site,
                                                        std::string_view study_uid,
                                                        const Phi& patient_id,
                                                        const Phi& issuer) try {
  const auto key = key_of(impl_->keys.index_key(), site, patient_id, issuer);
  if (!key) return key.error();
  Result<Reassigned> outcome = Reassigned();
  impl_->correct([&](SQLite::Database& database) {
    outcome = Reassigned();
    MapRows rows(database, impl_->keys);
    SQLite::Statement row(database,
                          "SELECT s.study_id, s.patient_id, s.state, s.study_index, s.sealed_uid, "
                          "s.sealed_source, p.pseudonym FROM study s JOIN patient p ON "
                          "p.patient_id = s.patient_id WHERE s.study_uid = ?");
    row.bind(1, std::string(study_uid));
    if (!row.executeStep()) {
      outcome = fail(Fault::NotFound, "this map has no study of this UID");
      return;
    }
    const std::int64_t study = row.getColumn(0).getInt64();
    const std::int64_t from = row.getColumn(1).getInt64();
    if (row.getColumn(2).getInt() == kStudyGiven) {
      outcome = fail(Fault::Conflict,
                     "the study was given to another patient before: name it by its present UID");
      return;
    }
    if (rows.site_code_of(from) != site.code) {
      outcome = other_site();
      return;
    }
    outcome->from = row.getColumn(6).getString();
    outcome->old_study_uid = study_uid;
    const Index index = column_index(row.getColumn(3));

    MapChanges changes;
    changes.push_back(StudyGiven{study});
    std::int64_t to = 0;
    std::shared_ptr<const Secret> salt;
    if (const auto known = rows.patient_by_key(key->key)) {
      if (known->patient == from) {
        outcome = fail(Fault::Conflict, "this PatientID is that of the study's patient already");
        return;
      }
      to = known->patient;
      salt = known->salt;
      outcome->to = known->pseudonym;
    } else {
      if (impl_->gap_since != 0) {
        outcome = fail(Fault::Uncertain,
                       "the map was restored without its journal, and the person of this PatientID "
                       "may have been known before the loss: `dosigate map accept-gap` first");
        return;
      }
      to = rows.next_number("patient");
      outcome->to = rows.fresh_pseudonym(site.code);
      add_patient(changes, to, rows.site(site.code)->site, outcome->to, *key,
                  impl_->settings.keep_originals, impl_->now());
      salt = std::make_shared<const Secret>(std::get<NewPatient>(changes.at(1)).salt.clone());
    }
    // Without the original (keep_originals) its new UID cannot be computed yet: the first instance
    // that arrives brings it, whoever's it says to be.
    Phi original = rows.original_uid(study);
    if (!original.empty()) {
      const std::uint32_t revision = rows.next_revision(to, index);
      NewStudy next{rows.next_number("study"),
                    to,
                    index,
                    map_uid(*salt, revision, original.reveal()),
                    revision,
                    std::move(original),
                    rows.study_source(study),
                    impl_->now()};
      outcome->new_study_uid = next.study_uid;
      changes.push_back(std::move(next));
    }
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return broken_map(broken);
}

Result<void> PseudonymMap::set_withdrawn(std::string_view study_uid, bool withdrawn) try {
  Result<void> outcome;
  impl_->correct([&](SQLite::Database& database) {
    outcome = {};
    SQLite::Statement row(database, "SELECT study_id, state FROM study WHERE study_uid = ?");
    row.bind(1, std::string(study_uid));
    if (!row.executeStep()) {
      outcome = fail(Fault::NotFound, "this map has no study of this UID");
      return;
    }
    const std::int64_t study = row.getColumn(0).getInt64();
    const int state = row.getColumn(1).getInt();
    if (state == kStudyGiven) {
      outcome = fail(Fault::Conflict,
                     "the study was given to another patient: its old copies are "
                     "withdrawn, and nothing can arrive under this UID");
      return;
    }
    if ((state == kStudyWithdrawn) == withdrawn) return;
    row.reset();
    MapChanges changes;
    changes.push_back(StudyWithdrawn{study, withdrawn});
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return broken_map(broken);
}

}  // namespace dosigate
