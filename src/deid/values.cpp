#include "values.h"

#include "dosigate/deid/dates.h"

#include <bit>
#include <cstring>
#include <vector>

namespace dosigate {

static_assert(std::endian::native == std::endian::little,
              "numbers of a little-endian stream are copied as they are");

namespace {

/// Copies an array of numbers out of the stream's bytes; false when the length does not fit.
template <class Number, class Put>
bool put_numbers(ByteView bytes, Put put) {
  if (bytes.size() % sizeof(Number) != 0) return false;
  std::vector<Number> values(bytes.size() / sizeof(Number));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return put(values.data(), static_cast<unsigned long>(values.size())).good();
}

bool put_value(DcmElement& element, DcmEVR vr, ByteView bytes) {
  switch (vr) {
    case EVR_US:
      return put_numbers<Uint16>(bytes,
                                 [&](auto* v, auto n) { return element.putUint16Array(v, n); });
    case EVR_SS:
      return put_numbers<Sint16>(bytes,
                                 [&](auto* v, auto n) { return element.putSint16Array(v, n); });
    case EVR_UL:
      return put_numbers<Uint32>(bytes,
                                 [&](auto* v, auto n) { return element.putUint32Array(v, n); });
    case EVR_OL:
      return put_numbers<Uint32>(bytes,
                                 [&](auto* v, auto n) { return element.putUint32Array(v, n); });
    case EVR_SL:
      return put_numbers<Sint32>(bytes,
                                 [&](auto* v, auto n) { return element.putSint32Array(v, n); });
    case EVR_FL:
    case EVR_OF:
      return put_numbers<Float32>(bytes,
                                  [&](auto* v, auto n) { return element.putFloat32Array(v, n); });
    case EVR_FD:
    case EVR_OD:
      return put_numbers<Float64>(bytes,
                                  [&](auto* v, auto n) { return element.putFloat64Array(v, n); });
    case EVR_OW:
      return put_numbers<Uint16>(bytes,
                                 [&](auto* v, auto n) { return element.putUint16Array(v, n); });
    case EVR_AT: {
      if (bytes.size() % 4 != 0) return false;
      std::vector<Uint16> words(bytes.size() / 2);
      if (!words.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
      return element.putUint16Array(words.data(), static_cast<unsigned long>(words.size() / 2))
          .good();
    }
    case EVR_OB:
      return element.putUint8Array(bytes.data(), static_cast<unsigned long>(bytes.size())).good();
    default:
      return set_text(element, trimmed(as_text(bytes)));
  }
}

}  // namespace

namespace {

template <class Fits>
bool all_values(std::string_view values, Fits fits) {
  bool all = true;
  for_each_value(values, [&](std::string_view value) { all = all && fits(trimmed(value)); });
  return all;
}

/// One number, with a comma as some devices write it; "123.456.789-09" and "03-05-1961" are none.
bool is_number(std::string_view value) {
  std::size_t at = 0;
  const auto sign = [&] {
    if (at < value.size() && (value[at] == '+' || value[at] == '-')) ++at;
  };
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < value.size() && value[at] >= '0' && value[at] <= '9') ++at;
    return at - begin;
  };
  if (value.empty()) return true;
  sign();
  std::size_t count = digits();
  if (at < value.size() && (value[at] == '.' || value[at] == ',')) {
    ++at;
    count += digits();
  }
  if (count == 0) return false;
  if (at < value.size() && (value[at] == 'e' || value[at] == 'E')) {
    ++at;
    sign();
    if (digits() == 0) return false;
  }
  return at == value.size();
}

}  // namespace

std::optional<std::string_view> raw_text(DcmElement& element) {
  if (!element.isaString()) return std::nullopt;
  char* text = nullptr;
  Uint32 length = 0;
  if (element.getString(text, length).bad()) return std::nullopt;
  if (text == nullptr) return std::string_view();
  std::string_view value(text, length);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.remove_suffix(1);
  return value;
}

std::optional<ByteView> raw_bytes(DcmElement& element) {
  const DcmEVR kind = element.ident();
  if (kind != EVR_OB && kind != EVR_UN && kind != EVR_UNKNOWN && kind != EVR_UNKNOWN2B)
    return std::nullopt;
  Uint8* bytes = nullptr;
  if (element.getUint8Array(bytes).bad() || bytes == nullptr) return ByteView();
  return ByteView(bytes, element.getLengthField());
}

