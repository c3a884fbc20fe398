#pragma once

#include <initializer_list>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/dicom/transfer_syntax.h"

namespace dosigate {

/// Writes the bytes of a data set literally, so that a test shows exactly what is on the wire,
/// valid or not.
class Wire {
 public:
  explicit Wire(Encoding encoding = Encoding::ExplicitLittle)
      : implicit_(encoding == Encoding::ImplicitLittle), big_(encoding == Encoding::ExplicitBig) {}

  static constexpr std::uint32_t kUndefined = 0xFFFFFFFF;

  /// Element header; `vr` is left out in Implicit VR. Two or four length bytes as PS3.5 7.1.2 says
  /// for the VR.
  Wire& header(std::uint32_t tag, std::string_view vr, std::size_t length) {
    put_tag(tag);
    if (implicit_) return put(length, 4);
    text(vr);
    for (const std::string_view extended :
         {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV", "ZZ"})
      if (vr == extended) return put(0, 2).put(length, 4);
    return put(length, 2);
  }
  Wire& element(std::uint32_t tag, std::string_view vr, std::string_view value) {
    return header(tag, vr, value.size()).text(value);
  }
  Wire& element(std::uint32_t tag, std::string_view vr, const Wire& value) {
    return element(tag, vr, as_text(value.bytes));
  }
  Wire& item(std::size_t length = kUndefined) { return put_tag(0xFFFEE000).put(length, 4); }
  Wire& item(const Wire& content) {
    return item(content.bytes.size()).text(as_text(content.bytes));
  }
  Wire& fragment(std::string_view value) { return item(value.size()).text(value); }
  Wire& end_item() { return put_tag(0xFFFEE00D).put(0, 4); }
  Wire& end_sequence() { return put_tag(0xFFFEE0DD).put(0, 4); }
  Wire& text(std::string_view value) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    return *this;
  }

  Bytes bytes;

 private:
  Wire& put(std::size_t value, int count) {
    for (int i = 0; i < count; ++i)
      bytes.push_back(static_cast<Byte>(value >> (8 * (big_ ? count - 1 - i : i))));
    return *this;
  }
  Wire& put_tag(std::uint32_t tag) { return put(tag >> 16U, 2).put(tag & 0xFFFFU, 2); }

  bool implicit_;
  bool big_;
};

/// Tags as one number, for tests only.
inline constexpr std::uint32_t kSpecificCharacterSet = 0x00080005, kSOPClassUID = 0x00080016,
                               kSOPInstanceUID = 0x00080018, kModality = 0x00080060,
                               kReferencedImageSequence = 0x00081140,
                               kReferencedSOPClassUID = 0x00081150, kPatientName = 0x00100010,
                               kPatientID = 0x00100020, kRows = 0x00280010, kPixels = 0x7FE00010,
                               kFloatPixels = 0x7FE00008, kTrailingPadding = 0xFFFCFFFC;

/// A small image without pixel data. No patient data, ever.
inline Wire small_header(Encoding encoding = Encoding::ExplicitLittle) {
  Wire wire(encoding);
  wire.element(kSOPClassUID, "UI",
               std::string_view("1.2.840.10008.5.1.4.1.1.20\0\0", 28).substr(0, 26))
      .element(kSOPInstanceUID, "UI", "1.2.3.4.5.6.7.8.")
      .element(kModality, "CS", "NM")
      .element(kPatientName, "PN", "MARKER^ONE")
      .element(kPatientID, "LO", "MARKER");
  return wire;
}

}  // namespace dosigate
