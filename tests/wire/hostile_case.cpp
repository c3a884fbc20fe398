#include "wire/hostile_case.h"

#include "support/pdu_bytes.h"
#include "support/sanitized.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;

// Under a sanitizer a million items take half a minute on a slow machine.
constexpr auto kPatience = kSanitized ? 180s : 20s;

std::string even(std::string value, char pad) {
  if (value.size() % 2 != 0) value += pad;
  return value;
}

std::string number(Encoding encoding, unsigned value) {
  const std::string low(1, static_cast<char>(value)), high(1, static_cast<char>(value >> 8U));
  return encoding == Encoding::ExplicitBig ? high + low : low + high;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::Accept:
      return out << "A-ASSOCIATE-AC";
    case Answer::Kind::Reject:
      return out << "A-ASSOCIATE-RJ " << answer.first << "/" << answer.second << "/"
                 << answer.third;
    case Answer::Kind::Abort:
      return out << "A-ABORT source " << answer.first << " reason " << answer.second;
    case Answer::Kind::Status:
      return out << "status 0x" << std::hex << answer.first << std::dec;
    case Answer::Kind::Release:
      return out << "A-RELEASE-RP";
    case Answer::Kind::Close:
      return out << "closed without a PDU";
    case Answer::Kind::Silence:
      return out << "silence, or a connection that stays open";
    case Answer::Kind::Other:
      break;
  }
  return out << "another PDU";
}

std::ostream& operator<<(std::ostream& out, const HostileCase& hostile) {
  return out << hostile.section;
}

const std::vector<RawScu::Context>& attack_contexts() {
  static const std::vector<RawScu::Context> all{
      {kExplicitContext, kCtClass, {kExplicitSyntax}},
      {kEchoContext, kVerificationClass, {kImplicitSyntax}},
      {kImplicitContext, kCtClass, {kImplicitSyntax}},
      {kBigContext, kCtClass, {"1.2.840.10008.1.2.2"}},
      {kDeflatedContext, kCtClass, {"1.2.840.10008.1.2.1.99"}},
      {kRefusedContext, "1.2.840.10008.5.1.4.1.2.2.1", {kImplicitSyntax}},
      {kJpegContext, kCtClass, {"1.2.840.10008.1.2.4.70"}}};
  return all;
}

Answer Attack::next(RawScu& scu) {
  const auto pdu = scu.receive(kPatience);
  if (!pdu) return {scu.timed_out() ? Answer::Kind::Silence : Answer::Kind::Close};
  const Bytes& body = pdu->body;
  if (pdu->type == 2) return accepted();
  if (pdu->type == 4) {
    const auto value = RawScu::status_of(*pdu);
    return value ? status(*value) : Answer{Answer::Kind::Other};
  }
  if (pdu->type < 2 || pdu->type > 7 || body.size() != 4) return {Answer::Kind::Other};
  if (!scu.peer_closes(5s)) return {Answer::Kind::Silence};
  if (pdu->type == 3) return rejected(body[1], body[2], body[3]);
  if (pdu->type == 6) return released();
  return {Answer::Kind::Abort, body[2], body[3]};
}

Answer Attack::first(ByteView bytes) const {
  RawScu scu(port_);
  scu.send(bytes);
  return next(scu);
}

RawScu Attack::open() const {
  RawScu scu(port_);
  const auto answer = scu.associate("DOSIGATE", "HOSTILE", attack_contexts());
  if (!answer || answer->type != 2) throw std::runtime_error("the node takes no association");
  return scu;
}

Answer Attack::then(ByteView bytes) const {
  RawScu scu = open();
  scu.send(bytes);
  return next(scu);
}

Answer Attack::store(Byte context, ByteView command, ByteView data_set) const {
  RawScu scu = open();
  scu.send(RawScu::p_data(context, true, true, command));
  do {
    const ByteView part = data_set.first(std::min<std::size_t>(data_set.size(), 100'000));
    data_set = data_set.subspan(part.size());
    scu.send(RawScu::p_data(context, false, data_set.empty(), part));
  } while (!data_set.empty());
  return next(scu);
}

Spoilt::Spoilt(Encoding encoding, const std::string& sop_instance) {
  const auto text = [&](std::uint32_t tag, std::string_view vr, const std::string& value) {
    const Wire wire = Wire(encoding).element(tag, vr, even(value, vr == "UI" ? '\0' : ' '));
    elements_[tag] = wire.bytes;
  };
  const auto us = [&](std::uint32_t tag, unsigned value) {
    elements_[tag] = Wire(encoding).element(tag, "US", number(encoding, value)).bytes;
  };
  text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  text(0x00080016, "UI", kCtClass);
  text(0x00080018, "UI", sop_instance);
  text(0x00080020, "DA", "20250304");
  text(0x00080030, "TM", "101112");
  text(0x00080060, "CS", "CT");
  text(0x00100010, "PN", "HOSTILE^NOBODY");
  text(0x00100020, "LO", "771199");
  text(0x00100030, "DA", "19610503");
  text(0x00100040, "CS", "O");
  text(0x0020000D, "UI", "1.2.826.0.1.3680043.2.1143.77.2");
  text(0x0020000E, "UI", "1.2.826.0.1.3680043.2.1143.77.3");
  text(0x00200013, "IS", "1");
  us(0x00280002, 1);
  text(0x00280004, "CS", "MONOCHROME2");
  us(0x00280010, 2);
  us(0x00280011, 2);
  us(0x00280100, 16);
  us(0x00280101, 16);
  us(0x00280102, 15);
  us(0x00280103, 0);
  elements_[0x7FE00010] = Wire(encoding).element(0x7FE00010, "OW", "12345678").bytes;
}

Spoilt&& Spoilt::put(std::uint32_t tag, const Wire& element) && {
  elements_[tag] = element.bytes;
  return std::move(*this);
}

Spoilt&& Spoilt::drop(std::uint32_t tag) && {
  elements_.erase(tag);
  return std::move(*this);
}

Spoilt&& Spoilt::end(const Wire& bytes) && {
  append(end_, bytes.bytes);
  return std::move(*this);
}

Bytes Spoilt::bytes() const {
  Bytes out;
  for (const auto& [_, element] : elements_) append(out, element);
  append(out, end_);
  return out;
}

Wire nested(Encoding encoding, std::uint32_t tag, unsigned depth, bool undefined) {
  Wire out(encoding);
  if (undefined) {
    for (unsigned i = 0; i < depth; ++i) out.header(tag, "SQ", Wire::kUndefined).item();
    for (unsigned i = 0; i < depth; ++i) out.end_item().end_sequence();
    return out;
  }
  const std::size_t header = encoding == Encoding::ImplicitLittle ? 8 : 12, each = header + 8;
  for (unsigned i = 0; i < depth; ++i)
    out.header(tag, "SQ", each * (depth - i) - header).item(each * (depth - i - 1));
  return out;
}

Bytes command_element(std::uint16_t element, ByteView value) {
  Bytes out{0, 0};
  little_endian(out, element, 2);
  little_endian(out, value.size(), 4);
  append(out, value);
  return out;
}

Bytes u16(std::uint16_t value) {
  return {static_cast<Byte>(value), static_cast<Byte>(value >> 8U)};
}

}  // namespace dosigate::testing
