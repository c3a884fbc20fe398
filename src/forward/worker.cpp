#include "worker.h"

#include <algorithm>
#include <random>

#include "compress.h"
#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/status.h"
#include "dosigate/forward/folder.h"
#include "transcode.h"

namespace dosigate {
namespace {

constexpr std::size_t kBatch = 16;
constexpr std::chrono::seconds kIdle{5};
constexpr std::chrono::seconds kSlice{1};

bool is_out_of_resources(std::uint16_t status) { return (status & 0xFF00U) == 0xA700U; }

std::uint32_t random_bits() {
  static thread_local std::mt19937 generator{std::random_device{}()};
  return static_cast<std::uint32_t>(generator());
}

std::string name_of_class(const std::string& uid) {
  const SopClass* known = find_storage_sop_class(uid);
  return known == nullptr ? uid : std::string(known->name);
}

std::string name_of_syntax(const std::string& uid) {
  const TransferSyntax* known = find_transfer_syntax(uid);
  return known == nullptr ? uid : std::string(known->name);
}

template <Domain domain>
Result<Bytes> whole_of(const Claimed<domain>& claimed) {
  Bytes whole;
  whole.reserve(claimed.data_set_bytes());
  const auto read = claimed.read([&](ByteView chunk) {
    whole.insert(whole.end(), chunk.begin(), chunk.end());
    return true;
  });
  if (!read) return read.error();
  return whole;
}

}  // namespace

template <Domain domain>
Worker<domain>::Worker(Shared<domain>& shared, Requestor requestor)
    : shared_(shared),
      to_(shared.destination),
      requestor_(std::move(requestor)),
      stow_(to_),
      log_(to_.name) {}

template <Domain domain>
Worker<domain>::~Worker() {
  hang_up(true);
}

template <Domain domain>
void Worker<domain>::run(const std::stop_token& stop) noexcept {
  while (!stop.stop_requested()) {
    try {
      step(stop);
    } catch (const std::exception& broken) {
      // The machine is broken here (disk, database, memory), not the archive. Whatever was claimed
      // is back in the queue.
      spdlog::error("cannot forward dest={} error={}", to_.name, broken.what());
      hang_up(false);
      shared_.gate.failed(broken.what(), false, pass_ == Gate::Pass::Probe);
    }
  }
  hang_up(true);
  if (shared_.shutter.is_open()) shared_.cards.write(StudyCards::Which::All);
}

template <Domain domain>
void Worker<domain>::step(const std::stop_token& stop) {
  if (!shared_.shutter.is_open()) {
    // Not even the cards of what was delivered before are written: their markers keep them.
    hang_up(true);
    log_.idle();
    if (!shared_.shutter.wait(stop, steady_now() + kSlice)) return;
  }
  const SteadyTime idle_end = last_use_ + kIdle;
  if (is_connected() && steady_now() >= idle_end) hang_up(true);
  if (stands_back()) return Throttle::sleep_until(stop, steady_now() + kSlice);

  pass_ = shared_.gate.enter(stop, steady_now() + kSlice, shared_.spool.requeues());
  if (pass_ == Gate::Pass::No) return;
  Batch batch;
  for (auto& claimed : shared_.spool.claim(to_.name, pass_ == Gate::Pass::Probe ? 1 : kBatch))
    batch.push_back(std::move(claimed));
  if (batch.empty()) {
    if (pass_ == Gate::Pass::Probe) shared_.gate.unused();
    log_.idle();
    shared_.cards.write(StudyCards::Which::Due);
    const SteadyTime slice = steady_now() + kSlice;
    shared_.spool.wait(to_.name, stop, is_connected() ? std::min(slice, idle_end) : slice);
    return;
  }
  while (!batch.empty() && !stop.stop_requested() && shared_.shutter.is_open()) {
    Claimed<domain> claimed = std::move(batch.front());
    batch.pop_front();
    if (deliver(std::move(claimed), batch, stop) == Next::StopBatch) break;
  }
  if (pass_ == Gate::Pass::Probe) shared_.gate.unused();  // stopped in between
  pass_ = Gate::Pass::No;
  last_use_ = steady_now();
  if (refused_kind_) hang_up(true);
}

template <Domain domain>
auto Worker<domain>::deliver(Claimed<domain> claimed, Batch& rest, const std::stop_token& stop)
    -> Next {
  switch (to_.kind) {
    case Destination::Kind::Folder:
      return deliver_to_folder(std::move(claimed), rest, stop);
    case Destination::Kind::Stow:
      return deliver_by_stow(std::move(claimed), rest, stop);
    case Destination::Kind::Dicom:
      break;
  }
  return deliver_by_store(std::move(claimed), rest, stop);
}

template <Domain domain>
auto Worker<domain>::deliver_to_folder(Claimed<domain> claimed, Batch& rest,
                                       const std::stop_token& stop) -> Next {
  if (!shared_.spool.begin(claimed)) return Next::Continue;
  in_hand_ = {claimed.data_set_bytes(), false};
  const SteadyTime begun = steady_now();
  try {
    shared_.cards.arriving(claimed.pseudonym(), claimed.study_instance_uid());
    const auto written =
        write_to_folder(to_.path,
                        {claimed.pseudonym(), claimed.study_instance_uid(), claimed.sop_class_uid(),
                         claimed.sop_instance_uid(), claimed.transfer_syntax_uid()},
                        [&](const auto& sink) { return claimed.read(sink); });
    alive();
    if (written) {
      done(std::move(claimed), 0, begun, stop);
      shared_.cards.write(StudyCards::Which::Due);
    } else {
      park(std::move(claimed), 0, written.error().detail);
    }
    return Next::Continue;
  } catch (const std::exception& broken) {  // std::system_error, std::filesystem::filesystem_error
    rest.push_front(std::move(claimed));
    return down("cannot write into the folder: " + std::string(broken.what()) +
                    ": check space, rights and mount",
                false, rest);
  }
}

template <Domain domain>
Result<Bytes> Worker<domain>::compress(const Claimed<domain>& claimed) {
  if (claimed.data_set_bytes() > kLargestCompressed)
    return fail(Fault::Busy, "it has more than " + std::to_string(kLargestCompressed >> 20U) +
                                 " MiB, and is not compressed for that");
  const std::lock_guard one_at_a_time(shared_.compressing);
  auto whole = whole_of(claimed);
  if (!whole) return whole.error();
  return make_compressed(*whole, claimed.transfer_syntax_uid(), transfer_syntax_of(to_.compress),
                         claimed.sop_instance_uid());
}

template <Domain domain>
Result<Peer::Answer> Worker<domain>::send_whole(const Claimed<domain>& claimed,
                                                const Peer::Accepted& context,
                                                const Bytes& data_set,
                                                const std::stop_token& stop) {
  const Pace pace{shared_.throttle, stop};
  in_hand_ = {data_set.size(), context.transfer_syntax_uid == transfer_syntax_of(to_.compress)};
  shared_.spool.sending(claimed);
  return peer_->store(
      context, claimed.sop_instance_uid(),
      [&](const Peer::Sink& sink) -> Result<void> {
        (void)sink(data_set);
        return {};
      },
      &pace);
}

template <Domain domain>
Result<Peer::Answer> Worker<domain>::send(const Claimed<domain>& claimed, const Contexts& contexts,
                                          const std::stop_token& stop) {
  if (contexts.compressed != nullptr) {
    const auto smaller = compress(claimed);
    if (smaller) return send_whole(claimed, *contexts.compressed, *smaller, stop);
    const Error& why = smaller.error();
    // Damaged or gone: it is so for the other way of sending it, too, which says so.
    if (why.fault == Fault::Invalid) ++shared_.not_compressed;
    spdlog::debug("sent as it is dest={} instance={} reason={}", to_.name,
                  claimed.sop_instance_uid(), why.detail);
    if (contexts.native == nullptr)
      return fail(Fault::Invalid,
                  "archive accepts " + name_of_class(claimed.sop_class_uid()) + " only in " +
                      name_of_syntax(std::string(transfer_syntax_of(to_.compress))) + ", but " +
                      why.detail);
  }
  if (contexts.native->transfer_syntax_uid == claimed.transfer_syntax_uid()) {
    const Pace pace{shared_.throttle, stop};
    in_hand_ = {claimed.data_set_bytes(), false};
    shared_.spool.sending(claimed);
    return peer_->store(
        *contexts.native, claimed.sop_instance_uid(),
        [&](const Peer::Sink& sink) { return claimed.read(sink); }, &pace);
  }
  if (claimed.data_set_bytes() > kLargestConverted)
    return fail(Fault::Invalid, "it has more than " + std::to_string(kLargestConverted >> 20U) +
                                    " MiB and is not converted: let the archive accept " +
                                    name_of_class(claimed.sop_class_uid()) + " in " +
                                    name_of_syntax(claimed.transfer_syntax_uid()) +
                                    ", then `dosigate queue retry`");
  const std::lock_guard one_at_a_time(shared_.compressing);
  const auto whole = whole_of(claimed);
  if (!whole) return whole.error();
  const auto converted =
      make_native(*whole, claimed.transfer_syntax_uid(), contexts.native->transfer_syntax_uid,
                  claimed.sop_instance_uid());
  if (!converted) return converted.error();
  return send_whole(claimed, *contexts.native, *converted, stop);
}

template <Domain domain>
auto Worker<domain>::deliver_by_store(Claimed<domain> claimed, Batch& rest,
                                      const std::stop_token& stop) -> Next {
  if (!is_associated_for(claimed)) {
    rest.push_front(std::move(claimed));
    return associate(rest);
  }

  const Contexts contexts = accepted_for(claimed);
  if (contexts.native == nullptr && contexts.compressed == nullptr) {
    refused_kind_ = true;
    alive();
    const std::string words = "archive accepts no presentation context for " +
                              name_of_class(claimed.sop_class_uid()) + " in " +
                              name_of_syntax(claimed.transfer_syntax_uid()) +
                              ": let it accept them, then `dosigate queue retry`";
    park(std::move(claimed), 0, words);
    return Next::Continue;
  }

  if (!shared_.spool.begin(claimed)) return Next::Continue;
  const SteadyTime begun = steady_now();
  const auto answer = send(claimed, contexts, stop);
  if (answer) return judge(std::move(claimed), *answer, rest, begun, stop);

  if (!peer_->usable()) hang_up(false);
  const Error& error = answer.error();
  if (error.fault != Fault::Unavailable && error.fault != Fault::Denied) {
    // Of this instance: its file is damaged or missing, or it cannot be converted.
    alive();
    park(std::move(claimed), 0, error.detail);
    return Next::Continue;
  }
  retry(std::move(claimed), 0, error.detail);
  return down(error.detail, error.fault == Fault::Denied, rest);
}

template <Domain domain>
auto Worker<domain>::judge(Claimed<domain> claimed, const Peer::Answer& answer, Batch& rest,
                           SteadyTime begun, const std::stop_token& stop) -> Next {
  const std::string words =
      status_text(answer.status) + (answer.comment.empty() ? "" : ": " + answer.comment);
  switch (classify_store_status(answer.status)) {
    case Delivery::Delivered:
      alive();
      done(std::move(claimed), answer.status, begun, stop);
      return Next::Continue;
    case Delivery::DeliveredIfSentBefore:
      alive();
      if (claimed.sent_once()) {
        done(std::move(claimed), answer.status, begun, stop);
      } else {
        park(std::move(claimed), answer.status,
             words + ": the archive holds an object of this UID that we did not send");
      }
      return Next::Continue;
    case Delivery::Park:
      alive();
      park(std::move(claimed), answer.status, words);
      return Next::Continue;
    case Delivery::Retry:
      break;
  }
  if (is_out_of_resources(answer.status)) {
    // Of the archive, not of this instance: the others would be told the same.
    retry(std::move(claimed), answer.status, words);
    return down("the archive is out of resources (" + words + ")", false, rest);
  }
  alive();
  retry_or_park(std::move(claimed), answer.status, words);
  return Next::Continue;
}

template <Domain domain>
void Worker<domain>::done(Claimed<domain> claimed, std::uint16_t status, SteadyTime begun,
                          const std::stop_token& stop) {
  shared_.sending.add(steady_now() - begun);
  ++shared_.sent;
  shared_.bytes += in_hand_.bytes;
  if (in_hand_.compressed) {
    ++shared_.compressed;
    shared_.bytes_saved += claimed.data_set_bytes() - in_hand_.bytes;
  }
  log_.add(claimed.study_instance_uid(), begun);
  shared_.committer.add(std::move(claimed), status, stop);
}

template <Domain domain>
void Worker<domain>::retry(Claimed<domain> claimed, std::uint16_t status,
                           const std::string& words) {
  const auto delay = to_.backoff.delay(claimed.attempts() + 1, random_bits());
  shared_.spool.retry(std::move(claimed), delay, status, words);
}

template <Domain domain>
void Worker<domain>::retry_or_park(Claimed<domain> claimed, std::uint16_t status,
                                   const std::string& words) {
  // What waited for the hours of the destination or for an operator has not failed meanwhile.
  const auto since =
      std::max(static_cast<long long>(claimed.queued_unix()), shared_.shutter.opened_unix());
  const auto age = std::chrono::seconds(to_unix(wall_now()) - since);
  if (claimed.attempts() + 1 >= to_.max_attempts || age >= to_.max_age) {
    const std::string given_up =
        words + " (given up after " + std::to_string(claimed.attempts() + 1) + " attempts)";
    park(std::move(claimed), status, given_up);
  } else {
    shared_.gate.note(words);
    retry(std::move(claimed), status, words);
  }
}

template <Domain domain>
void Worker<domain>::park(Claimed<domain> claimed, std::uint16_t status, const std::string& words) {
  spdlog::warn("parked dest={} study={} instance={} reason={}", to_.name,
               claimed.study_instance_uid(), claimed.sop_instance_uid(), words);
  shared_.spool.park(std::move(claimed), status, words);
  shared_.gate.note(words);
}

template <Domain domain>
auto Worker<domain>::down(const std::string& words, bool lasting, Batch& rest,
                          std::chrono::milliseconds at_least) -> Next {
  log_.flush();
  if (!shared_.gate.state().down)
    spdlog::warn("destination down dest={} reason={}", to_.name, words);
  std::vector<Claimed<domain>> back;
  for (auto& claimed : rest) back.push_back(std::move(claimed));
  rest.clear();
  // Closed before the instances go back: else another worker would take them for the same failure.
  shared_.gate.failed(words, lasting, pass_ == Gate::Pass::Probe, at_least);
  pass_ = Gate::Pass::No;
  shared_.spool.put_back(std::move(back), words);
  return Next::StopBatch;
}

template <Domain domain>
void Worker<domain>::alive() {
  const bool was_down = shared_.gate.state().down;
  shared_.gate.succeeded();
  pass_ = Gate::Pass::Open;
  if (was_down) spdlog::info("destination up dest={}", to_.name);
}

template class Worker<Domain::Archive>;
template class Worker<Domain::Hospital>;

}  // namespace dosigate
