#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
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
///   received = duplicate + delivered + queued + parked + quarantined + dropped + discarded;
///   per destination assigned = delivered + queued + parked + withdrawn.   refused stands outside.
/// An instance with destinations is queued while one is pending, else parked while one is parked,
/// else delivered. Every call is idempotent per (id, destination), so that recovery may repeat it;
/// final outcomes are FULL-synced before return. Thread: any.
class Ledger {
 public:
  /// Faults as open_database.
  static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& file,
                                              WallClock clock = wall_now);
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
  };
  /// Before the acknowledgement. Can be repeated from the spool file, so it is not synced. Also
  /// moves a quarantined instance into the queue (release). Throws std::logic_error for an id that
  /// was dropped, discarded or a duplicate: those are final. The facts count in the same
  /// transaction, once per id and SOP instance.
  void queued(const Entry& entry);
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
  void refused(std::string_view reason);

  /// State of each destination of an instance; empty when unknown. For rebuilding the queue.
  std::map<std::string, DeliveryState> destinations(const InstanceId& id) const;
  std::optional<Outcome> outcome(const InstanceId& id) const;
  /// Ids whose outcome is Queued or Parked, ascending, after `after`; at most `max`. For finding at
  /// start what has lost its file.
  std::vector<InstanceId> open_instances(Domain domain, const InstanceId& after,
                                         std::size_t max) const;

  struct Totals {
    std::uint64_t received = 0, duplicate = 0, delivered = 0, queued = 0, parked = 0,
                  quarantined = 0, dropped = 0, discarded = 0, refused = 0;
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

  /// Folds final rows (all but queued, parked, quarantined) whose day is older than `keep_days`
  /// into day totals. Totals stay equal.
  void fold(int keep_days);

 private:
  struct Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
