#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/sealed_file.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

template <Domain domain>
class Spool;
class SpoolCore;
class SpoolPlaces;

/// A random id for what is to be put. Those of the same few seconds have their files in one
/// directory, so that parallel puts share its sync.
InstanceId new_instance_id();

struct SpoolSettings {
  std::filesystem::path directory;           ///< .../archive
  std::uint64_t min_free_bytes = 1U << 30U;  ///< below this much free disk new instances are Busy
  /// The longest delay `retry` is ever given. An attempt planned further ahead than this means that
  /// the clock was set back: it is due.
  std::chrono::milliseconds longest_delay{300'000};
  WallClock clock = wall_now;
};

/// What was found at start.
struct SpoolRecovered {
  std::uint64_t taken_in = 0;            ///< complete files without a row
  std::uint64_t removed_incomplete = 0;  ///< files without an end, and complete ones that were
                                         ///< never acknowledged and are not wanted
  std::uint64_t finished =
      0;  ///< delivered according to the ledger: only their pairs are still to be moved
  std::uint64_t rows_without_file = 0;  ///< parked with the reason "the spool file is missing"
  std::uint64_t damaged = 0;  ///< files that do not authenticate: renamed to <id>.dsg.damaged,
                              ///< never deleted, parked in the ledger
  std::uint64_t lost =
      0;  ///< in the ledger as waiting, but neither row nor file is there: parked in the ledger
};

enum class SpoolPut {
  Queued,
  Duplicate,  ///< the same instance (equal fingerprint) is in the queue: nothing was kept
  Revision    ///< the same UID with another fingerprint is in the queue: nothing was kept
};

/// A file of a spool that waits for its instance: empty, with a durable entry, so that a put there
/// has only its content to sync. Another instance gets it when it goes unused. Must not outlive its
/// spool. Thread: one at a time.
class SpoolPlace {
 public:
  SpoolPlace(SpoolPlace&&) noexcept = default;
  ~SpoolPlace();
  const InstanceId& id() const { return id_; }
  /// The file, which is the caller's from now on.
  FileDescriptor use() { return std::move(file_); }

 private:
  friend class SpoolPlaces;
  SpoolPlace(SpoolPlaces& owner, const InstanceId& id, FileDescriptor file);
  SpoolPlaces& owner_;
  InstanceId id_;
  FileDescriptor file_;
};

struct SpoolOffer {
  InstanceId id{};
  const CleanInstance& instance;  ///< outlives the put
  ByteView fingerprint;
  ByteView sealed_pairs;                  ///< opaque
  std::vector<std::string> destinations;  ///< at least one
  bool counted_before = false;  ///< it was acknowledged before: its facts do not count again
  bool issued = false;          ///< made by this node: Ledger::Entry::issued; also in the card
  /// Of `receive_body`, when the body of the instance passed before: finished by the put, unless
  /// that keeps nothing.
  SealedFileWriter* passed = nullptr;
  /// Of `place`, whose id this is, if it has one; not with `passed`.
  SpoolPlace* place = nullptr;
};

struct SpoolWithdrawn {
  std::uint64_t withdrawn = 0;      ///< (instance, destination)
  std::set<std::string> in_flight;  ///< destinations
};

/// One instance for one destination, as an operator sees it.
struct SpoolRow {
  InstanceId id;
  std::string destination, study_uid, sop_class, pseudonym, reason;
  DeliveryState state;
  unsigned attempts;
  std::uint16_t status;
  std::uint64_t queued_unix, next_attempt_unix, bytes;
};

struct SpoolDestination {
  std::uint64_t queued = 0, parked = 0, bytes = 0, oldest_queued_unix = 0;
};

/// A clean instance taken from the queue for one destination. Only Spool can make one, so the
/// forwarder cannot be given anything else. Holding it keeps other workers of the destination away
/// from it; it goes back to the queue when it is destroyed without a verdict. Must not outlive its
/// spool. Thread: one at a time.
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
  unsigned attempts() const;  ///< failed ones so far
  bool sent_once() const;     ///< a C-STORE of it went out before and its answer was not heard
  std::uint64_t queued_unix() const;
  /// Bytes of the data set.
  std::uint64_t data_set_bytes() const;
  /// The data set in its transfer syntax, chunk by chunk, authenticated; `sink` returns false to
  /// stop early, which is not an error. Corrupt: the file was changed on disk. NotFound: it is not
  /// there any more.
  Result<void> read(const std::function<bool(ByteView)>& sink) const;

 private:
  friend class Spool<domain>;
  struct Impl;
  explicit Claimed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Durable queue of clean instances of one domain: sealed files `spool/ab/<id>.dsg` and the index
/// queue.db, which can be rebuilt from them.
///
/// put:  end section < fdatasync < return, and the entry of the file is synced before the return:
///       before the put when it goes into a SpoolPlace. Then row and entry in the ledger: before
///       the return, or in a place within 20 ms after it, with those of others. A crash leaves at
///       most complete files without a row, which are taken in at start, or incomplete ones, which
///       are removed.
/// done: ledger durable < row < unlink, and only when the UID pairs are in the map.
/// Thread: any.
template <Domain domain>
class Spool {
 public:
  using Settings = SpoolSettings;
  using Recovered = SpoolRecovered;
  using Put = SpoolPut;
  using Offer = SpoolOffer;
  using Row = SpoolRow;
  using DestinationState = SpoolDestination;
  using Withdrawn = SpoolWithdrawn;

