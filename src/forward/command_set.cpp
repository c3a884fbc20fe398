#include "command_set.h"

namespace dosigate {
namespace {

void element(Packer& out, std::uint16_t number, ByteView value) {
  out.u32(std::uint32_t{number} << 16U);  // group 0000, element, little-endian
  out.bytes(value);                       // 32-bit length, value
}

}  // namespace

CommandSet& CommandSet::number(std::uint16_t element_number, std::uint16_t value) {
  elements_[element_number] = {static_cast<Byte>(value & 0xFFU), static_cast<Byte>(value >> 8U)};
  return *this;
}

CommandSet& CommandSet::uid(std::uint16_t element_number, std::string_view value) {
  Bytes padded(value.begin(), value.end());
  if (padded.size() % 2 != 0) padded.push_back(0);
  elements_[element_number] = std::move(padded);
  return *this;
}

Bytes CommandSet::encode() const {
  Packer fields;
  for (const auto& [number, value] : elements_) element(fields, number, value);
  const Bytes body = fields.take();
  const auto size = static_cast<std::uint32_t>(body.size());
  Packer out;
  element(out, 0x0000,
          std::array{static_cast<Byte>(size & 0xFFU), static_cast<Byte>(size >> 8U & 0xFFU),
                     static_cast<Byte>(size >> 16U & 0xFFU), static_cast<Byte>(size >> 24U)});
  Bytes all = out.take();
  all.insert(all.end(), body.begin(), body.end());
  return all;
}

std::optional<CommandSet> CommandSet::read(ByteView bytes) {
  CommandSet out;
  Unpacker in(bytes);
  while (in.ok() && !in.rest().empty()) {
    const std::uint32_t tag = in.u32();
    if ((tag & 0xFFFFU) != 0) return std::nullopt;  // not of group 0000
    const auto number = static_cast<std::uint16_t>(tag >> 16U);
    // Ascending, each once (PS3.7 6.3.1): of two statuses nobody knows which one counts.
    if (!out.elements_.empty() && number <= out.elements_.rbegin()->first) return std::nullopt;
    out.elements_[number] = in.bytes();
  }
  if (!in.done()) return std::nullopt;
  return out;
}

std::optional<std::uint16_t> CommandSet::number(std::uint16_t element_number) const {
  const auto found = elements_.find(element_number);
  if (found == elements_.end() || found->second.size() != 2) return std::nullopt;
  return static_cast<std::uint16_t>(found->second[0] | found->second[1] << 8U);
}

std::string CommandSet::text(std::uint16_t element_number) const {
  constexpr std::size_t kLongest = 64;  // of VR UI and LO
  std::string out;
  const auto found = elements_.find(element_number);
  if (found == elements_.end()) return out;
  for (const Byte c : found->second) {
    if (c >= ' ' && c < 0x7F && out.size() < kLongest) out.push_back(static_cast<char>(c));
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace dosigate
