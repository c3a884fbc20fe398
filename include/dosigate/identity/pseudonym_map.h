#pragma once

#include <filesystem>
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

  /// Registers a site (or finds it). Conflict when its normalisation differs from the one its
  /// patients were keyed with.
  Result<void> declare_site(const SitePolicy& site);

  /// Patient, study and device of an instance, made when new; durable (map FULL, journal synced) on
  /// return. Fault::Uncertain, with the reason in words and no value, when a person must decide:
  /// blank or placeholder PatientID, one id with two persons, a study that returns under another
  /// patient, a forgotten patient or study. Fault::Unavailable when the map or its journal cannot
  /// be read or written; Conflict when the site is keyed with another normalisation. A site that
  /// was not declared is declared.
  Result<Subject> resolve(const SitePolicy& site, const SourceIdentity& source);

  /// Fingerprint of an instance already sent on, looked up by its pseudonymous SOP Instance UID;
  /// nullopt when never seen (or not absorbed yet). Throws when the map cannot be read, like
  /// lookup, reveal and totals.
  std::optional<Fingerprint> seen(std::int64_t study, std::string_view sop_uid);

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
