// From "who an instance says it belongs to" to a subject: read, and where something is new, write.

#include <algorithm>
#include <cstdio>
#include <set>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/hash.h"
#include "identifier.h"
#include "map_impl.h"

namespace dosigate {
namespace {

bool is_site_code(std::string_view code) {
  return !code.empty() && code.size() <= 4 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

Error uncertain(const char* why) { return fail(Fault::Uncertain, why); }

Person person_of(const SourceIdentity& source) {
  return {source.patient_id, source.issuer, source.name, source.birth_date, source.sex};
}

/// Everything resolve looks at, so that the answer to an equal question can be remembered.
Digest question_of(const Secret& index_key, const SitePolicy& site, const SourceIdentity& source) {
  Packer all;
  all.text(site.code)
      .text(site.normalisation.text())
      .u32(static_cast<std::uint32_t>(site.issuers.size()));
  for (const std::string& issuer : site.issuers) all.text(issuer);
  for (const Phi* value : {&source.patient_id, &source.issuer, &source.name, &source.birth_date,
                           &source.sex, &source.study_uid, &source.manufacturer, &source.model,
                           &source.serial_number, &source.station_name, &source.last_calibration}) {
    all.text(value->reveal());
  }
  all.text(source.software_versions);
  for (const Phi& other : source.other_ids) all.text(other.reveal());
  return keyed_hash(index_key, "resolve", {all.view()});
}

/// What of an instance's identity is in the map, and what is not yet.
struct Located {
  std::optional<PatientRow> patient;
  std::optional<StudyRow> study;
  std::optional<DeviceRow> device;
  std::optional<EpochRow> epoch;  ///< of the device
  std::vector<PersonIndex> new_persons;
  /// Of a patient that was made from a PatientID alone, or was joined into this one as such.
  std::optional<std::int64_t> learns_person;

  bool complete(const IdentityIndexes& indexes) const {
    return patient && study && new_persons.empty() && !learns_person &&
           (!indexes.device || (device && epoch));
  }
};

bool is_nobody(const Person& person) { return person.name.empty() && person.birth_date.empty(); }

/// True where somebody said this id, and no more, of a patient: by reassignment, import or alias.
/// Where nothing is kept of people there is no id either.
bool is_an_id_alone(const Person& person) { return is_nobody(person) && !person.id.empty(); }

Index key_of(const Secret& index_key, const SitePolicy& site, const Person& person) {
  SourceIdentity only_id;
  only_id.patient_id = person.id;
  only_id.issuer = person.issuer;
  return index_identity(index_key, site, only_id).key;
}

/// Whether one id seems to stand for two people. Of a patient into whom others were joined a person
/// has said that they are one: who resembles any of them is no other. An alias of which only the id
/// is known learns its name from the first instance under this id, not under any other.
bool is_somebody_else(MapRows& rows, const Secret& index_key, const SitePolicy& site,
                      const Index& key, const PatientRow& patient, const Person& now,
                      std::optional<std::int64_t>& learns_person) {
  if (is_nobody(now)) return false;
  if (is_an_id_alone(patient.person)) {
    learns_person = patient.patient;
    return false;
  }
  if (!looks_like_two_people(patient.person, now)) return false;
  for (const auto& [number, person] : rows.joined_persons(patient.patient)) {
    if (is_an_id_alone(person)) {
      if (key_of(index_key, site, person) != key) continue;
      learns_person = number;
      return false;
    }
    if (!is_nobody(person) && !looks_like_two_people(person, now)) return false;
  }
  return true;
}

Result<Located> locate(MapRows& rows, const Secret& index_key, const SitePolicy& site,
                       const IdentityIndexes& indexes, const SourceIdentity& source) {
  if (rows.is_forgotten(indexes.study))
    return uncertain("StudyInstanceUID (0020,000D) belongs to a person who was forgotten");

  Located out;
  out.patient = rows.patient_by_key(indexes.key);
  out.study = rows.current_study(indexes.study);
  if (out.study && (!out.patient || out.study->patient != out.patient->patient)) {
    return uncertain(
        "StudyInstanceUID (0020,000D) is known under another PatientID (0010,0020): the same "
        "person (an alias) or a corrected study");
  }
  if (!out.study && out.patient && rows.was_taken_from(out.patient->patient, indexes.study))
    return uncertain(
        "the study was given to another patient, and comes under the PatientID (0010,0020) that it "
        "was taken from");
  if (out.study && out.study->state != 0) return uncertain("the study was withdrawn");
  if (out.patient && out.patient->state != 0)
    return uncertain("the patient was joined with another or forgotten");
  if (out.patient && is_somebody_else(rows, index_key, site, indexes.key, *out.patient,
                                      person_of(source), out.learns_person)) {
    return uncertain(
        "PatientID (0010,0020) is known with another name (0010,0010) and birth date (0010,0030): "
        "one id, two persons");
  }
  for (const PersonIndex& index : indexes.persons) {
    if (!out.patient || !rows.has_person_index(index, out.patient->patient))
      out.new_persons.push_back(index);
  }
  if (indexes.device) out.device = rows.device(*indexes.device);
  if (out.device) out.epoch = rows.epoch(out.device->device, indexes.epoch);
  return out;
}

Subject subject_of(const Located& located, const SiteRow& site) {
  Subject out;
  out.patient = located.patient->patient;
  out.study = located.study->study;
  out.pseudonym = located.patient->pseudonym;
  out.offset = located.patient->offset;
  out.study_uid = located.study->study_uid;
  out.uid_revision = located.study->revision;
  if (located.device) {
    out.device = located.device->device;
    out.device_label = located.device->label;
    if (located.epoch) {
      out.device_epoch = located.epoch->number;
      out.device_accepted = located.epoch->accepted;
    }
  }
  out.salt = located.patient->salt;
  out.site_salt = site.salt;
  return out;
}

std::string device_label(long long number) {
  char label[32];
  std::snprintf(label, sizeof label, "CAM-%02lld", number);
  return label;
}

/// The rows that are missing, numbered and with fresh secrets.
MapChanges missing_rows(MapRows& rows, const Located& located, const IdentityIndexes& indexes,
                        const SitePolicy& policy, const SiteRow& site, const SourceIdentity& source,
                        KeepOriginals keep, NewDevices new_devices, long long now) {
  MapChanges out;
  const bool anyone = keep != KeepOriginals::None;
  const bool study_too = keep == KeepOriginals::Study;
  std::int64_t patient = 0;
  std::optional<Secret> new_salt;
  if (located.patient) {
    patient = located.patient->patient;
  } else {
    patient = rows.next_number("patient");
    new_salt = random_secret();
    out.push_back(NewPatient{patient, site.site, rows.fresh_pseudonym(policy.code),
                             new_salt->clone(), draw_offset(),
                             anyone ? person_of(source) : Person{}, now});
    out.push_back(NewKey{indexes.key, patient, anyone ? source.patient_id : Phi(),
                         anyone ? source.issuer : Phi(), now});
  }
  for (const PersonIndex& index : located.new_persons)
    out.push_back(NewPersonIndex{patient, index});
  if (located.learns_person) out.push_back(PersonKnown{*located.learns_person, person_of(source)});

  if (!located.study) {
    const Secret& salt = new_salt ? *new_salt : *located.patient->salt;
    const std::uint32_t revision = rows.next_revision(patient, indexes.study);
    NewStudy study{rows.next_number("study"),
                   patient,
                   indexes.study,
                   map_uid(salt, revision, source.study_uid.reveal()),
                   revision,
                   study_too ? source.study_uid : Phi(),
                   std::nullopt,
                   now};
    if (study_too && !source.study_source.empty()) study.source = source.study_source;
    out.push_back(std::move(study));
  }
  if (indexes.device && !(located.device && located.epoch)) {
    const std::int64_t device =
        located.device ? located.device->device : rows.next_number("device");
    if (!located.device) {
      out.push_back(NewDevice{device, site.site, *indexes.device,
                              device_label(rows.device_count(site.site) + 1), source.manufacturer,
                              source.model, source.serial_number, source.station_name, now});
    }
    out.push_back(
        NewEpoch{device, indexes.epoch, source.software_versions, source.last_calibration, now});
    if (new_devices == NewDevices::Hold) out.push_back(EpochHeld{device, indexes.epoch});
  }
  return out;
}

/// Patients who now seem to be the person of `patient` too, and did not before. Before the rows are
/// there.
long long new_alarms(MapRows& rows, const Located& located) {
  const std::int64_t patient = located.patient ? located.patient->patient : 0;
  std::set<std::int64_t> others;
  for (const PersonIndex& index : located.new_persons) {
    if (index.kind == PersonIndex::BareId) continue;  // an equal id in two domains says nothing
    const auto under = rows.others_under(index, patient);
    others.insert(under.begin(), under.end());
  }
  return std::count_if(others.begin(), others.end(), [&](std::int64_t other) {
    return !rows.seem_one(patient, other) && !rows.are_distinct(patient, other);
  });
}

}  // namespace

Result<void> PseudonymMap::declare_site(const SitePolicy& site) try {
  if (!is_site_code(site.code))
    return fail(Fault::Invalid, "a site's code is 1 to 4 characters of A-Z and 0-9");
  const std::string normalisation = site.normalisation.text();
  Result<SiteRow> outcome = fail(Fault::Unavailable, "");
  impl_->write([&](SQLite::Database& database) {
    MapRows rows(database, impl_->keys);
    const auto known = rows.site(site.code);
    if (known && known->normalisation != normalisation && rows.site_has_patients(known->site)) {
      outcome = fail(Fault::Conflict,
                     "site " + site.code + ": its patients are keyed with id normalisation \"" +
                         known->normalisation + "\", the configuration says \"" + normalisation +
                         "\": another one would split people; put the old one back");
      return;
    }
    if (!known || known->normalisation != normalisation) {
      MapChanges changes;
      changes.push_back(NewSite{known ? known->site : rows.next_number("site"), site.code,
                                normalisation, known ? known->salt->clone() : random_secret()});
      impl_->record(database, changes);
    }
    outcome = *rows.site(site.code);
  });
  if (!outcome) return outcome.error();
  impl_->sites.with([&](auto& sites) { sites.insert_or_assign(site.code, *outcome); });
  return {};
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

Result<SiteRow> PseudonymMap::Impl::site_row(const SitePolicy& site) {
  auto known = sites.with([&](auto& all) {
    const auto at = all.find(site.code);
    return at == all.end() ? std::optional<SiteRow>() : std::optional<SiteRow>(at->second);
  });
  if (!known) return fail(Fault::NotFound, "site " + site.code + " was not declared");
  if (known->normalisation != site.normalisation.text()) {
    return fail(Fault::Conflict,
                "site " + site.code + ": another id normalisation than the one declared");
  }
  return *known;
}

Result<Subject> PseudonymMap::resolve(const SitePolicy& policy, const SourceIdentity& source,
                                      NewDevices new_devices) try {
  const Digest question = question_of(impl_->keys.index_key(), policy, source);
  std::uint64_t generation = 0;
  if (auto known = impl_->cache.with([&](auto& cache) {
        generation = cache.generation();
        return cache.find(question);
      }))
    return *known;

  const std::string id = normalise_id(source.patient_id.reveal(), policy.normalisation);
  if (is_placeholder_id(source.patient_id.reveal()) || is_placeholder_id(id)) {
    return uncertain("PatientID (0010,0020) is blank or a placeholder");
  }
  if (source.study_uid.reveal().find_first_not_of(std::string_view("\0 ", 2)) ==
      std::string::npos) {
    return uncertain("StudyInstanceUID (0020,000D) is missing");
  }
  // Another pseudonym for it would be a person who does not exist, of a study that has one already.
  if (is_pseudonym(normalise_id(source.patient_id.reveal(), {.upper = true})))
    return uncertain(
        "PatientID (0010,0020) is a pseudonym: it was de-identified by a node like this one "
        "already, and came back, or is a result of the archive");
  const IdentityIndexes indexes = index_identity(impl_->keys.index_key(), policy, source);

  auto site = impl_->site_row(policy);
  if (!site && site.error().fault == Fault::NotFound) {
    if (auto declared = declare_site(policy); !declared) return declared.error();
    site = impl_->site_row(policy);
  }
  if (!site) return site.error();

  const auto read = [&](SQLite::Database& database,
                        Statements& statements) -> Result<std::optional<Subject>> {
    MapRows rows(database, statements, impl_->keys);
    auto located = locate(rows, impl_->keys.index_key(), policy, indexes, source);
    if (!located) return located.error();
    if (!located->complete(indexes)) return std::optional<Subject>();
    return std::optional<Subject>(subject_of(*located, *site));
  };
  auto found = impl_->readers.with_statements([&](ReadConnection& connection) {
    // All of it as of one moment: a patient who is written between two queries would seem to have
    // come by a study of somebody else.
    const SQLite::Transaction moment(*connection.database);
    return read(*connection.database, connection.statements);
  });
  if (!found) return found.error();

  if (!*found) {
    bool new_epoch = false;
    impl_->write([&](SQLite::Database& database) {
      MapRows rows(database, impl_->statements, impl_->keys);
      // Looked up again: seven other associations may have brought the same patient since.
      auto located = locate(rows, impl_->keys.index_key(), policy, indexes, source);
      if (!located) {
        found = located.error();
        return;
      }
      if (!located->complete(indexes)) {
        if (!located->study && rows.has_given(source.study_uid)) {
          found = uncertain(
              "StudyInstanceUID (0020,000D) is one that this node gave: it was de-identified here "
              "already, and came back, or is a result of the archive");
          return;
        }
        if (impl_->gap_since != 0 && (!located->patient || (indexes.device && !located->device))) {
          found = uncertain(
              "the map was restored without its journal, and this person or camera may have been "
              "known before the loss: put the journal in its place, or `dosigate map accept-gap`");
          return;
        }
        new_epoch = indexes.device && !located->epoch;
        const long long alarms = new_alarms(rows, *located);
        impl_->record(database,
                      missing_rows(rows, *located, indexes, policy, *site, source,
                                   impl_->settings.keep_originals, new_devices, impl_->now()));
        impl_->alarms += alarms;  // here: a correction counts them anew in this thread
      }
      found = read(database, impl_->statements);
    });
    fail_point("map.after-commit");
    if (!found) return found.error();
    const Subject& subject = **found;
    if (new_epoch && impl_->settings.noticed)
      impl_->settings.noticed(policy.code, subject.device_label, subject.device_epoch);
  }
  impl_->cache.with([&](auto& cache) { cache.put(question, **found, generation); });
  return **found;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be used: ") + broken.what());
}

}  // namespace dosigate
