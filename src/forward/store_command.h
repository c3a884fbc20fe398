#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// C-STORE-RQ (PS3.7 9.3.1.1) in Implicit VR Little Endian, as every command set is (PS3.7 6.3.1),
/// priority medium.
Bytes store_request(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                    std::uint16_t message_id);

struct StoreResponse {
  std::uint16_t message_id;  ///< being responded to
  std::uint16_t status;
  std::string comment;  ///< ErrorComment, printable characters only, empty when there is none
};
/// C-STORE-RSP. Empty when it is anything else: cut short, another command, without message id or
/// status, announcing a data set. Our own reading: DCMTK's wants to know the context's transfer
/// syntax first, and does not know the newer ones.
std::optional<StoreResponse> read_store_response(ByteView command);

}  // namespace dosigate
