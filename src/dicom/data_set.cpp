#include "dosigate/dicom/data_set.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>

#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/walker.h"
#include "trim.h"

namespace dosigate {
namespace {

// A deflated data set is Explicit VR Little Endian once inflated (PS3.5 A.5), also for JPIP
// Referenced Deflate.
E_TransferSyntax parsed_as(const TransferSyntax& syntax) {
  return syntax.encoding == Encoding::DeflatedLittle ? EXS_LittleEndianExplicit : syntax.dcmtk;
}

Bytes write_all(DcmDataset& data_set, E_TransferSyntax syntax) {
  // Room for all of it, so that the pixel bytes are copied once; the margin covers pad bytes added
  // on loading.
  constexpr std::size_t kMargin = 4096;
  Bytes out(((static_cast<std::size_t>(data_set.calcElementLength(syntax, EET_UndefinedLength)) +
              kMargin) |
             1U) +
            1U);
  std::size_t filled = 0;
  data_set.transferInit();
  while (true) {
    DcmOutputBufferStream stream(out.data() + filled,
                                 static_cast<offile_off_t>(out.size() - filled));
    const OFCondition condition = data_set.write(stream, syntax, EET_UndefinedLength, nullptr,
                                                 EGL_withoutGL, EPD_withoutPadding);
    void* written = nullptr;
    offile_off_t count = 0;
    stream.flushBuffer(written, count);
    filled += static_cast<std::size_t>(count);
    if (condition.good()) break;
    if (condition != EC_StreamNotifyClient) require(condition, "encode data set");
    out.resize(out.size() * 2);
  }
  data_set.transferEnd();
  out.resize(filled);
  return out;
}

/// Walking our own output finds the pixel value and proves the lengths that DCMTK wrote, and that
/// every item is in order, each tag once, however it came.
WalkLimits what_we_write() {
  WalkLimits strict;
  strict.out_of_order = 0;
  strict.elements = std::numeric_limits<std::size_t>::max();  // it came through the limit
  return strict;
}

[[noreturn]] void throw_not_valid(const Error& why) {
  throw std::runtime_error("encode data set: what DCMTK wrote is not valid: " + why.detail);
}

void put_element(Bytes& out, std::uint16_t element, std::string_view vr, std::string_view value,
                 char pad) {
  const std::size_t length = value.size() + value.size() % 2;
  const auto u16 = [&out](std::size_t number) {
    out.push_back(static_cast<Byte>(number));
    out.push_back(static_cast<Byte>(number >> 8U));
  };
  u16(0x0002);
  u16(element);
  out.insert(out.end(), vr.begin(), vr.end());
  if (vr == "OB") {
    u16(0);
    u16(length);
    u16(length >> 16U);
  } else {
    u16(length);
  }
  out.insert(out.end(), value.begin(), value.end());
  if (value.size() % 2 != 0) out.push_back(static_cast<Byte>(pad));
}

}  // namespace

// A UUID-derived UID (PS3.5 B.2), made once for dosigate.
const char kImplementationClassUid[] = "2.25.61036868859522054215094646321161990530";
const char kImplementationVersionName[] = "DOSIGATE_0_1";

Result<std::unique_ptr<DcmDataset>> parse_data_set(ByteView bytes, const TransferSyntax& syntax) {
  auto data_set = std::make_unique<DcmDataset>();
  if (bytes.empty()) return fail(Fault::NotDicom, "the data set is empty");
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();

  data_set->transferInit();
  const OFCondition condition = data_set->read(stream, parsed_as(syntax), EGL_noChange);
  data_set->transferEnd();

  const auto consumed = static_cast<std::size_t>(stream.tell());
  if (condition.bad() && condition != EC_EndOfStream)
    return fail(Fault::NotDicom, "the data set does not parse: " + text_of(condition) +
                                     " near byte " + std::to_string(consumed));
  if (consumed != bytes.size())
    return fail(Fault::NotDicom, "the data set ends at byte " + std::to_string(consumed) + " of " +
                                     std::to_string(bytes.size()));
  return data_set;
}

EncodedDataSet encode_data_set(DcmDataset& data_set, const TransferSyntax& syntax) {
  const E_TransferSyntax written_as = parsed_as(syntax);
  Bytes all = write_all(data_set, written_as);
  const auto walked = walk_data_set(all, syntax.encoding, what_we_write());
  if (!walked) throw_not_valid(walked.error());
  if (syntax.encoding == Encoding::DeflatedLittle) return {deflate_data_set(all), {}, {}};
  if (walked->pixel_begin == walked->pixel_end) return {std::move(all), {}, {}};
  const auto at = [&all](std::size_t offset) {
    return all.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  EncodedDataSet out;
  out.body.assign(at(walked->pixel_begin), at(walked->pixel_end));
  out.trailer.assign(at(walked->pixel_end), all.end());
  all.resize(walked->pixel_begin);
  out.header = std::move(all);
  return out;
}

namespace {

/// VR and length of the element as it is written: what has no valid VR gets that of its tag.
Bytes element_header(const PixelElement& element, Encoding encoding, std::uint64_t length) {
  constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
  const bool big = encoding == Encoding::ExplicitBig;
  Bytes out;
  const auto u16 = [&](std::uint32_t number) {
    const auto low = static_cast<Byte>(number), high = static_cast<Byte>(number >> 8U);
    out.push_back(big ? high : low);
    out.push_back(big ? low : high);
  };
  const auto u32 = [&](std::uint32_t number) {
    u16(big ? number >> 16U : number & 0xFFFFU);
    u16(big ? number & 0xFFFFU : number >> 16U);
  };
  u16(element.tag >> 16U);
  u16(element.tag & 0xFFFFU);
  if (encoding != Encoding::ImplicitLittle) {
    const bool floats = element.tag == 0x7FE00008, doubles = element.tag == 0x7FE00009;
    const std::string_view came(element.vr.data(), element.vr.size());
    std::string_view vr = floats ? "OF" : doubles ? "OD" : "OW";
    if (element.encapsulated || (came == "OB" && !floats && !doubles)) vr = "OB";
    out.insert(out.end(), vr.begin(), vr.end());
    u16(0);
  }
  u32(element.encapsulated ? kUndefined : static_cast<std::uint32_t>(length + length % 2));
  return out;
}

}  // namespace

EncodedDataSet encode_around(DcmDataset& data_set, const TransferSyntax& syntax,
                             const PixelElement& element, std::uint64_t length, ByteView pixels) {
  Bytes all = write_all(data_set, parsed_as(syntax));
  WalkLimits strict = what_we_write();
  strict.mark = element.tag;
  const auto walked = walk_data_set(all, syntax.encoding, strict);
  if (!walked) throw_not_valid(walked.error());
  if (walked->pixels.tag != 0)
    throw std::logic_error("encode around pixel data: they are in the data set");
  const auto cut =
      all.begin() + static_cast<std::ptrdiff_t>(walked->after_mark.value_or(all.size()));
  EncodedDataSet out;
  out.trailer.assign(cut, all.end());
  all.erase(cut, all.end());
  const Bytes head = element_header(element, syntax.encoding, length);
  all.insert(all.end(), head.begin(), head.end());
  out.header = std::move(all);
  if (syntax.encoding != Encoding::DeflatedLittle) return out;
  out.header.insert(out.header.end(), pixels.begin(), pixels.end());
  if (length % 2 != 0 && !element.encapsulated) out.header.push_back(0);
  out.header.insert(out.header.end(), out.trailer.begin(), out.trailer.end());
  return {deflate_data_set(out.header), {}, {}};
}

Bytes part10_header(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                    std::string_view transfer_syntax_uid) {
  Bytes group;
  put_element(group, 0x0001, "OB", std::string_view("\0\1", 2), '\0');
  put_element(group, 0x0002, "UI", sop_class_uid, '\0');
  put_element(group, 0x0003, "UI", sop_instance_uid, '\0');
  put_element(group, 0x0010, "UI", transfer_syntax_uid, '\0');
  put_element(group, 0x0012, "UI", kImplementationClassUid, '\0');
  put_element(group, 0x0013, "SH", kImplementationVersionName, ' ');

  Bytes out(128, 0);
  for (const char c : std::string_view("DICM")) out.push_back(static_cast<Byte>(c));
  std::array<char, 4> length{};
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<char>(group.size() >> (8 * i));
  put_element(out, 0x0000, "UL", std::string_view(length.data(), length.size()), '\0');
  out.insert(out.end(), group.begin(), group.end());
  return out;
}

std::string text_at(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element, OFFalse).bad() || element == nullptr ||
      element->getLength() == 0)
    return {};
  std::string_view value;
  OFString text;
  Uint8* bytes = nullptr;
  if (element->isaString()) {
    if (element->getOFStringArray(text, OFFalse).bad()) return {};
    value = {text.data(), text.size()};
  } else if (const DcmEVR vr = element->ident();
             vr == EVR_UN || vr == EVR_UNKNOWN || vr == EVR_UNKNOWN2B || vr == EVR_OB) {
    // A peer that sends UN means the text all the same; DCMTK would print it as hexadecimal.
    if (element->getUint8Array(bytes).bad() || bytes == nullptr) return {};
    value = {reinterpret_cast<const char*>(bytes), element->getLengthField()};
  } else {
    if (element->getOFString(text, 0).bad()) return {};
    value = {text.data(), text.size()};
  }
  return std::string(without_padding(value.substr(0, value.find('\\'))));
}

std::string tag_text(const DcmTagKey& tag) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "(%04X,%04X)", static_cast<unsigned>(tag.getGroup()),
                static_cast<unsigned>(tag.getElement()));
  return text.data();
}

}  // namespace dosigate
