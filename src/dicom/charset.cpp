#include "dosigate/dicom/charset.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcspchrs.h>
#include <utf8proc.h>

#include "dosigate/base/bytes.h"
#include "trim.h"

namespace dosigate {
namespace {

bool is_seven_bit(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0x80U) != 0 || c == '\x1b';
  });
}

std::string_view first_value(std::string_view specific) {
  return without_padding(specific.substr(0, specific.find('\\')));
}

/// In JIS X 0201 5C is a yen sign and 7E an overline.
bool is_yen(std::string_view bytes, std::string_view specific) {
  const std::string_view first = first_value(specific);
  return (first == "ISO_IR 13" || first == "ISO 2022 IR 13") &&
         bytes.find_first_of("\\~") != std::string_view::npos;
}

/// "" and "ISO_IR 6" mean ASCII.
bool is_plain_ascii(std::string_view specific) {
  const std::string_view only = without_padding(specific);
  return only.empty() || only == "ISO_IR 6" || only == "ISO 2022 IR 6";
}

bool is_utf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data());
  auto left = static_cast<utf8proc_ssize_t>(bytes.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const auto used = utf8proc_iterate(at, left, &code_point);
    if (used <= 0) return false;
    at += used;
    left -= used;
  }
  return true;
}

/// Opening a converter costs more than using it, so each thread keeps those it has met. nullptr:
/// does not convert. A peer names the set, so the number kept is bounded.
DcmSpecificCharacterSet* converter_for(std::string_view specific) {
  constexpr std::size_t kKept = 32;
  thread_local std::map<std::string, std::unique_ptr<DcmSpecificCharacterSet>, std::less<>> kept;
  auto at = kept.find(specific);
  if (at == kept.end()) {
    if (kept.size() >= kKept) kept.clear();
    auto made = std::make_unique<DcmSpecificCharacterSet>();
    if (made->selectCharacterSet(OFString(specific.data(), specific.size()), "ISO_IR 192").bad())
      made.reset();
    at = kept.emplace(std::string(specific), std::move(made)).first;
  }
  return at->second.get();
}

Error not_converted(const char* why) {
  return fail(Fault::Uncertain, std::string("text in its (0008,0005) ") + why);
}

}  // namespace

std::string_view standard_charset(std::string_view specific) {
  static constexpr std::array<std::string_view, 12> kSets{
      "ISO_IR 13",  "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126",
      "ISO_IR 127", "ISO_IR 138", "ISO_IR 144", "ISO_IR 148", "ISO_IR 166", "ISO_IR 192"};
  std::string_view number;
  for (const std::string_view start : {"ISO 2022 IR ", "ISO-IR "}) {
    if (specific.starts_with(start)) number = specific.substr(start.size());
  }
  if (number.empty() || specific == "ISO 2022 IR 192") return specific;
  const auto* set = std::find_if(kSets.begin(), kSets.end(), [&](std::string_view known) {
    return known.substr(std::string_view("ISO_IR ").size()) == number;
  });
  return set == kSets.end() ? specific : *set;
}

Result<std::string> decode_text(std::string_view bytes, std::string_view specific,
                                std::string_view fallback) {
  std::string_view effective = without_padding(specific);
  if (effective.empty()) effective = without_padding(fallback);
  const std::string_view declared = effective;
  effective = standard_charset(declared);

  // Every set of PS3.3 C.12.1.1.2 begins as ASCII, and so does a misspelt one: only what is not
  // ASCII needs a set that is known.
  if (is_seven_bit(bytes) && !is_yen(bytes, effective)) return std::string(bytes);
  if (effective != declared && bytes.find('\x1b') != std::string_view::npos)
    return not_converted("switches to a set that is not declared");
  if (is_plain_ascii(effective)) return not_converted("is not ASCII, and no other set is declared");
  if (effective == "ISO_IR 192") {
    if (!is_utf8(bytes)) return not_converted("is not valid UTF-8");
    return std::string(bytes);
  }

  DcmSpecificCharacterSet* converter = converter_for(effective);
  if (converter == nullptr) return not_converted("cannot be converted: the set is unknown here");
  OFString out;
  // The characters after which the initial set is active again (PS3.5 6.1.2.5.3); '^' and '=' hold
  // for PN only, but a value of another VR that switches sets between two of its '^' has not been
  // seen.
  if (converter->convertString(bytes.data(), bytes.size(), out, "\\^=").bad())
    return not_converted("is not valid in that set");
  std::string text(out.data(), out.size());
  if (!is_utf8(text)) return not_converted("does not convert to valid UTF-8");
  return text;
}

bool is_convertible_charset(std::string_view specific) {
  const std::string_view wanted = standard_charset(without_padding(specific));
  return is_plain_ascii(wanted) || wanted == "ISO_IR 192" || converter_for(wanted) != nullptr;
}

}  // namespace dosigate
