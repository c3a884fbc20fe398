#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/base/histogram.h"
#include "dosigate/dicom/instance.h"
#include "dosigate/net/acceptor.h"
#include "dosigate/net/connection.h"

namespace dosigate {

struct ServerState;

/// Whether an association is taken, judged from titles and address before its contexts are read.
/// Draining and NoRoom (of the disk) pass: A-ASSOCIATE-RJ 2/3/1 and 2/3/2, transient.
enum class Admission { Accept, CalledAeUnknown, CallingAeUnknown, Draining, NoRoom };
struct Admitted {
  Admission admission;
  std::string route;  ///< name of the route that fits; empty when the titles or the address do not
  /// A destination of ours: it may report on storage commitment (PS3.4 J.3.3), also without a route
  /// (then with Accept), while the node is drained, and without room.
  bool reports = false;
};

/// Runs associations (PS3.7, PS3.8): worker threads, made when they are needed and bounded in
/// number, each with one blocking DCMTK association at a time. Answers C-ECHO, receives C-STORE
/// whole into memory (under one node-wide budget) and hands each instance to the function it was
/// given; knows nothing of what follows. The value of pixel data of a large instance is handed on
/// as it comes, and only what stands around it is held.
///
/// Exactly one C-STORE-RSP per C-STORE-RQ, also when the handler throws or the peer sends half.
/// Presentation contexts: Verification and every storage or unknown abstract syntax, in explicit VR
/// little endian when offered, else implicit, else the first known one. Storage commitment is not
/// offered: its context is accepted only from a peer that may report (Admitted::reports) and takes
/// the SCP role itself; then N-EVENT-REPORT is handed on. Who may report and has no route gets no
/// other context. Overload: when all places are taken an association that does nothing is aborted
/// for one that comes; when all work, A-ASSOCIATE-RJ 2/3/2 (transient, local limit exceeded). When
/// the memory budget is used up an association whose half-sent instance is stalled is aborted; when
/// there is none, 0xA700 for the instance. Thread: construction, `stop` and destruction in one;
/// the rest in any, but judging and taking one association after the other.
class AssociationServer {
 public:
  struct Settings {
    std::string ae_title;  ///< ours, in the acceptor's user information only
    unsigned max_associations = 160;
    unsigned max_associations_per_address = 128;
    std::chrono::seconds idle_timeout{
        300};  ///< between messages: cameras hold associations while they reconstruct
    std::chrono::seconds dimse_timeout{30};  ///< for the next byte inside a message
    unsigned min_bytes_per_s = 500;          ///< inside a message, over each `rate_window`
    std::chrono::seconds rate_window{30};
    std::uint64_t max_instance_bytes = std::uint64_t{8} << 30U;
    /// An instance that is larger is handed on as it comes, if it has pixel data, is not deflated
    /// and somebody takes it so.
    std::uint64_t held_bytes = 1U << 20U;
    std::uint64_t memory_budget_bytes = 512U
                                        << 20U;  ///< of all instances being received or handled
    std::uint32_t max_pdu = 131'072;
  };
  /// What a handler answers: the DIMSE status and an error comment of at most 64 characters,
  /// without identity.
  struct Answer {
    std::uint16_t status;
    std::string comment;
  };
  /// Takes one large instance. It goes without `finish` when the instance does not arrive whole:
  /// then nothing of it is kept.
  class Passage {
   public:
    virtual ~Passage() = default;
    /// The value of the pixel data, in order. What it throws refuses the instance.
    virtual void pixels(ByteView piece) = 0;
    virtual Answer finish(ReceivedInstance instance) = 0;
  };
  /// N-EVENT-REPORT-RQ of Storage Commitment Push Model as it came, its data set not parsed. Names
  /// what we sent: nothing in it identifies a patient.
  struct EventReport {
    Origin origin;
    std::string sop_instance_uid;
    std::uint16_t event_type;
    std::string transfer_syntax_uid;  ///< one that transfer_syntaxes() knows
    Bytes data_set;                   ///< empty when there was none; at most 4 MiB
  };
  using OnEventReport = std::function<Answer(EventReport)>;
  using Admit = std::function<Admitted(const Origin&)>;
  using Handle = std::function<Answer(ReceivedInstance)>;
  /// @param begun  as far as it is there: data_set is what stands before the value of the pixel
  ///               data, `passed` names their element. A fault refuses the instance.
  using Begin = std::function<Result<std::unique_ptr<Passage>>(const ReceivedInstance& begun)>;
  /// An association or instance refused here, before any handler; for the ledger and the status.
  /// `origin.route` is empty when no route fits.
  using OnRefused = std::function<void(const Origin&, const std::string& reason)>;

  struct Counters {
    std::uint64_t associations, rejected, aborted, echoes, instances, bytes;
    unsigned active;
    unsigned idle, receiving;  ///< of the active ones
    std::uint64_t sent_away_idle, sent_away_stalled, sent_away_for_memory;
    std::uint64_t too_slow;         ///< ended for sending less than min_bytes_per_s
    std::uint64_t timed_out;        ///< ended for silence, between messages or inside one
    std::uint64_t without_context;  ///< accepted, though nothing that they proposed was
    std::uint64_t memory;           ///< bytes of the budget in use
    std::optional<std::chrono::seconds> since_sent_away;  ///< nullopt: nobody was
    std::map<std::string, std::size_t> by_address;        ///< active ones
  };

  /// @param on_event_report  may be empty when `admit` lets nobody report.
  /// @param begin            empty: every instance is held in memory.
  AssociationServer(Settings settings, Admit admit, Handle handle, OnRefused on_refused,
                    OnEventReport on_event_report = {}, Begin begin = {});
  /// Lets running instances finish, releases nothing else: bounded by dimse_timeout.
  ~AssociationServer();

  /// Lets this server decide who comes in: who does not is told by an A-ASSOCIATE-RJ, counted and
  /// named to `on_refused`. By the titles first, before the contexts are read; then by the whole
  /// request, and room is made when that is what it takes.
  void decide_at(Acceptor::Settings& door);
  /// Of who was judged. Closed without a word when that does not hold any more.
  void take(IncomingAssociation incoming);
  /// No new associations; those running end after the instance they are in. Returns when all
  /// workers are idle or `deadline` has passed.
  void stop(std::chrono::seconds deadline);
  Counters counters() const;

  /// Of instances that arrived whole.
  struct Durations {
    Histogram receive;  ///< from the request to the last byte of its data set
    Histogram answer;   ///< from that byte to the response: what the sender waits for
  };
  const Durations& durations() const;

 private:
  friend class Intake;
  ServerState& state();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dosigate
