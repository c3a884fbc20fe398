#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"
#include "dosigate/identity/subject.h"

namespace dosigate {

/// What the map keeps, sealed, beside pseudonym, salt and offset (`keep_originals`). Decided when a
/// patient or study is first seen: what is kept or not kept stays so.
enum class KeepOriginals : std::uint8_t {
  None,      ///< nobody's name: reveal answers that nothing was kept, and one id with two persons
             ///< cannot be noticed any more
  Identity,  ///< the person, for reveal; no original of a study and no UID
  Study      ///< the person, study-level originals and UID pairs: results find the way back
};

/// What becomes of a camera or software version that was never seen before.
enum class NewDevices : std::uint8_t {
  Accept,
  Hold  ///< it is numbered and remembered as not accepted: Subject::device_accepted is false until
        ///< `accept_device`
};

/// Where the link between person and pseudonym lives: identity/map.db, sealed, in a directory of
/// its own (0700), and the journal of everything that makes it (journal_dir, a second disk or
/// share). All SQL of the map is behind this class.
///
/// Same patient, same pseudonym, offset and UIDs, for ever: across restart, concurrency and crash.
/// Doubt is held, never guessed.
///
/// Thread: every function from any thread; one writer thread inside.
class PseudonymMap {
 public:
  struct Settings {
    std::filesystem::path directory;  ///< .../identity
    /// Must be there: never made, so that an unmounted disk is noticed. Empty: no journal (`check`
    /// warns). Configured later, or again, it begins with everything that is in the map.
    std::filesystem::path journal_directory;
    KeepOriginals keep_originals = KeepOriginals::Study;
    WallClock clock = wall_now;
    /// Called once for each camera (epoch 1) or new software or calibration of one (epoch 2, ...),
    /// after it is durable, in the thread of the `resolve` that brought it. May be empty.
    std::function<void(const std::string& site_code, const std::string& label, std::uint32_t epoch)>
        noticed{};
  };

  /// Makes the empty map once, for `init`. Conflict when one exists, or when the journal of another
  /// one lies in the journal directory; Unavailable when that directory is not there.
  static Result<void> create(const Settings& settings, const Keyring& keys);
  /// Opens an existing one and brings it up to its journal. `keys` outlives the map.
  /// Faults: NotFound (says: restore or init); Conflict (newer schema, other keyring, another map's
  /// journal); Corrupt (also a journal older than the map); Denied (directory open to others);
  /// Unavailable (journal away, or another process has the map open).
  static Result<std::unique_ptr<PseudonymMap>> open(Settings settings, const Keyring& keys);
  ~PseudonymMap();

  /// Of every PixelDigest that ends in a fingerprint of this map. The same as long as its keyring
  /// lives.
  const Secret& pixel_key() const;

  /// Registers a site (or finds it). Conflict when its normalisation differs from the one its
  /// patients were keyed with.
  Result<void> declare_site(const SitePolicy& site);

  /// Patient, study and device of an instance, made when new; durable (map FULL, journal synced) on
  /// return. Fault::Uncertain, with the reason in words and no value, when a person must decide:
  /// blank or placeholder PatientID, one id with two persons, a study that returns under another
  /// patient, a forgotten patient or study. Fault::Unavailable when the map or its journal cannot
  /// be read or written; Conflict when the site is keyed with another normalisation. A site that
  /// was not declared is declared.
  Result<Subject> resolve(const SitePolicy& site, const SourceIdentity& source,
                          NewDevices new_devices = NewDevices::Accept);

  /// Every version of an instance already sent on, by its pseudonymous SOP Instance UID as first
  /// sent, ascending by revision; empty when never seen (or not absorbed yet). Throws when the map
  /// cannot be read, like lookup, reveal and totals.
  std::vector<KnownInstance> seen(std::int64_t study, std::string_view sop_uid);

  /// What was sent of a study (pseudonymous UID, any state but forgotten) and absorbed, all
  /// revisions. Instances of before map version 4 have no series and are only counted.
  struct Sent {
    std::vector<SentObject> objects;
    std::size_t unlisted = 0;
  };
  Result<Sent> sent_objects(std::string_view study_uid);

  /// The pairs of one instance as they ride in its spool file: sealed under the identity key,
  /// opaque to spool and forward. `id` is associated data. Without KeepOriginals::Study only the
  /// fingerprint is in it.
  Bytes seal_pairs(const InstanceId& id, const PairBatch& batch) const;
  /// Moves pairs into map.db, durable on return. Repeating it changes nothing.
  /// Corrupt when one does not open, NotFound when its study is not in the map; nothing of that one
  /// is taken in then, the others are.
  Result<void> absorb(const std::vector<std::pair<InstanceId, Bytes>>& sealed);

