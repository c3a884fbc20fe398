#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/forward/forwarder.h"
#include "dosigate/spool/ledger.h"

namespace dosigate {

/// What an archive says about one storage commitment transaction (PS3.4 Table J.3-2).
struct CommitmentReport {
  std::string transaction_uid;
  std::set<std::string> committed;              ///< SOP Instance UIDs
  std::map<std::string, std::uint16_t> failed;  ///< with the failure reason (0008,1197)
};

/// Where the reports of archives meet who waits for them. An archive may report on an association
/// of its own, long after it was asked: its N-EVENT-REPORT then comes in by `report`. In memory
/// only: after a restart nobody waits any more, and a report of an earlier transaction is refused.
/// Thread: any.
class CommitmentDesk {
 public:
  /// What the N-EVENT-REPORT is answered with: a DIMSE status, and why it is not success.
  struct Answer {
    std::uint16_t status;
    std::string comment;
  };
  /// A report as it came from an archive that calls itself `ae_title`. Refused with 0113 (event
  /// type), 0112 (SOP instance), 0110 (data set), 0115 (a transaction that nobody waits for, or of
  /// another archive).
  Answer report(std::string_view ae_title, std::string_view sop_instance_uid,
                std::uint16_t event_type, ByteView data_set, std::string_view transfer_syntax_uid);

  /// Opens a transaction with a peer, until `close`.
  void open(const std::string& transaction_uid, const Destination& peer);
  void close(const std::string& transaction_uid);
  /// The report of an open transaction, once it is there.
  std::optional<CommitmentReport> wait(const std::string& transaction_uid, SteadyTime until);

  /// Numeric address under which a destination was reached when it was last asked; empty when it
  /// never was. A report may come from there, also when the configuration has a host name.
  std::string address_of(const std::string& destination) const;
  void reached(const std::string& destination, std::string address);

 private:
  struct Transaction {
    std::string ae_title;
    std::optional<CommitmentReport> report;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Transaction, std::less<>> open_;
  std::map<std::string, std::string> addresses_;
};

/// Asks destinations whether they still hold what the ledger says they got: a DICOM destination by
/// C-FIND, or by storage commitment as its SCU; a DICOMweb archive by QIDO-RS; a folder by its
/// files.
/// Thread: construct in the thread that starts the node, before others; `run` in one at a time.
class Verifier {
 public:
  enum class By { Auto, Find, Commitment };
  struct Order {
    std::vector<Destination> destinations;
    /// Names of destinations that are no longer configured and got something once.
    std::vector<std::string> removed{};
    Ledger::DeliveredScope scope{};  ///< its destination is not looked at
    By by = By::Auto;                ///< of DICOM destinations; auto: C-FIND where it is offered
    /// For the answers of one study by C-FIND, and for one report on storage commitment.
    std::chrono::seconds wait{60};
  };

  /// One study at one destination: delivered = found + missing + rejected + unasked.
  struct Study {
    std::string study_uid;
    std::uint64_t delivered = 0, found = 0, missing = 0;
    std::uint64_t rejected = 0;  ///< absent, and named by a rejection note: as it should be
    std::uint64_t unasked = 0;
    std::vector<std::string> missing_uids;  ///< the first 20, ascending
    std::string problem;  ///< why some of them could not be asked, and what to do; empty: none
  };
  struct Outcome {
    std::string destination;
    std::string
        by;  ///< "find", "commitment", "qido", "folder"; empty: it could not be asked at all
    std::vector<Study> studies;
    /// Delivered, and too old to be known one by one; 0 when the scope is neither study nor day.
    std::uint64_t folded = 0;
    std::string problem;  ///< as in Study, of all that is left; empty: none
    WallTime when{};
    bool complete() const;  ///< nothing is missing and all was asked
  };

  Verifier(const Ledger& ledger, CommitmentDesk& desk);
  ~Verifier();
  /// One destination after the other, each with its own outcome. Bounded by the order's `wait` and
  /// the destination's timeouts; a stop ends it within dimse_timeout.
  std::vector<Outcome> run(const Order& order, const std::stop_token& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
