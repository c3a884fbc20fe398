#include "dosigate/dicom/status.h"
#include "worker.h"

namespace dosigate {

template <Domain domain>
auto Worker<domain>::deliver_by_stow(Claimed<domain> claimed, Batch& rest,
                                     const std::stop_token& stop) -> Next {
  const auto connected = stow_.connect();
  // A connection that was found dead is no longer counted, nor is one counted twice.
  if (stow_.connected() != stow_connected_) {
    stow_connected_ = stow_.connected();
    stow_connected_ ? ++shared_.associations : --shared_.associations;
  }
  if (!connected) {
    rest.push_front(std::move(claimed));
    return down(connected.error().detail, connected.error().fault == Fault::Denied, rest);
  }

  if (!shared_.spool.begin(claimed)) return Next::Continue;
  const SteadyTime begun = steady_now();
  const Pace pace{shared_.throttle, stop};
  in_hand_ = {claimed.data_set_bytes(), false};
  shared_.spool.sending(claimed);
  const auto verdict = stow_.store(
      {claimed.sop_class_uid(), claimed.sop_instance_uid(), claimed.transfer_syntax_uid(),
       claimed.data_set_bytes()},
      [&](const auto& sink) { return claimed.read(sink); }, &pace);
  if (!stow_.connected()) hang_up(true);
  if (verdict) return judge_stow(std::move(claimed), *verdict, rest, begun, stop);

  const Error& error = verdict.error();
  if (error.fault != Fault::Unavailable && error.fault != Fault::Denied) {
    // Of this instance: its file is damaged or missing.
    alive();
    park(std::move(claimed), 0, error.detail);
    return Next::Continue;
  }
  retry(std::move(claimed), 0, error.detail);
  return down(error.detail, error.fault == Fault::Denied, rest);
}

template <Domain domain>
auto Worker<domain>::judge_stow(Claimed<domain> claimed, const StowVerdict& verdict, Batch& rest,
                                SteadyTime begun, const std::stop_token& stop) -> Next {
  using What = StowVerdict::What;
  switch (verdict.what) {
    case What::Stored:
    case What::AlreadyThere:
      alive();
      done(std::move(claimed), verdict.status, begun, stop);
      return Next::Continue;
    case What::Failed:
      return judge(std::move(claimed), {verdict.status, verdict.words}, rest, begun, stop);
    case What::Refused:
      alive();
      park(std::move(claimed), 0, verdict.words);
      return Next::Continue;
    case What::Unclear:
      alive();
      retry_or_park(std::move(claimed), 0, verdict.words);
      return Next::Continue;
    case What::Broken:
      // To the tail of the queue: should it be the cause, the others get their turn.
      retry(std::move(claimed), 0, verdict.words);
      break;
    case What::Busy:
    case What::Denied:
      rest.push_front(std::move(claimed));
      break;
  }
  return down(verdict.words, verdict.what == What::Denied, rest,
              verdict.retry_after.value_or(std::chrono::seconds(0)));
}

#define DOSIGATE_FOR_DOMAIN(domain)                                                              \
  template auto Worker<domain>::deliver_by_stow(Claimed<domain>, Batch&, const std::stop_token&) \
      ->Next;                                                                                    \
  template auto Worker<domain>::judge_stow(Claimed<domain>, const StowVerdict&, Batch&,          \
                                           SteadyTime, const std::stop_token&)                   \
      ->Next
DOSIGATE_FOR_DOMAIN(Domain::Archive);
DOSIGATE_FOR_DOMAIN(Domain::Hospital);

}  // namespace dosigate
