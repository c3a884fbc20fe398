#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "card.h"
#include "dosigate/base/guarded.h"
#include "dosigate/spool/ledger.h"
#include "dosigate/store/database.h"
#include "dosigate/store/statements.h"
#include "enrolment.h"

namespace dosigate {

/// A row of the queue for one destination, as a claim needs it.
struct QueueItem {
  std::int64_t item_id = 0;
  InstanceId id{};
  std::string sop_class_uid, sop_instance_uid, study_instance_uid, transfer_syntax_uid, pseudonym,
      destination;
  std::uint64_t length = 0, queued_unix = 0;
  unsigned attempts = 0;
  bool sent_once = false;
};

/// How a delivery stands when an item is (re)built.
struct QueueDelivery {
  DeliveryState state = DeliveryState::Queued;
  std::string reason;
};

/// All SQL on queue.db. Commits are not synced: whatever a power cut takes is rebuilt from the
/// spool files and the ledger. Thread: any.
class QueueIndex {
 public:
  QueueIndex(std::unique_ptr<SQLite::Database> database, const std::filesystem::path& file);

  enum class Added { Yes, IdIsThere, SopIsThere };
  struct AddedItem {
    Added what;
    std::int64_t item_id;  ///< 0 unless it was added
  };
  struct Live {
    InstanceId id;
    Bytes fingerprint;
  };
  /// @param instead_of  an item whose file is lost: it goes, unless something is queued of it.
  AddedItem add(const InstanceId& id, const SpoolCard& card, std::uint64_t bytes,
                std::uint64_t length, bool pairs_moved,
                const std::map<std::string, QueueDelivery>& deliveries, std::int64_t now_ms,
                const std::optional<InstanceId>& instead_of = std::nullopt);
  /// All in one transaction, queued for the destinations of their cards. What is there already
  /// stays as it is. Throws std::logic_error when another id is live of a SOP instance.
  /// @return their item ids, in the same order.
  std::vector<std::int64_t> add(const Enrolment::Instances& instances, std::int64_t now_ms);
  /// What `add` makes of it for one destination.
  static QueueItem item_of(std::int64_t item_id, const InstanceId& id, const SpoolCard& card,
                           std::uint64_t length, const std::string& destination);
  /// As it stands in the rows, equal for all instances of a study.
  static std::int64_t number_of_study(std::string_view study_uid);
  void remove(const InstanceId& id);
  std::optional<Live> live(std::string_view sop_instance_uid);
  bool has(const InstanceId& id);
  /// Before a put, in one look: whether the id is there, whether an instance of that UID is live,
  /// and whether it was sent on with another fingerprint while its pairs still wait here.
  struct Known {
    bool id_is_there = false, is_live = false, was_another = false;
  };
  Known known(const InstanceId& id, std::string_view sop_instance_uid, ByteView fingerprint);
  /// Whether it is queued for any destination.
  bool is_queued(const InstanceId& id);

  /// When something is due: at `now_ms`, or planned later than `latest_ms` (then the clock was set
  /// back).
  struct When {
    std::int64_t now_ms, latest_ms;
  };
  std::vector<InstanceId> due(const std::string& destination, When when, std::size_t max);
  /// The number of the next study after `study` that has something queued for the destination.
  std::optional<std::int64_t> next_study(const std::string& destination, std::int64_t study);
  /// Of that study, oldest plan first.
  std::vector<QueueItem> due_of(const std::string& destination, std::int64_t study, When when,
                                std::size_t max);
  /// The next plan after `now_ms`.
  std::optional<std::int64_t> next_due(const std::string& destination, std::int64_t now_ms);

  /// Whatever of these is there: a C-STORE of it went out and its answer was not heard.
  void mark_sent(const std::vector<std::pair<InstanceId, std::string>>& sent);
  struct Verdict {
    std::int64_t item_id;
    std::string destination;
    DeliveryState state;
    std::uint16_t status;
    std::string reason;
    bool sent;  ///< a C-STORE of it went out
  };
  /// Sets states. Items whose deliveries are all final are deleted when their pairs are moved, else
  /// marked finished.
  /// @return ids of the deleted ones: their files may go.
  std::vector<InstanceId> settle(const std::vector<Verdict>& verdicts, std::int64_t now_ms);
  void retry(std::int64_t item_id, const std::string& destination, std::uint16_t status,
             std::string_view reason, bool sent_once, std::int64_t next_ms, std::int64_t now_ms);
  void set_reason(const std::vector<std::int64_t>& items, const std::string& destination,
                  std::string_view reason, std::int64_t now_ms);

  /// Parked deliveries, optionally of one destination or instance; at most `max`.
  std::vector<Ledger::Change> parked(const std::string& destination,
                                     const std::optional<InstanceId>& id, std::size_t max);
  /// Parked ones named become queued and due.
  void unpark(const std::vector<Ledger::Change>& which, std::int64_t now_ms);
  /// Waiting ones become due.
  std::uint64_t hasten(const std::string& destination, const std::optional<InstanceId>& id,
                       std::int64_t now_ms);

  /// One that is queued or parked for a destination.
  struct Open {
    std::int64_t item_id;
    InstanceId id;
    std::string sop_instance_uid, destination;
  };
  std::vector<Open> open_of_study(std::string_view study_uid);
  std::vector<Open> open_of(const InstanceId& id, const std::string& destination);
  std::vector<Open> open_of_destination(const std::string& destination, std::size_t max);
  /// Parked only.
  std::vector<Open> parked_of(const InstanceId& id);
  /// A finished item whose file is gone waits for pairs that nobody can read any more.
  void forget_finished(const InstanceId& id);

  std::vector<InstanceId> unmoved_pairs(std::size_t max);
  void pairs_unreadable(const InstanceId& id);
  /// @return ids of items that were only waiting for this and are deleted.
  std::vector<InstanceId> pairs_moved(const std::vector<InstanceId>& ids);
  void offer_unreadable_pairs_again();

  /// For the walk over all items at start.
  struct Standing {
    std::int64_t item_id;
    InstanceId id;
    bool finished;
    std::string study_uid, sop_class_uid, sop_instance_uid;
    std::map<std::string, DeliveryState> deliveries;
  };
  std::vector<Standing> items_after(std::int64_t item_id, std::size_t max);

  std::string trouble() const { return writer_.trouble(); }

  /// Any question to the database that only reads.
  template <class Use>
  decltype(auto) read(Use&& use) const {
    return reader_.with(std::forward<Use>(use));
  }

 private:
  void write(const DatabaseWriter::Job& job) { writer_.run(job, Durability::Normal); }
  /// Inside a job.
  AddedItem insert(SQLite::Database& db, const InstanceId& id, const SpoolCard& card,
                   std::uint64_t bytes, std::uint64_t length, bool pairs_moved,
                   const std::map<std::string, QueueDelivery>& deliveries, std::int64_t now_ms);
  std::optional<std::int64_t> item_id(SQLite::Database& db, const InstanceId& id);
  /// Inside a job. True when the item was deleted.
  bool finish_if_final(SQLite::Database& db, std::int64_t item_id);

  DatabaseWriter writer_;
  Statements statements_;  // the writer's, used only inside its jobs
  mutable Guarded<ReadConnection> reader_;
};

}  // namespace dosigate
