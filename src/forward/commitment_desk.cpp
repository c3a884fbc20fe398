#include "commitment.h"
#include "dosigate/dicom/status.h"

namespace dosigate {
namespace {

// Statuses of N-EVENT-REPORT (PS3.7 10.1.1.1.8).
constexpr std::uint16_t kSuccess = 0x0000;
constexpr std::uint16_t kNoSuchEvent = 0x0113;
constexpr std::uint16_t kInvalidArgument = 0x0115;
// Event types (PS3.4 Table J.3-2): all committed, and some not.
constexpr std::uint16_t kAllCommitted = 1;
constexpr std::uint16_t kSomeFailed = 2;

}  // namespace

CommitmentDesk::Answer CommitmentDesk::report(std::string_view ae_title,
                                              std::string_view sop_instance_uid,
                                              std::uint16_t event_type, ByteView data_set,
                                              std::string_view transfer_syntax_uid) {
  if (sop_instance_uid != kStorageCommitmentInstance)
    return {kNoSuchInstance, "not the instance of Storage Commitment Push Model"};
  if (event_type != kAllCommitted && event_type != kSomeFailed)
    return {kNoSuchEvent, "the event type is neither 1 nor 2"};
  auto read = read_commitment_report(data_set, transfer_syntax_uid);
  if (!read) return {kProcessingFailure, "the data set is no storage commitment result"};

  const std::lock_guard lock(mutex_);
  const auto found = open_.find(read->transaction_uid);
  // One answer to an unknown transaction and to somebody else's: nobody learns what is open.
  if (found == open_.end() || found->second.ae_title != ae_title || found->second.report)
    return {kInvalidArgument, "nobody waits for this transaction: it is over, or unknown"};
  found->second.report = std::move(*read);
  changed_.notify_all();
  return {kSuccess, {}};
}

void CommitmentDesk::open(const std::string& transaction_uid, const Destination& peer) {
  const std::lock_guard lock(mutex_);
  open_[transaction_uid] = {peer.ae_title, std::nullopt};
}

void CommitmentDesk::close(const std::string& transaction_uid) {
  const std::lock_guard lock(mutex_);
  open_.erase(transaction_uid);
}

std::optional<CommitmentReport> CommitmentDesk::wait(const std::string& transaction_uid,
                                                     SteadyTime until) {
  std::unique_lock lock(mutex_);
  const auto there = [&] {
    const auto found = open_.find(transaction_uid);
    return found != open_.end() && found->second.report;
  };
  if (!changed_.wait_until(lock, until, there)) return std::nullopt;
  return open_.find(transaction_uid)->second.report;
}

std::string CommitmentDesk::address_of(const std::string& destination) const {
  const std::lock_guard lock(mutex_);
  const auto found = addresses_.find(destination);
  return found == addresses_.end() ? std::string() : found->second;
}

void CommitmentDesk::reached(const std::string& destination, std::string address) {
  const std::lock_guard lock(mutex_);
  addresses_[destination] = std::move(address);
}

}  // namespace dosigate
