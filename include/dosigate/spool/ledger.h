#pragma once

#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/outstanding.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// Spool and forward exist once per domain. What is spooled for one can neither compile into nor
/// open in the other. Numbers are stored: never change one.
enum class Domain : std::uint8_t { Archive = 0, Hospital = 1 };

/// What became of an acknowledged instance. Numbers are stored: never change one.
enum class Outcome : std::uint8_t {
  Queued = 1,
  Delivered = 2,
  Parked = 3,
  Quarantined = 4,
  Dropped = 5,
  Discarded = 6,
  Duplicate = 7
};
/// Of one (instance, destination).
enum class DeliveryState : std::uint8_t { Queued = 0, Delivered = 1, Parked = 2, Withdrawn = 3 };

/// The book of every acknowledged instance (design 7.3), in ledger.db:
///   received + issued = duplicate + delivered + queued + parked + quarantined + dropped +
///   discarded, where issued are the rejection notes that this node made;
///   per destination assigned = delivered + queued + parked + withdrawn.   refused stands outside.
/// An instance with destinations is queued while one is pending, else parked while one is parked,
/// else delivered. Every call is idempotent per (id, destination), so that recovery may repeat it;
/// final outcomes are FULL-synced before return. Thread: any.
class Ledger {
 public:
  /// Faults as open_database.
  static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& file,
                                              WallClock clock = wall_now);
  /// Never a new one in the place of one that is missing.
  static Result<std::unique_ptr<Ledger>> open_existing(const std::filesystem::path& file);
  ~Ledger();

  struct Entry {
    InstanceId id;
    std::string study_uid;
    std::vector<std::string> destinations;
    std::string sop_class_uid{},
        sop_instance_uid{};  ///< what an archive is asked for when deliveries are verified
    Domain domain = Domain::Archive;
    std::string pseudonym{};  ///< of the patient
    /// CleanInstance::facts(); empty when there are none or when they are counted already: an
    /// instance that was delivered before and is sent again.
    std::string facts{};
    /// Made by this node (a rejection note), not received: counted as issued.
    bool issued = false;
  };
  /// Can be repeated from the spool file, so it is not synced. Also moves a quarantined instance
  /// into the queue (release). Throws std::logic_error for an id that was dropped, discarded or a
  /// duplicate: those are final. The facts count in the same transaction, once per id and SOP
  /// instance.
  void queued(const Entry& entry) { queued(std::vector<Entry>{entry}); }
  /// All of them in one transaction, or none.
  void queued(const std::vector<Entry>& entries);
  /// One that is being acknowledged and will be `queued` soon: reports wait for it, a moment at
  /// most, so that nobody is shown less than he was told. Gone when the mark is.
  Outstanding::Mark announce();
  /// After the quarantine file is durable; repeatable from it. Does nothing when the id is already
  /// known.
  void quarantined(const InstanceId& id, std::string_view reason);
  /// Durable on return: nothing else remembers these.
  void dropped(const InstanceId& id, std::string_view reason);
  void duplicate(const InstanceId& id, std::string_view study_uid);
  void discarded(const InstanceId& id, std::string_view reason);
  /// An instance whose file was lost was sent again, and another id stands for it from now on: it
  /// becomes a duplicate, its open destinations are withdrawn. Does nothing unless it is parked.
  void superseded(const InstanceId& id);
  /// Durable on return; the spool file may go afterwards. All of `changes` or nothing: throws
  /// std::logic_error when one names an instance or a destination that was never queued.
  struct Change {
    InstanceId id;
    std::string destination;
    DeliveryState state;
    std::uint16_t status;
  };
  void changed(const std::vector<Change>& changes);
  /// Not acknowledged: counted by reason.
  void refused(std::string_view reason, std::uint64_t count = 1);

  /// State of each destination of an instance; empty when unknown. For rebuilding the queue.
  std::map<std::string, DeliveryState> destinations(const InstanceId& id) const;
  std::optional<Outcome> outcome(const InstanceId& id) const;
  /// Ids whose outcome is Queued or Parked, ascending, after `after`; at most `max`. For finding at
  /// start what has lost its file.
  std::vector<InstanceId> open_instances(Domain domain, const InstanceId& after,
                                         std::size_t max) const;

  struct Totals {
    std::uint64_t received = 0, duplicate = 0, delivered = 0, queued = 0, parked = 0,
                  quarantined = 0, dropped = 0, discarded = 0, refused = 0, issued = 0;
  };
  Totals totals() const;
  struct DestinationTotals {
    std::uint64_t assigned = 0, delivered = 0, queued = 0, parked = 0, withdrawn = 0;
  };
  std::map<std::string, DestinationTotals> by_destination() const;
  std::map<std::string, std::uint64_t> reasons(Outcome outcome) const;
  std::map<std::string, std::uint64_t> refusals() const;

  /// What some instances of a study said, all of them the same.
  struct Facts {
    std::string study_uid;
    std::string facts;  ///< without the line of the acquisition time
    std::uint64_t instances = 0;
    std::int64_t first_day = 0, last_day = 0;     ///< of the acknowledgement, days since 1970
    std::string first_acquired, last_acquired{};  ///< earliest and latest; empty when none says it
  };
  /// Of all studies of a pseudonym, in the order of their first arrival.
  std::vector<Facts> facts_of(std::string_view pseudonym) const;
  /// The studies of a pseudonym, those without facts too, in the order of their first arrival.
  std::vector<std::string> studies_of(std::string_view pseudonym) const;
  /// Whose study it is; empty when it is unknown or arrived before pseudonyms were kept.
  std::string pseudonym_of(std::string_view study_uid) const;
  /// UIDs of all studies whose pseudonym is kept.
  std::vector<std::string> studies() const;
  /// Ids whose outcome is Quarantined: for a restore, whose originals are lost.
  std::vector<InstanceId> quarantined_instances() const;

  // Withdrawal: who has to be told that something is rejected, and who was told.

  /// One rejection of objects of a study.
  struct Withdrawal {
    std::int64_t number = 0;           ///< given by `ordered` and `rejected`
    std::string study_uid, pseudonym;  ///< pseudonymous; '' pseudonym once forgotten
    std::string code;                  ///< "113001", ... (DCM)
    std::string cause;  ///< "operator", "reassigned", "joined", "revision", "forgotten", "received"
    std::uint64_t objects = 0;  ///< it names
    bool whole_study = true;
    std::int64_t ordered = 0;  ///< Unix seconds
    /// Per destination that holds some of them: told (Unix seconds of the delivered note), or 0.
    std::map<std::string, std::int64_t> told{};
  };
  /// An order by this node, before its note is queued under `note`. Durable on return. Repeating it
  /// with the same note changes nothing.
  /// @param destinations  may be empty: nothing has left.
  /// @param sop_uids  SOP Instance UIDs that the note names.
  std::int64_t ordered(const Withdrawal& what, const InstanceId& note,
                       const std::vector<std::string>& destinations,
                       const std::set<std::string>& sop_uids = {});
  /// A rejection note that was received and sent on as `note`. Repeating it changes nothing.
  void rejected(const Withdrawal& what, const InstanceId& note,
                const std::vector<std::string>& destinations);
  /// Newest first; of one study when named.
  std::vector<Withdrawal> withdrawals(std::string_view study_uid, std::size_t max) const;
  /// (withdrawal, destination) whose note is delivered and which nobody was told of yet; marked by
  /// `recorded`, after the audit log has it.
  struct Told {
    std::int64_t number;
    std::string destination, study_uid, code, cause;
    std::int64_t when;
  };
  std::vector<Told> told_and_not_recorded(std::size_t max) const;
  void recorded(const std::vector<Told>& told);
  /// (withdrawal, destination) whose note is not delivered yet; only of those ordered at `until`
  /// (Unix seconds) or before.
  /// @param except  destinations that do not count: they are closed or paused.
  std::uint64_t withdrawals_open(std::int64_t until = std::numeric_limits<std::int64_t>::max(),
                                 const std::set<std::string>& except = {}) const;
  /// An order of this node whose note never came into the queue: the node was killed in between, or
  /// the queue was full.
  struct Unfinished {
    Withdrawal what;
    InstanceId note;  ///< to be queued under this id, for what.told
    std::set<std::string> sop_uids;
  };
  /// Oldest first.
  std::vector<Unfinished> unfinished_orders() const;
  /// SOP Instance UIDs of a study that notes of this node reject at a destination, for this cause
  /// or (empty) any. One that is sent again is no longer among them.
  std::set<std::string> rejected_at(std::string_view study_uid, std::string_view destination,
                                    std::string_view cause = {}) const;
  /// SOP Instance UIDs of a study that were taken out of the queue for every destination before any
  /// got them. Empty when rows of the study are folded: then it is not known any more.
  std::set<std::string> never_sent(std::string_view study_uid) const;
  /// Whether the instance is a rejection note: it has to arrive, whatever is withdrawn.
  bool is_note(const InstanceId& id) const;

  /// What was sent of a study to a destination and when, folded days included.
  struct Sent {
    std::string study_uid, destination;
    std::uint64_t delivered = 0, waiting = 0, withdrawn = 0;
    std::int64_t first = 0, last = 0;  ///< Unix seconds, of the delivered ones; 0 when none is
  };
  std::vector<Sent> sent(std::string_view study_uid) const;

  // Days, arrivals and the proof of a study. A day is one of UTC. Each reads one consistent state
  // on a connection of its own: nothing else waits for it.

  /// Of the instances that were received or issued on a day, what has become of them until now.
  struct Day {
    std::int64_t day = 0;                    ///< days since 1970-01-01 UTC
    std::uint64_t received = 0, issued = 0;  ///< counted when they came
    std::map<Outcome, std::map<std::string, std::uint64_t>> outcomes;  ///< by reason; '' = none
    std::map<std::string, std::uint64_t> refused;                      ///< by reason; on that day
    std::map<std::string, DestinationTotals> destinations;  ///< `assigned` when they came
    struct Study {
      std::string study_uid, pseudonym;  ///< '' pseudonym once forgotten
      std::uint64_t received = 0;        ///< that day
      std::map<std::string, DestinationTotals> destinations;
      std::int64_t last_arrival = 0, completed = 0;  ///< as StudyArrival
    };
    std::vector<Study> studies;  ///< in the order of their first arrival ever

    std::uint64_t count(Outcome outcome) const;
    /// What does not add up (design 7.3), in words; empty when all does.
    std::vector<std::string> faults() const;
  };
  /// Every day of [from, to] on which something is on record, ascending.
  std::vector<Day> days(std::int64_t from, std::int64_t to) const;

  /// Arrival of a study, which is complete when nothing has arrived into it for a while. Times are
  /// Unix seconds.
  struct StudyArrival {
    std::string study_uid, pseudonym;
    std::int64_t last_arrival = 0;
    std::int64_t completed = 0;  ///< 0 while it arrives
  };
  /// Studies into which nothing has arrived for `quiet` and whose arrival period is not closed yet,
  /// oldest first. A clock that was set back begins the wait anew.
  std::vector<StudyArrival> quiet_studies(std::chrono::seconds quiet, std::size_t max);
  /// Closes these arrival periods at the clock's time, but for those into which something has
  /// arrived since. Durable on return.
  void completed(const std::vector<StudyArrival>& studies);
  /// nullopt for an unknown study.
  std::optional<StudyArrival> arrival_of(std::string_view study_uid) const;
  /// Studies whose pseudonym is kept, the latest arrival first, after the one with this UID (empty:
  /// from the beginning); at most `max`. Nothing after a UID that is unknown.
  std::vector<StudyArrival> latest_studies(std::string_view after, std::size_t max) const;
  struct Arrivals {
    std::uint64_t arriving = 0, complete_today = 0;  ///< of this day of UTC
  };
  Arrivals arrivals() const;

  /// Instances of a study delivered to a destination that the audit log does not tell of yet.
  struct Transfer {
    std::string study_uid, pseudonym;  ///< '' pseudonym once forgotten
    std::string destination;
    std::uint64_t count = 0;
    std::int64_t first = 0, last = 0;  ///< Unix seconds
  };
  /// Those into which nothing was added for `quiet`, oldest first.
  std::vector<Transfer> transfers_to_record(std::chrono::seconds quiet, std::size_t max) const;
  /// After the audit log has them. Durable on return.
  void transfers_recorded(const std::vector<Transfer>& transfers);

  /// One study at one destination, of what the node received: its own rejection notes aside.
  struct Proof {
    struct AtDestination {
      std::uint64_t delivered = 0, queued = 0, parked = 0, withdrawn = 0;
      std::map<std::uint16_t, std::uint64_t> acknowledged;  ///< delivered, by its DIMSE status
      std::map<std::uint16_t, std::uint64_t> parked_with;   ///< parked, by its DIMSE status
      std::uint64_t status_unknown = 0;  ///< delivered, folded before statuses were kept
      std::int64_t first = 0, last = 0;  ///< Unix seconds, of the delivered ones; 0 when none is
    };
    StudyArrival arrival;
    bool forgotten = false;
    /// Rows: an object that was sent again after its delivery has another. Before version 4 of the
    /// schema folded ones that have no destination are missing.
    std::uint64_t received = 0, duplicate = 0;
    std::uint64_t notes = 0;   ///< rejection notes of this node about it
    std::uint64_t folded = 0;  ///< of `received` and `notes`: no instance is kept one by one
    std::int64_t first_day = 0, last_day = 0;  ///< UTC, of what is on record with its day
    std::map<std::string, AtDestination> destinations;
  };
  /// nullopt for an unknown study.
  std::optional<Proof> proof(std::string_view study_uid) const;

  /// What became of an object of a study, both by their UIDs as they went out: by destination, of
  /// one that was sent several times the first of delivered, queued, parked, withdrawn. Empty for
  /// an unknown one and for one that was folded into a day's totals.
  std::map<std::string, DeliveryState> deliveries_of(std::string_view study_uid,
                                                     std::string_view sop_uid) const;

  /// What of the deliveries to a destination is meant; every day from `from_day` to `to_day` counts
  /// (days since 1970, of the acknowledgement).
  struct DeliveredScope {
    std::string destination;
    std::string study_uid{};  ///< as it went out; empty: every study
    std::int64_t from_day = std::numeric_limits<std::int64_t>::min();
    std::int64_t to_day = std::numeric_limits<std::int64_t>::max();
  };
  struct DeliveredStudy {
    std::string study_uid, pseudonym;  ///< '' pseudonym: forgotten, or of version 1
    std::uint64_t objects = 0;         ///< different SOP instances
  };
  /// Studies with instances that were delivered, by UID; archive domain. Over a connection of its
  /// own, so that a long list delays nobody.
  std::vector<DeliveredStudy> delivered_studies(const DeliveredScope& scope) const;
  struct DeliveredObject {
    std::string sop_class_uid, sop_instance_uid;
    bool note = false;  ///< a rejection note: an archive may act on it and keep no object
  };
  /// Each SOP instance once, ascending, after `after`; at most `max`. The scope names a study.
  std::vector<DeliveredObject> delivered_objects(const DeliveredScope& scope,
                                                 std::string_view after, std::size_t max) const;
  /// Deliveries in the scope that were folded into totals: nobody knows their UIDs any more.
  std::uint64_t delivered_and_folded(const DeliveredScope& scope) const;

  /// Purpose and legal basis of a destination from now on (LGPD art. 37): kept over time, so that a
  /// report says what held when something was sent. Nothing happens when they are unchanged;
  /// `since` is set by the clock.
  struct Legal {
    std::string destination, purpose, legal_basis, operator_name, country;
    std::int64_t since = 0;
  };
  void legal(const Legal& now);
  /// What held at any time in [from, to], oldest first.
  std::vector<Legal> legal_during(std::string_view destination, std::int64_t from,
                                  std::int64_t to) const;

  /// A revision stands for this instance from now on: its facts no longer count, so that a
  /// corrected weight does not contradict the one before it. Repeating it changes nothing; one that
  /// was folded goes on counting.
  void replaced(std::string_view study_uid, std::string_view sop_uid);

  /// The studies' facts, pseudonym and SOP Instance UIDs go; counts, the study UID and its
  /// withdrawals stay: what was sent has to be accounted for. They do not come back when the queue
  /// is rebuilt. Their quarantined, queued or parked instances must be gone before, but for the
  /// notes that tell of it. Durable, and the WAL is emptied, on return.
  void forget(const std::vector<std::string>& study_uids);
  bool is_forgotten(std::string_view study_uid) const;

  /// A destination that gets nothing until an operator resumes it. Kept here, where no rebuilding
  /// of the queue loses it.
  struct Pause {
    std::string destination, actor, reason;
    std::int64_t since = 0;  ///< Unix seconds, set by the clock
  };
  /// Durable on return. False: it was paused already, and that pause stays.
  bool pause(const Pause& pause);
  /// Durable on return. False: it was not paused.
  bool resume(std::string_view destination);
  std::map<std::string, Pause> pauses() const;

  /// Moments that `check` asks for: "backup", "recovery-verified". 0 when it never happened.
  void milestone(std::string_view name, std::int64_t when);
  std::int64_t milestone(std::string_view name) const;

  /// Day (days since 1970) of the oldest instance that is kept one by one; nullopt when none is.
  std::optional<std::int64_t> oldest_day() const;
  /// As DatabaseWriter::trouble.
  std::string trouble() const;
  /// An online, consistent copy as one file. Conflict when it exists.
  Result<void> copy_to(const std::filesystem::path& file) const;

  /// Folds final rows (all but queued, parked, quarantined) whose day is older than `keep_days`
  /// into day totals. Totals stay equal.
  void fold(int keep_days);

 private:
  struct Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
