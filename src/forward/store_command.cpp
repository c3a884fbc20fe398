#include "store_command.h"

#include <map>

namespace dosigate {
namespace {

/// An element of group 0000.
void element(Packer& out, std::uint16_t number, ByteView value) {
  out.u32(std::uint32_t{number} << 16U);  // group 0000, element, little-endian
  out.bytes(value);                       // 32-bit length, value
}

void number(Packer& out, std::uint16_t element_number, std::uint16_t value) {
  element(out, element_number,
          std::array{static_cast<Byte>(value & 0xFFU), static_cast<Byte>(value >> 8U)});
}

void uid(Packer& out, std::uint16_t element_number, std::string_view value) {
  Bytes padded(value.begin(), value.end());
  if (padded.size() % 2 != 0) padded.push_back(0);
  element(out, element_number, padded);
}

}  // namespace

Bytes store_request(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                    std::uint16_t message_id) {
  Packer fields;
  uid(fields, 0x0002, sop_class_uid);
  number(fields, 0x0100, 0x0001);  // C-STORE-RQ
  number(fields, 0x0110, message_id);
  number(fields, 0x0700, 0x0000);  // medium
  number(fields, 0x0800, 0x0001);  // a data set follows: anything but 0101
  uid(fields, 0x1000, sop_instance_uid);
  const Bytes body = fields.take();

  Packer out;
  const auto size = static_cast<std::uint32_t>(body.size());
  element(out, 0x0000,
          std::array{static_cast<Byte>(size & 0xFFU), static_cast<Byte>(size >> 8U & 0xFFU),
                     static_cast<Byte>(size >> 16U & 0xFFU), static_cast<Byte>(size >> 24U)});
  Bytes all = out.take();
  all.insert(all.end(), body.begin(), body.end());
  return all;
}

std::optional<StoreResponse> read_store_response(ByteView command) {
  constexpr std::uint16_t kStoreResponse = 0x8001;
  constexpr std::uint16_t kNoDataSet = 0x0101;
  constexpr std::size_t kLongestComment = 64;  // VR LO

  std::map<std::uint16_t, Bytes> elements;
  Unpacker in(command);
  while (in.ok() && !in.rest().empty()) {
    const std::uint32_t tag = in.u32();
    if ((tag & 0xFFFFU) != 0) return std::nullopt;  // not of group 0000
    elements[static_cast<std::uint16_t>(tag >> 16U)] = in.bytes();
  }
  if (!in.done()) return std::nullopt;
  const auto value = [&](std::uint16_t element_number) -> std::optional<std::uint16_t> {
    const auto found = elements.find(element_number);
    if (found == elements.end() || found->second.size() != 2) return std::nullopt;
    return static_cast<std::uint16_t>(found->second[0] | found->second[1] << 8U);
  };
  const auto message_id = value(0x0120);
  const auto status = value(0x0900);
  if (value(0x0100) != kStoreResponse || value(0x0800) != kNoDataSet || !message_id || !status)
    return std::nullopt;

  StoreResponse out{*message_id, *status, {}};
  if (const auto comment = elements.find(0x0902); comment != elements.end()) {
    for (const Byte c : comment->second) {
      if (c >= ' ' && c < 0x7F && out.comment.size() < kLongestComment)
        out.comment.push_back(static_cast<char>(c));
    }
    while (!out.comment.empty() && out.comment.back() == ' ') out.comment.pop_back();
  }
  return out;
}

}  // namespace dosigate
