#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/base/backoff.h"
#include "dosigate/base/clock.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// Where clean instances go.
struct Destination {
  enum class Kind { Dicom, Folder };
  std::string name;
  Kind kind = Kind::Folder;
  std::string ae_title, host;  ///< Dicom
  std::uint16_t port = 0;      ///< Dicom
  std::string calling_ae;      ///< ours
  std::filesystem::path path;  ///< Folder: <path>/<pseudonym>/<study>/<instance>.dcm, Part 10;
                               ///< beside them study.json, its markers in <path>/.study-json
  unsigned associations = 2;   ///< parallel ones, 1 to 16
  /// For the answer to our association request, and in words. TCP itself keeps to
  /// `set_connect_timeout`.
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds dimse_timeout{60};
  Backoff backoff;
  unsigned max_attempts = 10;  ///< for statuses that are neither success, retry nor permanent
  std::chrono::hours max_age{24};
};

/// How long connect() may take, for the whole process: DCMTK knows no other. Once, before the first
/// thread.
void set_connect_timeout(std::chrono::seconds limit);

/// Sends what is queued for one destination until stopped: C-STORE over a pool of kept-open
/// associations, or Part 10 files. Statuses as in design 3.6: delivered, retried with back-off at
/// the tail of the queue, or parked with the destination's words. An association-level failure
/// fails the batch at once, and one probe at a time is made while the destination is down.
///
/// Sees only clean instances; never identity, deid, receive, quarantine.
/// Thread: construct and destroy in one; `state` from any.
template <Domain domain>
class Forwarder {
 public:
  /// What study.json of a folder destination says of a study, by its UID; empty: no file.
  using StudyCard = std::function<std::string(const std::string& study_uid)>;

  Forwarder(Destination destination, Spool<domain>& spool, StudyCard study_card = {});
  /// Ends after the instance in hand: bounded by dimse_timeout; what is unsent stays queued.
  ~Forwarder();
  /// Begins the end without waiting for it: takes nothing new. Thread: as the destructor.
  void request_stop();

  struct State {
    std::string state;       ///< "up", "down", "idle" (nothing tried yet)
    std::string last_error;  ///< in words; empty when the last attempt succeeded
    long long last_success_unix = 0, last_error_unix = 0;
    std::uint64_t sent = 0, bytes = 0;
    unsigned associations = 0;
  };
  State state() const;
  const Destination& destination() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

using ArchiveForwarder = Forwarder<Domain::Archive>;

/// Verification (PS3.4 Annex A) with a peer, for `peer echo`: round trip, or the failure in words
/// and what to do.
Result<std::chrono::milliseconds> echo(const Destination& peer);

/// What a peer accepts, for `peer test`: an association proposing the storage classes of nuclear
/// medicine in every transfer syntax.
struct AcceptedContext {
  std::string sop_class_uid, transfer_syntax_uid;  ///< syntax empty: refused
};
Result<std::vector<AcceptedContext>> test_peer(const Destination& peer);

}  // namespace dosigate
