#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/sealed_file.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

/// Spool and forward exist once per domain. What is spooled for one can neither compile into nor open in the other.
enum class Domain { Archive, Hospital };

template <Domain domain>
class Spool;

/// A clean instance taken from the queue for one destination. Only Spool can make one, so the forwarder cannot be given anything else.
/// Holding it keeps other workers of the destination away from it; it goes back to the queue when it is destroyed without a verdict.
template <Domain domain>
class Claimed {
 public:
  Claimed(Claimed&&) noexcept;
  Claimed& operator=(Claimed&&) noexcept;
  ~Claimed();

  const InstanceId& id() const;
  const std::string& sop_class_uid() const;
  const std::string& sop_instance_uid() const;
  const std::string& study_instance_uid() const;
  const std::string& transfer_syntax_uid() const;
  const std::string& pseudonym() const;
  unsigned attempts() const;       ///< failed ones so far
  bool sent_once() const;          ///< a C-STORE of it went out before and its answer was not heard
  std::uint64_t queued_unix() const;
  /// Bytes of the data set.
  std::uint64_t data_set_bytes() const;
  /// The data set in its transfer syntax, chunk by chunk, authenticated. Corrupt: the file was changed on disk.
  Result<void> read(const std::function<bool(ByteView)>& sink) const;

 private:
  friend class Spool<domain>;
  struct Impl;
  explicit Claimed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Durable queue of clean instances of one domain: sealed files `spool/ab/<id>.dsg` and the index queue.db, which can be rebuilt from them.
///
/// put:  end section < fdatasync < directory sync < queue row < return.   A crash leaves at most a complete file without a row, which is taken in
///       at start, or an incomplete one, which is removed.
/// done: ledger durable < row < unlink, and only when the UID pairs are in the map.
/// Thread: any.
template <Domain domain>
class Spool {
 public:
  struct Settings {
    std::filesystem::path directory;     ///< .../archive
    std::uint64_t min_free_bytes = 1U << 30U;  ///< below this much free disk new instances are Busy
    WallClock clock = wall_now;
  };
  /// Opens or makes the queue, takes in complete files without a row, removes incomplete ones, repairs rows against the ledger.
  /// `keys` and `ledger` outlive the spool.
  static Result<std::unique_ptr<Spool>> open(Settings settings, const Keyring& keys, Ledger& ledger);
  ~Spool();

  struct Recovered {
    std::uint64_t taken_in, removed_incomplete, finished, rows_without_file;
  };
  const Recovered& recovered() const;

  enum class Put {
    Queued,
    Duplicate,  ///< the same instance (equal fingerprint) is in the queue: nothing was kept
    Revision    ///< the same UID with another fingerprint is in the queue: nothing was kept
  };
  struct Offer {
    InstanceId id{};
    const CleanInstance& instance;
    ByteView fingerprint;
    ByteView sealed_pairs;                  ///< opaque
    std::vector<std::string> destinations;  ///< at least one
  };
  /// Durable on return of Queued. Busy at the low-water mark. Throws std::system_error on a failed write or sync; nothing is kept then.
  Result<Put> put(const Offer& offer);

  /// Due instances of a destination, oldest first, fair between studies is a later matter; at most `max`.
  std::vector<Claimed<domain>> claim(const std::string& destination, std::size_t max);
  /// Blocks until `claim` may give something for the destination, `until`, or a stop.
  void wait(const std::string& destination, std::stop_token stop, std::chrono::steady_clock::time_point until);

  /// Before the first byte of a C-STORE goes out; not synced: it only makes 0x0111 believable.
  void sending(const Claimed<domain>& claimed);
  void delivered(std::vector<Claimed<domain>> claimed, std::uint16_t status);
  /// Back to the tail of the queue, not before `delay`.
  void retry(Claimed<domain> claimed, std::chrono::milliseconds delay, std::uint16_t status, std::string_view reason);
  void park(Claimed<domain> claimed, std::uint16_t status, std::string_view reason);

  /// The operator's requeue: parked instances (all, one destination when named, or one id) become due now. Also due now: those waiting for a retry.
  std::uint64_t requeue(const std::string& destination, const std::optional<InstanceId>& id);

  /// UID pairs that are not yet in the map, oldest first: read by app, absorbed by the map, then marked. Files erased only afterwards.
  std::vector<std::pair<InstanceId, Bytes>> pairs_to_move(std::size_t max);
  void pairs_moved(const std::vector<InstanceId>& ids);

  struct Row {
    InstanceId id;
    std::string destination, study_uid, sop_class, pseudonym, reason;
    DeliveryState state;
    unsigned attempts;
    std::uint16_t status;
    std::uint64_t queued_unix, next_attempt_unix, bytes;
  };
  std::vector<Row> list(std::size_t max) const;
  struct DestinationState {
    std::uint64_t queued = 0, parked = 0, bytes = 0, oldest_queued_unix = 0;
  };
  std::map<std::string, DestinationState> destinations() const;
  std::uint64_t files() const;
  std::uint64_t bytes() const;

 private:
  struct Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  friend class Claimed<domain>;
};

using ArchiveSpool = Spool<Domain::Archive>;
using HospitalSpool = Spool<Domain::Hospital>;

}  // namespace dosigate