  /// For the operator. The PatientID comes from a terminal, never from argv.
  struct Found {
    std::string pseudonym;
    std::string site_code;
    long long first_seen;
    std::vector<std::string> study_uids;  ///< pseudonymous
  };
  /// All patients of any site with this PatientID (normalised as each site does it).
  std::vector<Found> lookup(const Phi& patient_id);
  /// Whose an identity is to this map, as pseudonyms, each once: of the patient with this PatientID
  /// and issuer, and of the patient who has this study now (StudyInstanceUID as received; empty
  /// asks for no study). Nothing is made and nothing is judged.
  std::vector<std::string> known_as(const SitePolicy& site, const Phi& patient_id,
                                    const Phi& issuer, const Phi& study_uid = {});
  /// The pseudonym that holds for the patient of this one: another one after a join. NotFound when
  /// the map does not have it, or the person was forgotten.
  struct Present {
    std::string pseudonym, site_code;
  };
  Result<Present> present(std::string_view pseudonym);
  struct Revealed {
    Phi patient_id, issuer, name, birth_date, sex;
  };
  /// NotFound, also where nothing was kept of the person; Invalid when the check character of the
  /// pseudonym is wrong.
  Result<Revealed> reveal(std::string_view pseudonym);

  /// Counts the private creators of which elements were removed from one instance. In memory only,
  /// so that no acknowledgement waits for it; `write_removed_creators` and the destructor write.
  /// @param device  Subject::device; 0 when the instance names none.
  /// @param creators  each once, text from the wire. At most 256 of a device are told apart, the
  /// rest are "others".
  void note_removed_creators(std::int64_t device, const std::vector<std::string>& creators);
  /// Writes what was counted, without a sync. For whoever has a clock, every few seconds.
  /// Unavailable when the map cannot be written: the counts are kept for the next time.
  Result<void> write_removed_creators();

  /// A camera, for the hospital's own administrator.
  struct Device {
    struct Epoch {
      std::uint32_t number;
      Phi software_versions;
      Phi last_calibration;  ///< DA, true date, or empty
      long long first_seen;
    };
    struct Creator {
      std::string text;     ///< from the wire: any bytes
      bool others = false;  ///< no text: all that came after the first 256 of this device
      long long instances = 0, first_seen = 0, last_seen = 0;
    };
    std::int64_t device = 0;
    std::string site_code, label;  ///< both empty for what instances without a device had removed
    Phi manufacturer, model, serial_number, station_name;
    long long first_seen = 0;
    std::vector<Epoch> epochs;      ///< by number
    std::vector<Creator> creators;  ///< removed; most frequent first, as written
  };
  std::vector<Device> devices();

  /// Devices of which a creator was removed for the first time at or after `since` (Unix seconds).
  struct NewCreators {
    std::string site_code, label;  ///< empty: instances that name no device
    long long creators;
  };
  std::vector<NewCreators> new_creators(long long since);

  struct Totals {
    long long patients, studies, devices, uid_pairs;
  };
  Totals totals();

  /// Pairs of patients of one site that seem to be one person (same name, birth date and sex, or
  /// the same CPF or CNS) under two ids: an alarm, never a join. Counted from the map, so kept over
  /// a restart; shown by status.
  long long alarms() const;
  /// As DatabaseWriter::trouble, of the journal as well.
  std::string trouble() const;
  struct Alarm {
    std::string a, b;  ///< pseudonyms
    std::string why;   ///< "name, birth date and sex", "CPF", "CNS", joined by " + "
  };
  /// The pairs behind `alarms`, oldest first.
  std::vector<Alarm> alarm_list(std::size_t max);
  /// A person has decided that these two are not one: the pair is no alarm any more.
  Result<void> declare_distinct(std::string_view pseudonym_a, std::string_view pseudonym_b);

  // Corrections by a person. Each is journalled and durable on return, clears the cache of
  // subjects, and is carried out again by a replay of the journal. Who calls them keeps instances
  // in flight away (app/corrections.h). A pseudonym that is not in the map: NotFound.

  /// What a study is to the map, by its pseudonymous UID.
  struct StudyInfo {
    enum class State : std::uint8_t { Active = 0, Withdrawn = 1, GivenAway = 2 };
    std::string study_uid, pseudonym, site_code;
    State state = State::Active;
    std::string replaced_by{};  ///< UID of the study's present row under another patient (or the
                                ///< same one, later); empty while nothing has come back
  };
  Result<StudyInfo> study_info(std::string_view study_uid);
  /// All studies ever known of a patient and of those joined into it, given-away ones included.
  Result<std::vector<StudyInfo>> studies_of(std::string_view pseudonym);

