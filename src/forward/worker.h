#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "committer.h"
#include "dosigate/forward/forwarder.h"
#include "gate.h"
#include "peer.h"
#include "shutter.h"
#include "stow_client.h"
#include "study_cards.h"
#include "study_log.h"
#include "throttle.h"

namespace dosigate {

/// What the workers of one destination share.
template <Domain domain>
struct Shared {
  Shared(Destination to, Spool<domain>& from, StudyCards::Text card, std::string paused,
         WallClock clock)
      : destination(std::move(to)),
        spool(from),
        gate(destination.backoff),
        shutter(destination.hours, std::move(paused), std::move(clock)),
        throttle(destination.max_kbit_s * 1'000),
        cards(destination.path,
              destination.kind == Destination::Kind::Folder ? std::move(card) : StudyCards::Text()),
        committer(from, [this](const std::string& words) {
          spdlog::error("cannot commit dest={} reason={}", destination.name, words);
          gate.note(words);
        }) {}

  const Destination destination;
  Spool<domain>& spool;
  Gate gate;
  Shutter shutter;
  Throttle throttle;
  // Compressing and converting: one at a time, its memory is bounded, and slow links wait for no
  // one.
  std::mutex compressing;
  StudyCards cards;
  std::atomic<std::uint64_t> sent{0}, bytes{0}, bytes_saved{0}, compressed{0}, not_compressed{0};
  std::atomic<unsigned> associations{0};
  std::mutex opening_the_first;  // association: those that wait for it would only fail with it
  Histogram sending;
  Committer<domain> committer;  // last: goes first, and finishes what is waiting
};

/// One thread's work for one destination: claims batches, sends them over one association that is
/// kept open while work keeps coming (or writes them into the folder), and gives each a verdict.
template <Domain domain>
class Worker {
 public:
  Worker(Shared<domain>& shared, Requestor requestor);
  ~Worker();
  void run(const std::stop_token& stop) noexcept;

 private:
  using Batch = std::deque<Claimed<domain>>;
  enum class Next { Continue, StopBatch };

  void step(const std::stop_token& stop);
  /// One instance in hand, `rest` behind it.
  Next deliver(Claimed<domain> claimed, Batch& rest, const std::stop_token& stop);
  Next deliver_by_store(Claimed<domain> claimed, Batch& rest, const std::stop_token& stop);
  Next deliver_to_folder(Claimed<domain> claimed, Batch& rest, const std::stop_token& stop);
  Next deliver_by_stow(Claimed<domain> claimed, Batch& rest,
                       const std::stop_token& stop);  // worker_stow.cpp
  Next judge_stow(Claimed<domain> claimed, const StowVerdict& verdict, Batch& rest,
                  SteadyTime begun, const std::stop_token& stop);
  Next judge(Claimed<domain> claimed, const Peer::Answer& answer, Batch& rest, SteadyTime begun,
             const std::stop_token& stop);

  /// Whether there is an association in which the instance may be sent. One that is of no use for
  /// it is closed.
  bool is_associated_for(
      const Claimed<domain>& claimed);  // worker_association.cpp, as what follows
  /// Opens one for what is in hand: the first of the destination, or one more of it, with nothing
  /// in hand any more.
  Next associate(Batch& hand);
  /// One more was not to be had a moment ago, and others are open.
  bool stands_back() const;
  std::vector<ProposedContext> contexts_for(const Batch& hand);
  /// The context of an instance as it is or can be made native, and (else or as well) of its
  /// compressed form.
  struct Contexts {
    const Peer::Accepted* native = nullptr;
    const Peer::Accepted* compressed = nullptr;
  };
  Contexts accepted_for(const Claimed<domain>& claimed) const;
  Result<Peer::Answer> send(const Claimed<domain>& claimed, const Contexts& contexts,
                            const std::stop_token& stop);
  Result<Peer::Answer> send_whole(const Claimed<domain>& claimed, const Peer::Accepted& context,
                                  const Bytes& data_set, const std::stop_token& stop);
  /// A fault says why it is sent as it is.
  Result<Bytes> compress(const Claimed<domain>& claimed);
  void hang_up(bool orderly);
  bool is_connected() const { return peer_ || stow_connected_; }

  void done(Claimed<domain> claimed, std::uint16_t status, SteadyTime begun,
            const std::stop_token& stop);
  void retry(Claimed<domain> claimed, std::uint16_t status, const std::string& words);
  /// Of the instance, not of the destination: parked after max_attempts and max_age.
  void retry_or_park(Claimed<domain> claimed, std::uint16_t status, const std::string& words);
  void park(Claimed<domain> claimed, std::uint16_t status, const std::string& words);
  /// The destination takes nothing now: all of the batch goes back with one reason.
  Next down(const std::string& words, bool lasting, Batch& rest,
            std::chrono::milliseconds at_least = {});
  void alive();

  Shared<domain>& shared_;
  const Destination& to_;
  Requestor requestor_;
  std::unique_ptr<Peer> peer_;
  std::uint64_t requeues_before_ = 0;  // the association of `peer_` was requested
  StowClient stow_;
  bool stow_connected_ = false;  // as `associations` counts it
  bool refused_kind_ =
      false;  // in this association: the next batch asks again, the archive may have been changed
  // One more was not to be had; zero: it was, or none was asked for.
  SteadyTime stands_back_until_{};
  SteadyTime last_use_{};
  struct InHand {
    std::uint64_t bytes = 0;  // as it is sent
    bool compressed = false;  // by us
  };
  InHand in_hand_;
  Gate::Pass pass_ = Gate::Pass::No;
  StudyLog log_;
  std::deque<std::pair<std::string, std::string>> recent_kinds_;  // (class, syntax), newest first
};

}  // namespace dosigate
