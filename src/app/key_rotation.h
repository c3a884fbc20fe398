#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "approvals.h"
#include "dosigate/app/ingest.h"
#include "dosigate/audit/audit_log.h"
#include "dosigate/base/guarded.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// Brings everything sealed under the newest keys while the node works, and then drops the old
/// ones. Which step it has come to stands nowhere but in the values themselves: after a crash it
/// walks through all of it again, and what is done already takes no time.
///
/// Order: new keys in keyring and copy < nothing is sealed under old ones any more < rows of map.db
/// < heads of spool files and quarantined originals < UID pairs that waited in spool files <
/// journal, requests for a second person < old keys gone from keyring and copy.
///
/// Thread: any; one thread inside, from construction to destruction.
class KeyRotation {
 public:
  struct Parts {
    Keyring& keys;
    PseudonymMap& map;
    ArchiveSpool& spool;
    Quarantine& quarantine;
    const Ingest& ingest;
    AuditLog& audit;
    Approvals& approvals;
  };
  explicit KeyRotation(Parts parts);
  ~KeyRotation();

  /// Durable on return, as Keyring::begin_rotation. `present` is what the key file holds: Denied
  /// when the keyring does not open with it, since the new key would then be put where the node
  /// does not read its key.
  Result<void> begin(const MasterPublic& present, const MasterPublic& next,
                     const std::string& actor, const std::string& reason);
  /// The new key stands in the key file: what is left is done in the background.
  Result<void> key_file_written(const MasterPublic& in_key_file);

  struct Progress {
    Keyring::Rotation state = Keyring::Rotation::None;
    std::string step;         ///< in words; empty when nothing is being done
    std::uint64_t rows = 0;   ///< of map.db sealed anew since the start of the node
    std::uint64_t files = 0;  ///< wrapped anew
    std::string trouble;      ///< why it does not go on; empty when it does
  };
  Progress progress() const;

 private:
  void run(const std::stop_token& stop);
  /// One walk through all of it. False when it was stopped.
  Result<bool> finish(const std::stop_token& stop);
  Result<bool> reseal_rows(const std::stop_token& stop);
  Result<bool> rewrap_files(const std::stop_token& stop);
  Result<bool> wait_for_pairs(const std::stop_token& stop);
  bool old_pairs_wait() const;
  void step(const char* words);
  void pause(const std::stop_token& stop, std::chrono::milliseconds time);

  Parts parts_;
  Guarded<Progress> progress_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool woken_ = false;
  std::jthread thread_;
};

}  // namespace dosigate
