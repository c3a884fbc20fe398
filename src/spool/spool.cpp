#include "dosigate/spool/spool.h"

#include <optional>

#include "spool_core.h"

namespace dosigate {

template <Domain domain>
struct Claimed<domain>::Impl {
  Impl(SpoolCore& owner, QueueItem claimed) : core(&owner), item(std::move(claimed)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { core->release(item, then, std::move(mark)); }

  SpoolCore* core;
  QueueItem item;
  bool sending = false;                // in this claim
  std::optional<InFlight::Mark> mark;  // until there is a verdict
  Claims::Then then = Claims::Then::Queued;
};

template <Domain domain>
Claimed<domain>::Claimed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
template <Domain domain>
Claimed<domain>::Claimed(Claimed&&) noexcept = default;
template <Domain domain>
Claimed<domain>& Claimed<domain>::operator=(Claimed&&) noexcept = default;
template <Domain domain>
Claimed<domain>::~Claimed() = default;

template <Domain domain>
const InstanceId& Claimed<domain>::id() const {
  return impl_->item.id;
}
template <Domain domain>
const std::string& Claimed<domain>::sop_class_uid() const {
  return impl_->item.sop_class_uid;
}
template <Domain domain>
const std::string& Claimed<domain>::sop_instance_uid() const {
  return impl_->item.sop_instance_uid;
}
template <Domain domain>
const std::string& Claimed<domain>::study_instance_uid() const {
  return impl_->item.study_instance_uid;
}
template <Domain domain>
const std::string& Claimed<domain>::transfer_syntax_uid() const {
  return impl_->item.transfer_syntax_uid;
}
template <Domain domain>
const std::string& Claimed<domain>::pseudonym() const {
  return impl_->item.pseudonym;
}
template <Domain domain>
unsigned Claimed<domain>::attempts() const {
  return impl_->item.attempts;
}
template <Domain domain>
bool Claimed<domain>::sent_once() const {
  return impl_->item.sent_once;
}
template <Domain domain>
std::uint64_t Claimed<domain>::queued_unix() const {
  return impl_->item.queued_unix;
}
template <Domain domain>
std::uint64_t Claimed<domain>::data_set_bytes() const {
  return impl_->item.length;
}
template <Domain domain>
Result<void> Claimed<domain>::read(const std::function<bool(ByteView)>& sink) const {
  return impl_->core->read(impl_->item, sink);
}

template <Domain domain>
struct Spool<domain>::Impl {
  SpoolCore core;
};

template <Domain domain>
Spool<domain>::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
template <Domain domain>
Spool<domain>::~Spool() = default;

template <Domain domain>
Result<std::unique_ptr<Spool<domain>>> Spool<domain>::open(Settings settings, const Keyring& keys,
                                                           Ledger& ledger) {
  const std::filesystem::path file = settings.directory / "queue.db";
  make_private_directory(settings.directory);
  auto queue = open_database(file, kQueueSchema, OpenMode::Create);
  if (!queue) {
    if (queue.error().fault != Fault::Corrupt) return queue.error();
    return fail(Fault::Corrupt, queue.error().detail + ": move " + file.string() +
                                    " (and its -wal and -shm) away and start again, the queue is "
                                    "rebuilt from the spool files");
  }
  auto impl = std::unique_ptr<Impl>(
      new Impl{{std::move(settings), domain, keys, ledger, std::move(*queue)}});
  if (auto recovered = impl->core.recover(); !recovered) return recovered.error();
  return std::unique_ptr<Spool>(new Spool(std::move(impl)));
}

template <Domain domain>
const SpoolRecovered& Spool<domain>::recovered() const {
  return impl_->core.recovered();
}

template <Domain domain>
Result<std::unique_ptr<SealedFileWriter>> Spool<domain>::receive_body(const InstanceId& id,
                                                                      std::uint64_t bytes) {
  return impl_->core.receive_body(id, bytes);
}

template <Domain domain>
bool Spool<domain>::has_room() {
  return !impl_->core.disk_is_low();
}

template <Domain domain>
SpoolPlace Spool<domain>::place() {
  return impl_->core.place();
}

template <Domain domain>
Result<SpoolPut> Spool<domain>::put(const Offer& offer) {
  return impl_->core.put(offer);
}

template <Domain domain>
std::vector<Claimed<domain>> Spool<domain>::claim(const std::string& destination, std::size_t max) {
  std::vector<Claimed<domain>> out;
  for (QueueItem& item : impl_->core.claim(destination, max)) {
    out.push_back(Claimed<domain>(
        std::make_unique<typename Claimed<domain>::Impl>(impl_->core, std::move(item))));
  }
  return out;
}

template <Domain domain>
void Spool<domain>::wait(const std::string& destination, std::stop_token stop,
                         std::chrono::steady_clock::time_point until) {
  impl_->core.wait(destination, stop, until);
}

template <Domain domain>
bool Spool<domain>::begin(const Claimed<domain>& claimed) {
  return impl_->core.begin(claimed.impl_->item);
}

template <Domain domain>
void Spool<domain>::sending(const Claimed<domain>& claimed) {
  claimed.impl_->sending = true;
  if (!claimed.impl_->item.sent_once && !claimed.impl_->mark)
    claimed.impl_->mark = impl_->core.sending(claimed.impl_->item);
}

template <Domain domain>
void Spool<domain>::delivered(std::vector<Claimed<domain>>&& claimed, std::uint16_t status) {
  std::vector<const QueueItem*> items;
  for (const auto& one : claimed) items.push_back(&one.impl_->item);
  impl_->core.settle(items, DeliveryState::Delivered, status, "", false);
  for (const auto& one : claimed) {
    one.impl_->then = Claims::Then::Settled;
    one.impl_->mark.reset();
  }
  claimed.clear();
}

template <Domain domain>
void Spool<domain>::retry(Claimed<domain> claimed, std::chrono::milliseconds delay,
                          std::uint16_t status, std::string_view reason) {
  // An answer was heard: what is known of the archive is what was known before this attempt.
  const bool sent_once = claimed.sent_once() || (claimed.impl_->sending && status == 0);
  if (!sent_once) claimed.impl_->mark.reset();
  impl_->core.retry(claimed.impl_->item, delay, status, reason, sent_once);
  claimed.impl_->mark.reset();
}

template <Domain domain>
void Spool<domain>::park(Claimed<domain> claimed, std::uint16_t status, std::string_view reason) {
  impl_->core.settle({&claimed.impl_->item}, DeliveryState::Parked, status, reason,
                     claimed.impl_->sending);
  // Not settled for good: an operator may have requeued it by now.
  claimed.impl_->mark.reset();
}

template <Domain domain>
void Spool<domain>::put_back(std::vector<Claimed<domain>> claimed, std::string_view reason) {
  std::vector<const QueueItem*> items;
  for (const auto& one : claimed) items.push_back(&one.impl_->item);
  impl_->core.put_back(items, reason);
}

template <Domain domain>
std::uint64_t Spool<domain>::requeue(const std::string& destination,
                                     const std::optional<InstanceId>& id) {
  return impl_->core.requeue(destination, id);
}

template <Domain domain>
std::uint64_t Spool<domain>::requeues() const {
  return impl_->core.requeues();
}

template <Domain domain>
SpoolWithdrawn Spool<domain>::withdraw(const std::string& study_uid,
                                       const std::set<std::string>& sop_uids,
                                       std::chrono::milliseconds patience) {
  return impl_->core.withdraw(study_uid, sop_uids, patience);
}

template <Domain domain>
std::uint64_t Spool<domain>::abandon(const std::string& destination,
                                     std::chrono::milliseconds patience) {
  return impl_->core.abandon(destination, patience);
}

template <Domain domain>
std::uint64_t Spool<domain>::abandon(const InstanceId& id) {
  return impl_->core.abandon(id);
}

template <Domain domain>
Result<std::size_t> Spool<domain>::rewrap() {
  return impl_->core.rewrap();
}

template <Domain domain>
bool Spool<domain>::pairs_waiting() const {
  return impl_->core.pairs_waiting();
}

template <Domain domain>
std::vector<std::pair<InstanceId, Bytes>> Spool<domain>::pairs_to_move(std::size_t max) {
  return impl_->core.pairs_to_move(max);
}

template <Domain domain>
void Spool<domain>::pairs_moved(const std::vector<InstanceId>& ids) {
  impl_->core.pairs_moved(ids);
}

template <Domain domain>
void Spool<domain>::pairs_refused(const std::vector<InstanceId>& ids) {
  impl_->core.pairs_refused(ids);
}

template <Domain domain>
std::uint64_t Spool<domain>::pairs_stuck() const {
  return impl_->core.pairs_stuck();
}

template <Domain domain>
std::string Spool<domain>::trouble() const {
  return impl_->core.trouble();
}

template <Domain domain>
std::string Spool<domain>::not_entered() const {
  return impl_->core.not_entered();
}

template <Domain domain>
std::vector<SpoolRow> Spool<domain>::list(std::size_t max) const {
  return impl_->core.list(max);
}

template <Domain domain>
std::map<std::string, SpoolDestination> Spool<domain>::destinations() const {
  return impl_->core.destinations();
}

template <Domain domain>
std::uint64_t Spool<domain>::files() const {
  return impl_->core.files();
}

template <Domain domain>
std::uint64_t Spool<domain>::bytes() const {
  return impl_->core.bytes();
}

template class Claimed<Domain::Archive>;
template class Claimed<Domain::Hospital>;
template class Spool<Domain::Archive>;
template class Spool<Domain::Hospital>;

}  // namespace dosigate
