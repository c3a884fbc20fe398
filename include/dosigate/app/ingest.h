#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <variant>

#include "dosigate/app/custody_trouble.h"
#include "dosigate/app/routing.h"
#include "dosigate/app/withdrawals.h"
#include "dosigate/base/guarded.h"
#include "dosigate/base/histogram.h"
#include "dosigate/quarantine/quarantine.h"
#include "dosigate/receive/association_server.h"
#include "dosigate/spool/spool.h"

namespace dosigate {

/// Who hears of what comes in, beside the ledger; each may be empty.
struct IngestWatch {
  /// An instance of a study is in custody and not acknowledged yet; what it throws refuses it.
  std::function<void(const Origin&, const std::string& study_uid)> arrived{};
  /// The leak check held an instance: tag and kind, never the value.
  std::function<void(const std::string& route, const Held&)> leak{};
};

/// The sentence "receive, de-identify, spool", and the only place where a verdict becomes custody:
/// each instance ends in exactly one of queued, duplicate, quarantined, dropped (all acknowledged,
/// all in the ledger) or refused. Thread: `accept` and `release` from any; `use` replaces the
/// routing for what comes afterwards.
class Ingest {
 public:
  Ingest(PseudonymMap& map, ArchiveSpool& spool, Ledger& ledger, Quarantine& quarantine,
         Withdrawals& withdrawals, IngestWatch watch = {});

  void use(std::shared_ptr<const Routing> routing);
  std::shared_ptr<const Routing> routing() const;

  /// Success only when the node has durable custody of the instance, or has counted that nobody
  /// wants it.
  AssociationServer::Answer accept(const ReceivedInstance& received) noexcept {
    return accept(received, nullptr);
  }
  /// One whose pixel data go into a file of the spool before it is complete: an end as by `accept`
  /// comes from Passage::finish. Busy when there is no room for it.
  Result<std::unique_ptr<AssociationServer::Passage>> begin(const ReceivedInstance& begun);

  /// One that is cleaned for who sent it, who gets the copy back instead of the destinations: by
  /// the same rules, remembered by map and ledger like one that is sent, but not queued. Nothing of
  /// one that would be held is kept.
  ///
  /// A copy stands in the ledger as queued for kGivenBack until `given` says what became of it.
  /// @param engine  of the route, or of the route under another profile.
  /// @param pixels, trace  as of Deidentifier::clean.
  Verdict give_back(const InstanceId& id, const ReceivedInstance& received,
                    const Config::Route& route, const Deidentifier& engine, PixelStream* pixels,
                    Trace& trace);
  /// Withdrawn: the client has gone without it.
  void given(const std::vector<InstanceId>& ids, DeliveryState state);
  /// The copies that a crash has kept from their clients. Before the spool looks for files that are
  /// missing.
  static void forget_unanswered(Ledger& ledger);

  /// Whether the latest instances could be stored.
  const CustodyTrouble& trouble() const { return trouble_; }

  /// While it is held no instance is between its look at the map and its place in queue and ledger.
  /// Who waits for it goes before instances that come later. Throws what keeps an instance that was
  /// acknowledged from its place: nobody may decide without it.
  std::unique_lock<std::shared_mutex> still() const;

  /// What the rules met since the start.
  struct Counts {
    std::uint64_t cleaned = 0;
    std::uint64_t values_emptied = 0;  ///< dates, times, ages and numbers that were none
    std::uint64_t type_blind = 0;      ///< compound codes decided without the attribute's Type
  };
  Counts counts() const {
    return counts_.with([](const Counts& all) { return all; });
  }

  /// Of each time it is done; of a large instance, whose pixel data went to the disk while they
  /// came, what is left to do at its end.
  struct Durations {
    Histogram deidentify;
    Histogram put;  ///< durable in the spool
  };
  const Durations& durations() const { return durations_; }

