#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// Elements of group 0000 that the forwarder writes or reads (PS3.7 Annex E).
enum CommandElement : std::uint16_t {
  kAffectedSopClass = 0x0002,
  kRequestedSopClass = 0x0003,
  kCommandField = 0x0100,
  kMessageId = 0x0110,
  kRespondedTo = 0x0120,
  kPriority = 0x0700,
  kDataSetType = 0x0800,
  kStatus = 0x0900,
  kErrorComment = 0x0902,
  kAffectedSopInstance = 0x1000,
  kRequestedSopInstance = 0x1001,
  kEventType = 0x1002,
  kActionType = 0x1008,
};
inline constexpr std::uint16_t kNoDataSet = 0x0101;
inline constexpr std::uint16_t kWithDataSet = 0x0001;  ///< anything but kNoDataSet

/// A command set: Implicit VR Little Endian, group 0000 only (PS3.7 6.3.1).
class CommandSet {
 public:
  CommandSet& number(std::uint16_t element, std::uint16_t value);
  CommandSet& uid(std::uint16_t element, std::string_view value);
  /// With its group length, elements in ascending order.
  Bytes encode() const;

  /// Nothing when the bytes are no command set to the last one.
  static std::optional<CommandSet> read(ByteView bytes);
  /// Nothing when it is not there, or not two bytes long.
  std::optional<std::uint16_t> number(std::uint16_t element) const;
  /// Trimmed of padding; what is not printable ISO 646 is left out. Empty when it is not there.
  std::string text(std::uint16_t element) const;

 private:
  std::map<std::uint16_t, Bytes> elements_;
};

}  // namespace dosigate
