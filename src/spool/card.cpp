#include "card.h"

namespace dosigate {
namespace {

constexpr std::uint8_t kVersion = 3;
constexpr std::uint32_t kMostDestinations = 1'000;

}  // namespace

Bytes pack_card(const SpoolCard& card) {
  Packer out;
  out.u8(kVersion)
      .u64(card.queued_unix)
      .text(card.sop_class_uid)
      .text(card.sop_instance_uid)
      .text(card.study_instance_uid)
      .text(card.transfer_syntax_uid)
      .text(card.pseudonym)
      .bytes(card.fingerprint)
      .u32(static_cast<std::uint32_t>(card.destinations.size()));
  for (const std::string& destination : card.destinations) out.text(destination);
  out.text(card.facts).u8(card.issued ? 1 : 0);
  return out.take();
}

std::optional<SpoolCard> unpack_card(ByteView bytes) {
  Unpacker in(bytes);
  const std::uint8_t version = in.u8();
  if (version < 1 || version > kVersion) return std::nullopt;
  SpoolCard card;
  card.queued_unix = in.u64();
  card.sop_class_uid = in.text();
  card.sop_instance_uid = in.text();
  card.study_instance_uid = in.text();
  card.transfer_syntax_uid = in.text();
  card.pseudonym = in.text();
  card.fingerprint = in.bytes();
  const std::uint32_t count = in.u32();
  if (count > kMostDestinations) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) card.destinations.push_back(in.text());
  if (version >= 2) card.facts = in.text();
  if (version >= 3) card.issued = in.u8() != 0;
  if (!in.done()) return std::nullopt;
  return card;
}

}  // namespace dosigate
