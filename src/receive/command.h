#pragma once

#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// Command fields of PS3.7 Table E.1-1 that are told apart here.
enum CommandField : std::uint16_t {
  kStoreRequest = 0x0001,
  kEchoRequest = 0x0030,
  kEventReportRequest = 0x0100,
  kCancelRequest = 0x0FFF,
  kResponseBit = 0x8000,
};

/// What a DIMSE request says, as far as a storage SCP and a storage commitment SCU need it (PS3.7
/// 9.3, 10.3.1). UIDs as sent, trimmed.
struct Command {
  std::uint16_t field = 0;
  std::uint16_t message_id = 0;
  std::uint16_t event_type = 0;  ///< of N-EVENT-REPORT
  bool has_data_set = false;
  std::string sop_class_uid;     ///< affected, else requested
  std::string sop_instance_uid;  ///< affected, else requested
};

/// Largest command set we collect. DCMTK's own reader has no limit and allocates what a length
/// field says.
inline constexpr std::size_t kMaxCommand = 64U << 10U;

/// Reads a command set: Implicit VR Little Endian, group 0000 only, to the last byte, elements in
/// ascending order and each once (PS3.7 6.3.1). What the group length says is not asked.
/// @return NotDicom when it is broken or lacks field, message id or data set type, or names both an
/// affected and a requested SOP class or instance.
/// Thread: any; no state.
Result<Command> read_command(ByteView command_set);

/// The command set that answers `request`. `comment` becomes ErrorComment: cut to 64 characters of
/// ISO 646, nothing when empty.
Bytes response_to(const Command& request, std::uint16_t status, std::string_view comment);

/// A P-DATA-TF PDU that holds a whole command set in one PDV (PS3.8 9.3.5). A response is at most
/// some 300 bytes, less than any peer announces as its PDU size.
Bytes p_data(std::uint8_t context, ByteView command_set);

}  // namespace dosigate
