#include "store_command.h"

namespace dosigate {

CommandSet store_request(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                         std::uint16_t message_id) {
  return CommandSet()
      .uid(kAffectedSopClass, sop_class_uid)
      .number(kCommandField, 0x0001)  // C-STORE-RQ
      .number(kMessageId, message_id)
      .number(kPriority, 0x0000)  // medium
      .number(kDataSetType, kWithDataSet)
      .uid(kAffectedSopInstance, sop_instance_uid);
}

}  // namespace dosigate
