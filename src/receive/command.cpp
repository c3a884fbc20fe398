#include "command.h"

#include <algorithm>
#include <optional>

namespace dosigate {
namespace {

// Elements of group 0000 (PS3.7 Annex E).
enum Element : std::uint16_t {
  kGroupLength = 0x0000,
  kAffectedClass = 0x0002,
  kRequestedClass = 0x0003,
  kField = 0x0100,
  kMessageId = 0x0110,
  kRespondedTo = 0x0120,
  kDataSetType = 0x0800,
  kStatus = 0x0900,
  kErrorComment = 0x0902,
  kAffectedInstance = 0x1000,
  kRequestedInstance = 0x1001,
  kEventType = 0x1002,
};
constexpr std::uint16_t kNoDataSet = 0x0101;

std::uint32_t little_endian(ByteView at, unsigned count) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= std::uint32_t{at[i]} << (8 * i);
  return value;
}

std::string trimmed(ByteView value) {
  std::string_view text = as_text(value);
  const auto padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && padding(text.back())) text.remove_suffix(1);
  while (!text.empty() && padding(text.front())) text.remove_prefix(1);
  return std::string(text);
}

class Writer {
 public:
  void number(Element element, std::uint32_t value, unsigned bytes) {
    head(element, bytes);
    for (unsigned i = 0; i < bytes; ++i) out_.push_back(static_cast<Byte>(value >> (8 * i)));
  }
  void text(Element element, std::string_view value, Byte padding) {
    head(element, value.size() + value.size() % 2);
    out_.insert(out_.end(), value.begin(), value.end());
    if (value.size() % 2 != 0) out_.push_back(padding);
  }
  Bytes take() { return std::move(out_); }

 private:
  void head(Element element, std::size_t length) {
    out_.insert(out_.end(), {0, 0, static_cast<Byte>(element), static_cast<Byte>(element >> 8U)});
    for (unsigned i = 0; i < 4; ++i) out_.push_back(static_cast<Byte>(length >> (8 * i)));
  }
  Bytes out_;
};

}  // namespace

Result<Command> read_command(ByteView in) {
  const auto broken = [](const char* what) {
    return fail(Fault::NotDicom, std::string("command set: ") + what);
  };
  Command command;
  bool field = false, message_id = false, type = false, affected = false;
  std::optional<std::uint32_t> last;
  while (!in.empty()) {
    if (in.size() < 8) return broken("an element header is cut off");
    const std::uint32_t group = little_endian(in, 2);
    const std::uint32_t element = little_endian(in.subspan(2), 2);
    const std::size_t length = little_endian(in.subspan(4), 4);
    if (group != 0) return broken("an element outside group 0000");
    if (length > in.size() - 8) return broken("a length is greater than what is left");
    // Of two SOP Instance UIDs another reader may take the other one.
    if (last && element <= *last) return broken("an element stands out of order or twice");
    last = element;
    const ByteView value = in.subspan(8, length);
    in = in.subspan(8 + length);

    if (element == kGroupLength && length != 4) return broken("a group length of not 4 bytes");
    const bool number = element == kField || element == kMessageId || element == kDataSetType ||
                        element == kEventType;
    if (number && length != 2) return broken("a number that is not 2 bytes long");
    switch (element) {
      case kField:
        command.field = static_cast<std::uint16_t>(little_endian(value, 2));
        field = true;
        break;
      case kMessageId:
        command.message_id = static_cast<std::uint16_t>(little_endian(value, 2));
        message_id = true;
        break;
      case kDataSetType:
        command.has_data_set = little_endian(value, 2) != kNoDataSet;
        type = true;
        break;
      case kEventType:
        command.event_type = static_cast<std::uint16_t>(little_endian(value, 2));
        break;
      case kAffectedClass:
      case kAffectedInstance:
        affected = true;
        (element == kAffectedClass ? command.sop_class_uid : command.sop_instance_uid) =
            trimmed(value);
        break;
      case kRequestedClass:
      case kRequestedInstance:
        // No message has both (PS3.7 Tables 9.1-1 to 10.3-6).
        if (affected) return broken("an affected and a requested SOP class or instance");
        (element == kRequestedClass ? command.sop_class_uid : command.sop_instance_uid) =
            trimmed(value);
        break;
      default:
        break;
    }
  }
  // C-CANCEL names the message it cancels and has no id of its own.
  if (!field || !type || (!message_id && command.field != kCancelRequest)) {
    return broken("command field, message id or data set type is missing");
  }
  return command;
}

Bytes response_to(const Command& request, std::uint16_t status, std::string_view comment) {
  std::string words(comment.substr(0, 64));
  // LO is a single value of the default repertoire here: no backslash, no control characters.
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < 0x20 || c > 0x7E || c == '\\'; }, '?');

  Writer body;
  // Not longer than a UID may be: what a peer sent is not echoed without bound.
  const auto uid = [&body](Element element, const std::string& value) {
    if (!value.empty()) body.text(element, std::string_view(value).substr(0, 64), 0);
  };
  uid(kAffectedClass, request.sop_class_uid);
  body.number(kField, request.field | kResponseBit, 2);
  body.number(kRespondedTo, request.message_id, 2);
  body.number(kDataSetType, kNoDataSet, 2);
  body.number(kStatus, status, 2);
  if (!words.empty()) body.text(kErrorComment, words, ' ');
  uid(kAffectedInstance, request.sop_instance_uid);

  const Bytes elements = body.take();
  Writer all;
  all.number(kGroupLength, static_cast<std::uint32_t>(elements.size()), 4);
  Bytes out = all.take();
  out.insert(out.end(), elements.begin(), elements.end());
  return out;
}

Bytes p_data(std::uint8_t context, ByteView command_set) {
  Bytes out;
  const auto big_endian = [&out](std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(value >> shift));
  };
  out.insert(out.end(), {0x04, 0});
  big_endian(command_set.size() + 6);
  big_endian(command_set.size() + 2);
  out.insert(out.end(), {context, 0x03});  // command, last fragment
  out.insert(out.end(), command_set.begin(), command_set.end());
  return out;
}

}  // namespace dosigate
