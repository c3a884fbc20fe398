#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/backoff.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/histogram.h"
#include "dosigate/forward/hours.h"
#include "dosigate/forward/stow_target.h"
#include "dosigate/net/tls.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// Where clean instances go.
struct Destination {
  enum class Kind { Dicom, Folder, Stow };
  std::string name;
  Kind kind = Kind::Folder;
  std::string ae_title, host;  ///< Dicom
  std::uint16_t port = 0;      ///< Dicom
  std::string calling_ae;      ///< ours
  std::filesystem::path path;  ///< Folder: <path>/<pseudonym>/<study>/<instance>.dcm, Part 10;
                               ///< beside them study.json, its markers in <path>/.study-json
  StowTarget stow;             ///< Stow
  unsigned associations = 2;   ///< parallel ones, 1 to 16; of Stow: connections
  /// For the answer to our association request, and in words. TCP itself keeps to
  /// `set_connect_timeout`.
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds dimse_timeout{60};  ///< of Stow: for its answer, or to take a piece
  Backoff backoff;
  unsigned max_attempts = 10;      ///< for statuses that are neither success, retry nor permanent
  std::chrono::hours max_age{24};  ///< not counted while it is closed by its hours or paused

  /// Dicom, Stow: over TLS only, to a peer that proves to be one of these; nothing: plain.
  std::optional<TlsPin> tls;
  std::shared_ptr<const TlsContext> tls_context;  ///< ours, where `tls` is set

  // For slow links.
  Hours hours;                   ///< outside of them nothing is sent
  std::uint64_t max_kbit_s = 0;  ///< of all associations together; 0 = no limit
  /// Dicom: lossless, of grey images that are not compressed, where the archive takes it.
  enum class Compress { None, JpegLs, Rle };
  Compress compress = Compress::None;
};

/// "dicom", "stow", "folder": as in the configuration.
std::string_view kind_text(Destination::Kind kind);
/// Where that is: "ARCHIVE at host:104", the address or the folder.
std::string place_text(const Destination& destination);

/// How long connect() may take, for the whole process: DCMTK knows no other. Once, before the first
/// thread.
void set_connect_timeout(std::chrono::seconds limit);

/// Sends what is queued for one destination until stopped: C-STORE over a pool of kept-open
/// associations, STOW-RS over kept-open connections, or Part 10 files. Statuses as in design 3.6:
/// delivered, retried with back-off at the tail of the queue, or parked with the destination's
/// words. An association-level failure fails the batch at once, and one probe at a time is made
/// while the destination is down.
///
/// Sees only clean instances; never identity, deid, receive, quarantine.
/// Thread: construct and destroy in one; `state` from any.
template <Domain domain>
class Forwarder {
 public:
  /// What study.json of a folder destination says of a study, by its UID; empty: no file.
  using StudyCard = std::function<std::string(const std::string& study_uid)>;

  /// @param paused  why an operator has paused it, in words; empty: nobody has.
  Forwarder(Destination destination, Spool<domain>& spool, StudyCard study_card = {},
            std::string paused = {}, WallClock clock = wall_now);
  /// Ends after the instance in hand: bounded by dimse_timeout; what is unsent stays queued.
  ~Forwarder();
  /// Begins the end without waiting for it: takes nothing new. Thread: as the destructor.
  void request_stop();

  /// Takes nothing new from now on; what is on its way ends. Thread: any.
  void pause(std::string words);
  void resume();

  struct State {
    /// "up", "down", "idle" (nothing tried yet), "waiting" (outside its hours), "paused"
    std::string state;
    std::string state_text;  ///< of "waiting" and "paused": until when, why
    std::string last_error;  ///< in words; empty when the last attempt succeeded
    long long last_success_unix = 0, last_error_unix = 0;
    std::uint64_t sent = 0, bytes = 0;  ///< of their data sets, as they were sent
    std::uint64_t bytes_saved = 0;      ///< by compression
    std::uint64_t compressed = 0;       ///< of `sent`
    std::uint64_t not_compressed = 0;   ///< images of which it was tried in vain
    unsigned associations = 0;
  };
  State state() const;
  /// Of delivered instances: from the first byte to the answer, or to the file in its place.
  const Histogram& sending() const;
  const Destination& destination() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

using ArchiveForwarder = Forwarder<Domain::Archive>;

/// Verification (PS3.4 Annex A) with a peer, for `peer echo`: round trip, or the failure in words
/// and what to do. An archive of kind Stow is asked for one study by QIDO-RS instead.
Result<std::chrono::milliseconds> echo(const Destination& peer);

/// What a peer accepts, for `peer test`: an association proposing the storage classes of nuclear
/// medicine in every transfer syntax.
struct AcceptedContext {
  std::string sop_class_uid, transfer_syntax_uid;  ///< syntax empty: refused
};
Result<std::vector<AcceptedContext>> test_peer(const Destination& peer);

}  // namespace dosigate
