#include "store_command.h"

#include "command_set.h"

namespace dosigate {

Bytes store_request(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                    std::uint16_t message_id) {
  return CommandSet()
      .uid(kAffectedSopClass, sop_class_uid)
      .number(kCommandField, 0x0001)  // C-STORE-RQ
      .number(kMessageId, message_id)
      .number(kPriority, 0x0000)  // medium
      .number(kDataSetType, kWithDataSet)
      .uid(kAffectedSopInstance, sop_instance_uid)
      .encode();
}

std::optional<StoreResponse> read_store_response(ByteView command) {
  constexpr std::uint16_t kStoreResponse = 0x8001;

  const auto response = CommandSet::read(command);
  if (!response) return std::nullopt;
  const auto message_id = response->number(kRespondedTo);
  const auto status = response->number(kStatus);
  if (response->number(kCommandField) != kStoreResponse ||
      response->number(kDataSetType) != kNoDataSet || !message_id || !status)
    return std::nullopt;
  return StoreResponse{*message_id, *status, response->text(kErrorComment)};
}

}  // namespace dosigate