std::optional<ByteView> value_bytes(DcmElement& element) {
  if (const auto text = raw_text(element)) return as_bytes(*text);
  if (const auto bytes = raw_bytes(element)) return bytes;
  const auto view = [&](auto* numbers, const OFCondition& got) -> std::optional<ByteView> {
    if (got.bad()) return std::nullopt;
    return numbers == nullptr
               ? ByteView()
               : ByteView(reinterpret_cast<const Byte*>(numbers), element.getLengthField());
  };
  Uint16* u16 = nullptr;
  Sint16* s16 = nullptr;
  Uint32* u32 = nullptr;
  Sint32* s32 = nullptr;
  Uint64* u64 = nullptr;
  Sint64* s64 = nullptr;
  Float32* f32 = nullptr;
  Float64* f64 = nullptr;
  switch (element.ident()) {
    case EVR_OverlayData:
    case EVR_PixelData:
      if (element.getVR() != EVR_OW) {
        Uint8* u8 = nullptr;
        const auto got = element.getUint8Array(u8);
        return view(u8, got);
      }
      [[fallthrough]];
    case EVR_US:
    case EVR_OW:
    case EVR_AT:
    case EVR_xs:
    case EVR_ox:
    case EVR_lt: {
      const auto got = element.getUint16Array(u16);
      return view(u16, got);
    }
    case EVR_SS: {
      const auto got = element.getSint16Array(s16);
      return view(s16, got);
    }
    case EVR_UL:
    case EVR_OL:
    case EVR_up: {
      const auto got = element.getUint32Array(u32);
      return view(u32, got);
    }
    case EVR_SL: {
      const auto got = element.getSint32Array(s32);
      return view(s32, got);
    }
    case EVR_UV:
    case EVR_OV: {
      const auto got = element.getUint64Array(u64);
      return view(u64, got);
    }
    case EVR_SV: {
      const auto got = element.getSint64Array(s64);
      return view(s64, got);
    }
    case EVR_FL:
    case EVR_OF: {
      const auto got = element.getFloat32Array(f32);
      return view(f32, got);
    }
    case EVR_FD:
    case EVR_OD: {
      const auto got = element.getFloat64Array(f64);
      return view(f64, got);
    }
    default:
      return std::nullopt;
  }
}

bool set_text(DcmElement& element, std::string_view value) {
  return element.isaString() &&
         element.putString(value.data(), static_cast<Uint32>(value.size())).good();
}

std::unique_ptr<DcmElement> make_element(const DcmTagKey& tag, DcmEVR vr, ByteView little_endian) {
  DcmElement* made = nullptr;
  if (DcmItem::newDicomElementWithVR(made, DcmTag(tag, DcmVR(vr))).bad() || made == nullptr)
    return nullptr;
  std::unique_ptr<DcmElement> element(made);
  if (!little_endian.empty() && !put_value(*element, vr, little_endian)) return nullptr;
  return element;
}

std::unique_ptr<DcmElement> make_dummy(const DcmTagKey& tag, DcmEVR vr) {
  static constexpr std::array<Byte, 8> kZero{};
  const ByteView zero(kZero);
  switch (vr) {
    case EVR_DA:
      return make_element(tag, vr, kDummyDate);
    case EVR_DT:
      return make_element(tag, vr, kDummyDateTime);
    case EVR_TM:
      return make_element(tag, vr, std::string_view("000000"));
    case EVR_AS:
      return make_element(tag, vr, std::string_view("000Y"));
    case EVR_DS:
    case EVR_IS:
      return make_element(tag, vr, std::string_view("0"));
    case EVR_UR:
      return make_element(tag, vr, std::string_view("urn:removed"));
    case EVR_AE:
    case EVR_CS:
    case EVR_LO:
    case EVR_LT:
    case EVR_SH:
    case EVR_ST:
    case EVR_UC:
    case EVR_UT:
    case EVR_PN:
      return make_element(tag, vr, std::string_view("REMOVED"));
    case EVR_US:
    case EVR_SS:
    case EVR_OB:
    case EVR_OW:
      return make_element(tag, vr, zero.first(2));
    case EVR_UL:
    case EVR_SL:
    case EVR_FL:
    case EVR_OF:
    case EVR_OL:
      return make_element(tag, vr, zero.first(4));
    case EVR_FD:
    case EVR_OD:
      return make_element(tag, vr, zero);
    default:
      return nullptr;
  }
}

bool is_age_text(std::string_view value) {
  const auto only = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
  };
  return value.empty() || (value.size() == 4 && only(value.substr(0, 3), "0123456789") &&
                           only(value.substr(3), "DWMY"));
}

bool is_number_text(std::string_view values) { return all_values(values, is_number); }

bool is_uid_text(std::string_view values) {
  return all_values(values, [](std::string_view value) {
    return value.size() <= 64 && value.find_first_not_of("0123456789.") == std::string_view::npos;
  });
}

bool fits_vr(DcmEVR vr, std::string_view values) {
  using std::chrono::days;
  switch (vr) {
    case EVR_DS:
    case EVR_IS:
      return is_number_text(values);
    case EVR_TM:
      return all_values(values, is_time);
    case EVR_AS:
      return all_values(values, is_age_text);
    case EVR_DA:
      return all_values(values, [](auto value) { return bool(shift_date(value, days(0))); });
    case EVR_DT:
      return all_values(values, [](auto value) { return bool(shift_date_time(value, days(0))); });
    case EVR_UI:
      return is_uid_text(values);
    default:
      return true;
  }
}

bool is_string_vr(DcmEVR vr) {
  switch (vr) {
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DS:
    case EVR_DT:
    case EVR_IS:
    case EVR_TM:
    case EVR_UI:
      return true;
    default:
      return is_free_text_vr(vr);
  }
}

bool is_text_vr(DcmEVR vr) {
  switch (vr) {
    case EVR_LO:
    case EVR_LT:
    case EVR_ST:
    case EVR_UT:
    case EVR_SH:
    case EVR_UC:
    case EVR_PN:
      return true;
    default:
      return false;
  }
}

bool is_free_text_vr(DcmEVR vr) { return is_text_vr(vr) || vr == EVR_AE || vr == EVR_UR; }

bool is_unknown_vr(DcmEVR vr) { return vr == EVR_UN || vr == EVR_UNKNOWN || vr == EVR_UNKNOWN2B; }

}  // namespace dosigate