  /// A person's decision about a quarantined instance: de-identification runs again under present
  /// rules. Never forwards an original.
  struct Released {
    std::string outcome;  ///< "queued", "duplicate", "dropped", "held"
    std::string detail;
  };
  /// @param as_revision  a revision of a known instance gets UIDs of its own and is queued, and the
  ///                     version before it is withdrawn; otherwise it stays held.
  Result<Released> release(const InstanceId& id, const Decision& decision,
                           bool as_revision = false);

  /// What a held original is to the versions that went out, under present rules.
  struct Revision {
    std::string pseudonym, study_uid;
    std::string first_uid;  ///< SOP Instance UID of the first version; pseudonymous like the others
    std::string before_uid;        ///< of the version before, which would be withdrawn
    std::uint32_t number = 0;      ///< that it would get
    bool older_came_back = false;  ///< it is an earlier version of which a later one went out
    std::string differs;           ///< "other inputs of dosimetry", ...
  };
  /// NotFound when nothing is held under the id; Conflict, in words, when it would not be a
  /// revision now.
  Result<Revision> examine(const InstanceId& id);
  /// The original is removed; the ledger remembers that it was.
  Result<void> discard(const InstanceId& id, const std::string& reason);

 private:
  /// The value of pixel data that is not in the instance.
  struct PassedBody {
    PixelStream& seen;
    SealedFileWriter* file;  ///< into which it went; null: it is only looked at
  };
  class LargeInstance;
  /// An instance on its way, and who decides about it.
  struct Work {
    const ReceivedInstance& received;
    const Config::Route& route;
    const Deidentifier& engine;
    PassedBody* body = nullptr;
    Decision decision{};
    bool as_revision = false;  ///< a person has decided to send it as one
    /// Of its file, or of the original that is released; none: of the place it gets in the spool.
    std::optional<InstanceId> id{};
  };
  struct Taken {
    ArchiveSpool::Put put;
    std::string study_uid, pseudonym;
  };
  using Outcome = std::variant<Taken, Held, Dropped, Refused>;
  /// Of a verdict that is not Cleaned.
  static Outcome not_cleaned(const Verdict& verdict);

  std::shared_lock<std::shared_mutex> in_flight() const {
    const std::lock_guard turn(turn_);
    return std::shared_lock(in_flight_);
  }
  AssociationServer::Answer accept(const ReceivedInstance& received, PassedBody* body) noexcept;
  AssociationServer::Answer cannot_store(const Origin& origin, const char* why) noexcept;
  AssociationServer::Answer keep(const Work& work, const Held& held);
  AssociationServer::Answer refuse(Fault fault, const std::string& detail, const Origin& origin);
  Result<const Config::Route*> route_of(const Routing& routing, const Origin& origin) const;

  /// From the rules to the queue.
  Outcome take_in(const Work& work);
  /// @param counted_before  it was acknowledged before
  Outcome queue(const Cleaned& cleaned, const Work& work, bool counted_before);
  void count(const Cleaned& cleaned);
  void note_rejection(const InstanceId& id, const Cleaned& cleaned, const Config::Route& route);

  // ingest_revisions.cpp
  Verdict clean_version(const Work& work, std::uint32_t revision) const;
  /// Everything that is in the queue is in the map afterwards, but for what the map does not take.
  Result<void> move_all_pairs();
  /// With nothing else in flight.
  Outcome take_in_revision(const Work& work);
  Outcome send_revision(const Work& work, std::uint32_t before, std::uint32_t number);

  PseudonymMap& map_;
  ArchiveSpool& spool_;
  Ledger& ledger_;
  Quarantine& quarantine_;
  Withdrawals& withdrawals_;
  const IngestWatch watch_;
  Guarded<std::shared_ptr<const Routing>> routing_;
  Guarded<Counts> counts_;
  CustodyTrouble trouble_;
  mutable Durations durations_;
  mutable std::shared_mutex in_flight_;  ///< shared by accept and release
  /// Held while waiting for in_flight_: the lock alone prefers readers, of which there is always
  /// one.
  mutable std::mutex turn_;
};

/// The word of a fault in counters and logs: "not-dicom", "busy", ...
std::string_view fault_word(Fault fault);

}  // namespace dosigate
