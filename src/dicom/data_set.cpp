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
  // Walking our own output finds the pixel value and proves the lengths that DCMTK wrote, and that
  // every item is in order, each tag once, however it came.
  WalkLimits strict;
  strict.out_of_order = 0;
  strict.elements = std::numeric_limits<std::size_t>::max();  // it came through the limit
  const auto walked = walk_data_set(all, syntax.encoding, strict);
  if (!walked)
    throw std::runtime_error("encode data set: what DCMTK wrote is not valid: " +
                             walked.error().detail);
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