  /// Opens or makes the queue, takes in complete files without a row, removes incomplete ones,
  /// repairs rows against the ledger. `keys` and `ledger` outlive the spool. Faults as
  /// open_database; Denied when a spool file needs a key version that the keyring does not have.
  static Result<std::unique_ptr<Spool>> open(Settings settings, const Keyring& keys,
                                             Ledger& ledger);
  ~Spool();

  const Recovered& recovered() const;

  /// A file for a body that comes before it is known whether it will be queued: written in its
  /// section Body, then offered with a put of the same id, or finished by somebody else for another
  /// purpose. Without either it is removed, after a crash at the next start. Busy when there is no
  /// room for so many bytes more.
  Result<std::unique_ptr<SealedFileWriter>> receive_body(const InstanceId& id, std::uint64_t bytes);
  /// Whether as much is free as new instances need.
  bool has_room();
  /// For an instance that is to be put. Throws std::system_error when no file can be made.
  SpoolPlace place();

  /// Durable on return of Queued. Busy at the low-water mark. Throws std::system_error (a failed
  /// write or sync) or SQLite::Exception; nothing is kept then. An id that is in the queue already
  /// is Queued again without effect (a release repeated after a crash). What was put into a place
  /// is seen by whoever asks this spool or the ledger afterwards; `claim` gives it when it has its
  /// row. Should that fail, nothing new is taken until it has one (`not_entered`).
  Result<Put> put(const Offer& offer);

  /// Due instances of a destination, at most `max`: of a study the oldest first; studies take
  /// turns, so that thousands of slices do not keep thirty waiting.
  std::vector<Claimed<domain>> claim(const std::string& destination, std::size_t max);
  /// Blocks until `claim` may give something for the destination, `until`, or a stop.
  void wait(const std::string& destination, std::stop_token stop,
            std::chrono::steady_clock::time_point until);

  /// Before anything of it leaves. False: it was withdrawn meanwhile and must not be sent; any
  /// verdict but `delivered` is without effect then.
  [[nodiscard]] bool begin(const Claimed<domain>& claimed);
  /// Before the first byte of a C-STORE goes out; not synced: it only makes 0x0111 believable.
  void sending(const Claimed<domain>& claimed);
  /// Durable on return. When it throws, `claimed` is left with the caller, so that it can be tried
  /// again instead of sent again.
  void delivered(std::vector<Claimed<domain>>&& claimed, std::uint16_t status);
  /// Back to the tail of the queue, not before `delay`; counts as an attempt. `status` 0: no answer
  /// was heard.
  void retry(Claimed<domain> claimed, std::chrono::milliseconds delay, std::uint16_t status,
             std::string_view reason);
  void park(Claimed<domain> claimed, std::uint16_t status, std::string_view reason);
  /// Back to their places in the queue with the reason shown, without counting an attempt: the
  /// association failed, not the instance.
  void put_back(std::vector<Claimed<domain>> claimed, std::string_view reason);

  /// The operator's requeue: parked instances (all, one destination when named, or one id) become
  /// due now. Also due now: those waiting for a retry.
  /// @return how many (instance, destination) became due.
  std::uint64_t requeue(const std::string& destination, const std::optional<InstanceId>& id);
  /// Goes up with every requeue, before anything of it is due: a forwarder that waits for its next
  /// probe looks at it and probes at once, and one that is connected asks anew what is accepted.
  std::uint64_t requeues() const;

  /// What waits of a study (all of it, or the SOP instances named) is withdrawn: never sent from
  /// now on, in the ledger as withdrawn, files erased once their pairs are moved. Rejection notes
  /// stay: they have to arrive. Durable on return. What is on its way to a destination at this
  /// moment is waited for, at most `patience`; what is still on its way then counts as sent, its
  /// destination is in `in_flight`, and it is withdrawn should it come back.
  Withdrawn withdraw(const std::string& study_uid, const std::set<std::string>& sop_uids,
                     std::chrono::milliseconds patience = std::chrono::seconds(5));

  /// The operator gives up what is queued or parked for a destination that nobody serves any more,
  /// rejection notes and what the ledger calls lost included: in the ledger as withdrawn, files
  /// erased when it was their last destination and their pairs are moved. Durable on return. Cut
  /// short by a crash, it is simply ordered again. @return how many instances.
  std::uint64_t abandon(const std::string& destination,
                        std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// The same for one instance at all destinations where it is parked, also when its file is
  /// missing or damaged; where it is queued it stays so. @return at how many destinations.
  std::uint64_t abandon(const InstanceId& id);

  /// Files whose data key is wrapped under an older key version get it wrapped anew; bodies are not
  /// touched. Online. @return how many were; Fault as SealedFileReader::open for one in the queue
  /// that cannot, after all others.
  Result<std::size_t> rewrap();
  /// Whether any file's UID pairs still wait for the map: an old identity key must stay until then.
  bool pairs_waiting() const;

  /// UID pairs that are not yet in the map, oldest first: read by app, absorbed by the map, then
  /// marked. Files erased only afterwards. A file whose pairs cannot be read is not offered again
  /// before the next start, and is never erased.
  std::vector<std::pair<InstanceId, Bytes>> pairs_to_move(std::size_t max);
  void pairs_moved(const std::vector<InstanceId>& ids);
  /// The map does not take these: not offered again before the next start, their files are kept.
  void pairs_refused(const std::vector<InstanceId>& ids);
  /// How many files are kept because their pairs cannot be read or are not taken.
  std::uint64_t pairs_stuck() const;

  /// As DatabaseWriter::trouble.
  std::string trouble() const;
  /// Why instances that were put are not in queue and ledger yet, in words; empty while all is
  /// well.
  std::string not_entered() const;
  std::vector<Row> list(std::size_t max) const;
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