  /// A further PatientID of a known patient ("the same person"). Conflict, naming its pseudonym,
  /// when the id is another patient's already: then `join`. Doing it again changes nothing.
  /// @param site  of the patient, as configured (issuers, normalisation).
  Result<void> add_key(const SitePolicy& site, std::string_view pseudonym, const Phi& patient_id,
                       const Phi& issuer);
  /// Two patients of one site are one person: the loser's ids lead to `winner` from now on, its
  /// present studies become GivenAway (what returns of them gets the winner's pseudonym, offset and
  /// UIDs), its pseudonym is never used again. Invalid for two sites or one and the same patient.
  /// @return the loser's studies that were Active or Withdrawn.
  Result<std::vector<std::string>> join(std::string_view winner, std::string_view loser);
  /// A study belongs to another person, whose PatientID is given (and who is made when unknown:
  /// name and birth date are learnt from the first instance). The old row becomes GivenAway, its
  /// UIDs are never used again; a study that returns to a patient it was taken from gets the next
  /// revision. Conflict when it is that patient's study already.
  struct Reassigned {
    std::string from, to;  ///< pseudonyms
    std::string old_study_uid, new_study_uid;
  };
  Result<Reassigned> reassign(const SitePolicy& site, std::string_view study_uid,
                              const Phi& patient_id, const Phi& issuer);
  /// Withdrawn: instances of it that arrive are held until it is admitted again.
  Result<void> set_withdrawn(std::string_view study_uid, bool withdrawn);

  /// Destroys everything that leads from person to pseudonym: salt, offset, person, keys, person
  /// indexes, studies, instances, pairs, also of patients joined into it; copies of earlier schema
  /// versions (`map.db.v*`); and rewrites the journal without it. Tombstones (another blind index
  /// of each study) stay: a forgotten study that returns is held, a new study of the person gets a
  /// new pseudonym. On return no sealed value, blind index or pseudonym of the person is in map.db,
  /// its WAL or the journal. What was queued must be gone before (app/corrections.h).
  Result<void> forget(std::string_view pseudonym);

  /// Patients of pseudonyms assigned elsewhere.
  struct Assigned {
    std::string site_code;
    Phi patient_id, issuer;
    std::string pseudonym;  ///< 1 to 64 of A-Z 0-9 . - not beginning with "." or "-"; unlike every
                            ///< PatientID of the file
    std::optional<std::int64_t> offset_days;  ///< negative; drawn when absent
  };
  /// All or nothing: Conflict or Invalid with the numbers of the rows (from 1) and why, never a
  /// value. A row that is in the map exactly so already is no conflict.
  /// @return how many are new.
  Result<std::size_t> import_assigned(const std::vector<SitePolicy>& sites,
                                      const std::vector<Assigned>& rows);
  /// Every key of every patient that is not forgotten, for a sealed export.
  void each_assigned(const std::function<void(const Assigned&)>& use);

  /// A person has looked at a new camera or software: all its epochs are accepted.
  Result<void> accept_device(std::string_view site_code, std::string_view label);

  /// Set by a restore without a journal: what happened between backup and loss is unknown. While it
  /// is set a patient or device that is not in the map is Uncertain. Unix seconds of the backup.
  std::optional<long long> gap_since();
  Result<void> accept_gap();
  /// For a restore, on a map that nobody has open: sets the gap and forgets the old journal.
  static Result<void> mark_gap(const Settings& settings, const Keyring& keys, long long since);

  /// Re-seals values of map.db that are under an older key version than the keyring's newest, at
  /// most about `max` values in one transaction; online. @return how many; 0 = none left: a whole
  /// walk has met none, the WAL is emptied, and copies of earlier schema versions (`map.db.v*`),
  /// which only the old keys open, are gone. Unavailable when something does not open or the disk
  /// fails. Thread: one at a time.
  Result<std::size_t> reseal(std::size_t max);
  /// Writes the journal anew under the newest key: everything in the map and nothing else. Done by
  /// `forget` and at the end of a key rotation. Without a journal nothing.
  Result<void> rewrite_journal();
  /// An online, consistent copy of map.db as one file (sealed columns stay sealed).
  Result<void> copy_to(const std::filesystem::path& file);

 private:
  struct Impl;
  explicit PseudonymMap(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// "DSG-<site>-XXXX-XXXX-XXX": ten random base-32 characters (50 bits) and a check character over
/// them that finds every single wrong character and every swap of two. Never derived from the
/// identity.
std::string make_pseudonym(std::string_view site_code);
/// True when form and check character are right.
bool is_pseudonym(std::string_view text);

}  // namespace dosigate
