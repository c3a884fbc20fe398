#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "claims.h"
#include "dosigate/base/guarded.h"
#include "dosigate/base/sparing.h"
#include "dosigate/crypto/sealed_file.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/spool/spool.h"
#include "enrolment.h"
#include "in_flight.h"
#include "queue_index.h"
#include "shared_sync.h"
#include "spool_files.h"
#include "spool_places.h"

namespace dosigate {

/// What Spool<domain> does, for any domain: the templates in front of it keep the domains apart at
/// compile time, the purpose keeps their files apart on disk.
class SpoolCore {
 public:
  using Settings = SpoolSettings;
  using Recovered = SpoolRecovered;
  using Put = SpoolPut;
  using Row = SpoolRow;
  using DestinationState = SpoolDestination;

  SpoolCore(Settings settings, Domain domain, const Keyring& keys, Ledger& ledger,
            std::unique_ptr<SQLite::Database> queue);

  /// Brings files, rows and ledger together; before anything else.
  Result<void> recover();
  const Recovered& recovered() const { return recovered_; }

  Result<std::unique_ptr<SealedFileWriter>> receive_body(const InstanceId& id, std::uint64_t bytes);
  bool disk_is_low() { return lacks_room(0); }
  SpoolPlace place() { return places_.take(); }
  Result<Put> put(const SpoolOffer& offer);

  std::vector<QueueItem> claim(const std::string& destination, std::size_t max);
  void wait(const std::string& destination, const std::stop_token& stop,
            std::chrono::steady_clock::time_point until);
  /// Of a claim that goes, with or without a verdict.
  /// @param mark  still there when nothing was written of what became of it.
  void release(const QueueItem& item, Claims::Then then,
               std::optional<InFlight::Mark> mark) noexcept;
  bool begin(const QueueItem& item) { return claims_.begin(item.destination, item.id); }

  InFlight::Mark sending(const QueueItem& item) {
    return in_flight_.add(item.id, item.destination);
  }
  /// To a final or parked state; the ledger first.
  void settle(const std::vector<const QueueItem*>& items, DeliveryState state, std::uint16_t status,
              std::string_view reason, bool sent);
  void retry(const QueueItem& item, std::chrono::milliseconds delay, std::uint16_t status,
             std::string_view reason, bool sent_once);
  void put_back(const std::vector<const QueueItem*>& items, std::string_view reason);
  std::uint64_t requeue(const std::string& destination, const std::optional<InstanceId>& id);
  std::uint64_t requeues() const { return requeues_; }
  SpoolWithdrawn withdraw(const std::string& study_uid, const std::set<std::string>& sop_uids,
                          std::chrono::milliseconds patience);
  std::uint64_t abandon(const std::string& destination, std::chrono::milliseconds patience);
  std::uint64_t abandon(const InstanceId& id);
  Result<void> read(const QueueItem& item, const std::function<bool(ByteView)>& sink) const;

  Result<std::size_t> rewrap();
  bool pairs_waiting() const;

  std::vector<std::pair<InstanceId, Bytes>> pairs_to_move(std::size_t max);
  void pairs_moved(const std::vector<InstanceId>& ids);
  void pairs_refused(const std::vector<InstanceId>& ids);

  std::string trouble() const { return index_.trouble(); }
  std::string not_entered() const { return enrolment_.trouble(); }
  /// The next four in one pass over the queue, beside those who put and claim.
  struct Summary {
    std::map<std::string, DestinationState> destinations;
    std::uint64_t files = 0, bytes = 0, pairs_stuck = 0;
  };
  Summary summary() const;
  std::uint64_t pairs_stuck() const { return summary().pairs_stuck; }
  std::map<std::string, DestinationState> destinations() const { return summary().destinations; }
  std::uint64_t files() const { return summary().files; }
  std::uint64_t bytes() const { return summary().bytes; }
  std::vector<Row> list(std::size_t max) const;

 private:
  static constexpr std::size_t kBatch = 500;  ///< rows that are looked at, or settled, at once

  Result<SealedFileReader> open_file(const InstanceId& id) const {
    return SealedFileReader::open(keys_, purpose_, files_.path(id));
  }
  std::uint64_t write_file(const SpoolOffer& offer, const SpoolCard& card) const;
  /// Rows and entries of what was put into a place, then it is given out.
  void enter(const Enrolment::Instances& instances);
  static std::vector<Claims::Queued> items_of(std::int64_t item_id, const InstanceId& id,
                                              const SpoolCard& card, std::uint64_t length);
  /// What was put before is in queue and ledger on return; throws when that cannot be.
  void wait_for_rows() const;
  /// Takes back what was refused when it had its row already. Throws while that cannot be written.
  void undo_half_puts();
  /// Whether the file of that id is there, whole and authentic.
  bool is_kept(const InstanceId& id) const;
  /// Rows as withdrawn: the ledger first; then what only waited for them is erased, durably.
  void settle_withdrawn(const std::vector<QueueIndex::Open>& rows);
  QueueIndex::When due_now() const;
  /// With the claims locked.
  bool is_anything_due(const std::string& destination, QueueIndex::When when);
  void read_ahead(const std::string& destination, AtHand& at_hand, std::int64_t turn);
  /// Withdraws what `open` finds, asked again until it finds nothing more, as `withdraw` promises.
  /// `open` runs with the claims locked.
  SpoolWithdrawn take_out(const std::function<std::vector<QueueIndex::Open>()>& open,
                          std::chrono::milliseconds patience);
  /// In the ledger as waiting, and nothing of it is in the queue (recovery called it lost, or its
  /// file was set aside): withdrawn in the ledger, where `which` says so.
  /// @return how many (instance, destination).
  std::uint64_t give_up_lost(const InstanceId& id,
                             const std::function<bool(const std::string&, DeliveryState)>& which);
  bool lacks_room(std::uint64_t bytes);
  Error no_room() const;
  std::int64_t now_ms() const;

  /// What the ledger is told of an instance in the queue.
  Ledger::Entry entry_of(const InstanceId& id, const SpoolCard& card) const;

  // Recovery (recovery.cpp).
  void remember_in_flight();
  void agree_with_ledger(const QueueIndex::Standing& item);
  enum class Found { Known, Unknown };
  Result<void> take_in(const InstanceId& id, const std::filesystem::path& file, Found pass,
                       bool& unknown_left);
  Result<void> take_in_all();
  bool is_whole(const SealedFileReader& reader) const;
  void set_aside(const InstanceId& id, const std::filesystem::path& file);
  void park_in_ledger(const InstanceId& id);
  void find_lost();

  const Settings settings_;
  const Domain domain_;
  const Purpose purpose_;
  const Keyring& keys_;
  Ledger& ledger_;
  const SpoolFiles files_;
  SharedSync entries_;
  SpoolPlaces places_{files_, entries_};
  QueueIndex index_;
  Claims claims_;
  InFlight in_flight_;
  Guarded<std::set<InstanceId>> half_put_;  ///< refused, with a row that could not be removed yet
  std::map<std::string, std::int64_t> turns_;  ///< study served last, by destination; see claims_
  Recovered recovered_;
  mutable Sparing<Summary> summary_;
  mutable std::unique_ptr<ReadConnection> shown_;  ///< of `summary`, which holds its lock
  std::mutex parked_;  ///< requeue and withdraw change rows that nobody holds: one at a time
  std::atomic<std::uint64_t> requeues_{0};
  std::atomic<std::int64_t> disk_checked_ms_{-1'000'000};
  std::atomic<std::uint64_t> disk_free_{0};
  mutable Enrolment enrolment_;  // last: it uses all of the above
};

}  // namespace dosigate
