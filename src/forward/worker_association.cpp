// A worker's association: when one is opened, what it proposes, and what it is good for.

#include <mutex>
#include <set>

#include "compress.h"
#include "transcode.h"
#include "worker.h"

namespace dosigate {
namespace {

constexpr std::size_t kRecentKinds = 40;
/// How long those that are open suffice when one more was not to be had.
constexpr std::chrono::seconds kStandBack{15};

}  // namespace

template <Domain domain>
void Worker<domain>::hang_up(bool orderly) {
  if (stow_connected_) {
    stow_.close();
    stow_connected_ = false;
    --shared_.associations;
  }
  if (!peer_) return;
  if (orderly && peer_->usable()) peer_->release();
  peer_.reset();
  --shared_.associations;
  refused_kind_ = false;
}

template <Domain domain>
bool Worker<domain>::is_associated_for(const Claimed<domain>& claimed) {
  if (peer_ && (!peer_->usable() || peer_->is_stale())) hang_up(false);
  // Who requeues has changed what the archive accepts: what it accepted before says nothing.
  if (peer_ && requeues_before_ != shared_.spool.requeues()) hang_up(true);
  if (peer_ && !peer_->was_proposed(claimed.sop_class_uid(), claimed.transfer_syntax_uid()))
    hang_up(true);
  return peer_ != nullptr;
}

template <Domain domain>
bool Worker<domain>::stands_back() const {
  return !is_connected() && shared_.associations > 0 && steady_now() < stands_back_until_;
}

template <Domain domain>
auto Worker<domain>::associate(Batch& hand) -> Next {
  const auto contexts = contexts_for(hand);
  const auto open = [&]() -> Result<void> {
    requeues_before_ = shared_.spool.requeues();
    auto opened = Peer::open(to_, requestor_, contexts);
    if (!opened) return opened.error();
    peer_ = std::move(*opened);
    ++shared_.associations;
    return {};
  };

  std::unique_lock alone(shared_.opening_the_first, std::try_to_lock);
  if (alone && shared_.associations == 0) {
    const auto opened = open();
    return opened ? Next::Continue
                  : down(opened.error().detail, opened.error().fault == Fault::Denied, hand);
  }
  hand.clear();  // whoever has an association sends them
  if (!alone) {
    alone.lock();  // until it is known whether there is one
    return Next::StopBatch;
  }
  alone.unlock();

  // An archive may serve only so many at a time: some reject the next one, some let it wait until
  // another ends. Nothing waits with it, and the destination is not down for that.
  if (const auto opened = open()) {
    stands_back_until_ = {};
  } else {
    if (stands_back_until_ == SteadyTime())  // said once
      spdlog::info("no further association dest={} open={} reason={}", to_.name,
                   shared_.associations.load(), opened.error().detail);
    stands_back_until_ = steady_now() + kStandBack;
  }
  return Next::StopBatch;
}

template <Domain domain>
std::vector<ProposedContext> Worker<domain>::contexts_for(const Batch& hand) {
  // The first in hand becomes the newest: it is in whatever the limit leaves.
  for (auto one = hand.rbegin(); one != hand.rend(); ++one) {
    const auto kind = std::make_pair(one->sop_class_uid(), one->transfer_syntax_uid());
    std::erase(recent_kinds_, kind);
    recent_kinds_.push_front(kind);
  }
  while (recent_kinds_.size() > kRecentKinds) recent_kinds_.pop_back();

  // Each kind compressed (where that is wished) and as it is; where that may be refused, what it
  // can be made into; both once per class.
  const std::string wished(transfer_syntax_of(to_.compress));
  std::vector<ProposedContext> out;
  std::set<std::string> compressed, with_fallback;
  for (const auto& [sop_class, syntax] : recent_kinds_) {
    const bool smaller =
        !wished.empty() && can_be_compressed(syntax) && !compressed.contains(sop_class);
    const bool fallback = can_be_made_native(syntax) && !with_fallback.contains(sop_class);
    if (out.size() + 1 + (smaller ? 1 : 0) + (fallback ? 1 : 0) > kMostContexts) break;
    if (smaller) {
      compressed.insert(sop_class);
      out.push_back({sop_class, {wished}});
    }
    out.push_back({sop_class, {syntax}});
    if (!fallback) continue;
    with_fallback.insert(sop_class);
    out.push_back(
        {sop_class,
         {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax}});
  }
  return out;
}

template <Domain domain>
auto Worker<domain>::accepted_for(const Claimed<domain>& claimed) const -> Contexts {
  Contexts out;
  out.native = peer_->find(claimed.sop_class_uid(), claimed.transfer_syntax_uid());
  if (out.native == nullptr && can_be_made_native(claimed.transfer_syntax_uid()))
    out.native = peer_->find_native(claimed.sop_class_uid());
  if (to_.compress != Destination::Compress::None &&
      can_be_compressed(claimed.transfer_syntax_uid()))
    out.compressed = peer_->find(claimed.sop_class_uid(), transfer_syntax_of(to_.compress));
  return out;
}

#define DOSIGATE_FOR_DOMAIN(domain)                                        \
  template void Worker<domain>::hang_up(bool);                             \
  template bool Worker<domain>::is_associated_for(const Claimed<domain>&); \
  template bool Worker<domain>::stands_back() const;                       \
  template auto Worker<domain>::associate(Batch&)->Next;                   \
  template auto Worker<domain>::accepted_for(const Claimed<domain>&) const->Contexts
DOSIGATE_FOR_DOMAIN(Domain::Archive);
DOSIGATE_FOR_DOMAIN(Domain::Hospital);

}  // namespace dosigate
