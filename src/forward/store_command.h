#pragma once

#include "command_set.h"

namespace dosigate {

/// C-STORE-RQ (PS3.7 9.3.1.1), priority medium.
CommandSet store_request(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                         std::uint16_t message_id);

}  // namespace dosigate
