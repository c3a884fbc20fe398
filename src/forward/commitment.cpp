#include "commitment.h"

#include <algorithm>
#include <random>

#include "dosigate/dicom/status.h"
#include "words.h"

namespace dosigate {
namespace {

constexpr std::uint16_t kEventReportRequest = 0x0100;
constexpr std::uint16_t kEventReportResponse = 0x8100;
constexpr std::uint16_t kActionRequest = 0x0130;
constexpr std::uint16_t kActionResponse = 0x8130;
constexpr std::uint16_t kRequestCommitment = 1;  // action type, PS3.4 Table J.3-1
constexpr std::size_t kMostReported = 10'000;
constexpr std::chrono::milliseconds kLook{50};

Bytes request_data(const std::string& transaction_uid,
                   std::span<const Ledger::DeliveredObject> objects,
                   std::string_view transfer_syntax_uid) {
  DcmDataset data_set;
  require(data_set.putAndInsertString(DCM_TransactionUID, transaction_uid.c_str()),
          "write the transaction");
  for (const auto& object : objects) {
    DcmItem* item = nullptr;
    require(data_set.findOrCreateSequenceItem(DCM_ReferencedSOPSequence, item, -2), "add an item");
    require(item->putAndInsertString(DCM_ReferencedSOPClassUID, object.sop_class_uid.c_str()),
            "write a class");
    require(item->putAndInsertString(DCM_ReferencedSOPInstanceUID, object.sop_instance_uid.c_str()),
            "write an instance");
  }
  return encoded(data_set, transfer_syntax_uid);
}

CommandSet event_response(const Dialogue::Message& event, const CommitmentDesk::Answer& answer) {
  CommandSet out;
  out.uid(kAffectedSopClass, UID_StorageCommitmentPushModelSOPClass)
      .number(kCommandField, kEventReportResponse)
      .number(kRespondedTo, event.command.number(kMessageId).value_or(0))
      .number(kDataSetType, kNoDataSet)
      .number(kStatus, answer.status)
      .uid(kAffectedSopInstance, kStorageCommitmentInstance);
  return out;
}

/// A transaction for as long as somebody waits for it.
class Open {
 public:
  Open(CommitmentDesk& desk, std::string uid, const Destination& peer)
      : desk_(desk), uid_(std::move(uid)) {
    desk_.open(uid_, peer);
  }
  ~Open() { desk_.close(uid_); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 private:
  CommitmentDesk& desk_;
  std::string uid_;
};

}  // namespace

const ProposedContext kStorageCommitment{
    UID_StorageCommitmentPushModelSOPClass,
    {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax}};
const char kStorageCommitmentInstance[] = UID_StorageCommitmentPushModelSOPInstance;

std::string new_transaction_uid() {
  std::random_device random;
  std::array<std::uint32_t, 4> uuid{};
  for (auto& word : uuid) word = random();
  uuid[1] = (uuid[1] & 0xFFFF0FFFU) | 0x4000U;      // version 4, RFC 9562
  uuid[2] = (uuid[2] & 0x3FFFFFFFU) | 0x80000000U;  // variant
  // As one decimal number: divided by ten until nothing is left.
  std::string digits;
  while (std::ranges::any_of(uuid, [](std::uint32_t word) { return word != 0; })) {
    std::uint64_t rest = 0;
    for (auto& word : uuid) {
      const std::uint64_t part = rest << 32U | word;
      word = static_cast<std::uint32_t>(part / 10);
      rest = part % 10;
    }
    digits.push_back(static_cast<char>('0' + rest));
  }
  std::ranges::reverse(digits);
  return "2.25." + digits;
}

Result<CommitmentReport> read_commitment_report(ByteView data_set,
                                                std::string_view transfer_syntax_uid) {
  const auto read = decoded(data_set, transfer_syntax_uid);
  if (!read) return read.error();
  DcmDataset& report = **read;
  CommitmentReport out;
  out.transaction_uid = text_at(report, DCM_TransactionUID);
  if (out.transaction_uid.empty())
    return fail(Fault::NotDicom, "no Transaction UID " + tag_text(DCM_TransactionUID));
  std::size_t objects = 0;
  const auto each = [&](const DcmTagKey& tag, const auto& take) {
    DcmSequenceOfItems* sequence = nullptr;
    if (report.findAndGetSequence(tag, sequence).bad()) return;
    for (unsigned long i = 0; i < sequence->card() && ++objects <= kMostReported; ++i) {
      DcmItem& item = *sequence->getItem(i);
      take(text_at(item, DCM_ReferencedSOPInstanceUID), item);
    }
  };
  each(DCM_ReferencedSOPSequence,
       [&](const std::string& uid, DcmItem&) { out.committed.insert(uid); });
  each(DCM_FailedSOPSequence, [&](const std::string& uid, DcmItem& item) {
    Uint16 reason = kProcessingFailure;  // when it says none
    (void)item.findAndGetUint16(DCM_FailureReason, reason);
    out.failed[uid] = reason;
    out.committed.erase(uid);  // one that is said to be both is not
  });
  if (objects > kMostReported)
    return fail(Fault::NotDicom, "the report names more objects than were asked for");
  return out;
}

Result<CommitmentReport> ask_commitment(Dialogue& dialogue, const Peer::Accepted& context,
                                        const Destination& peer, CommitmentDesk& desk,
                                        std::span<const Ledger::DeliveredObject> objects,
                                        std::chrono::seconds wait) {
  const std::string transaction = new_transaction_uid();
  desk.reached(peer.name, dialogue.address());
  const Open open(desk, transaction, peer);
  const std::uint16_t id = dialogue.next_message_id();
  const auto command = CommandSet()
                           .uid(kRequestedSopClass, context.sop_class_uid)
                           .number(kCommandField, kActionRequest)
                           .number(kMessageId, id)
                           .number(kDataSetType, kWithDataSet)
                           .uid(kRequestedSopInstance, kStorageCommitmentInstance)
                           .number(kActionType, kRequestCommitment);
  if (auto sent = dialogue.send(context.id, command,
                                request_data(transaction, objects, context.transfer_syntax_uid));
      !sent)
    return sent.error();

  // An archive may report before it answers the request; both are taken as they come.
  bool accepted = false;
  const SteadyTime answer_by = steady_now() + peer.dimse_timeout;
  SteadyTime until = answer_by;
  while (true) {
    if (accepted) {
      if (auto report = desk.wait(transaction, std::min(until, steady_now() + kLook)))
        return *report;
      if (dialogue.stop().stop_requested())
        return fail(Fault::Unavailable, "the node is stopping: verify again after the restart");
      if (steady_now() >= until)
        return fail(Fault::Unavailable,
                    at(peer) +
                        " took the request for storage commitment and has not reported "
                        "within " +
                        std::to_string(wait.count()) +
                        " s: verify again with a longer --wait, and see that it knows " +
                        peer.calling_ae +
                        " with address and port, where it opens an association to report");
      // Reports on an association of its own from here: that it ended this one says nothing.
      if (dialogue.ended() || !dialogue.waiting()) continue;
    }
    auto message = dialogue.receive(until, "its answer to N-ACTION was awaited");
    if (!message) {
      if (accepted && dialogue.ended()) continue;
      return message.error();
    }
    const auto field = message->command.number(kCommandField);
    if (field == kEventReportRequest) {
      const auto answer = desk.report(peer.ae_title, message->command.text(kAffectedSopInstance),
                                      message->command.number(kEventType).value_or(0),
                                      message->data_set, context.transfer_syntax_uid);
      if (auto sent = dialogue.send(message->context, event_response(*message, answer)); !sent)
        return sent.error();
      continue;
    }
    const auto status = message->command.number(kStatus);
    if (field != kActionResponse || !status || message->command.number(kRespondedTo) != id)
      return fail(Fault::Unavailable,
                  at(peer) +
                      " answered N-ACTION with something that was not asked: the archive is at "
                      "fault");
    if (*status != 0)
      return fail(Fault::Denied, at(peer) + " answers the request for storage commitment with " +
                                     status_text(*status) + ": see the archive's log");
    accepted = true;
    until = steady_now() + wait;
  }
}

}  // namespace dosigate
