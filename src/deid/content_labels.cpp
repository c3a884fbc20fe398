#include "content_labels.h"

#include <algorithm>
#include <array>

namespace dosigate {

namespace {

struct Label {
  std::uint32_t tag, number;
  std::string_view word;
};
constexpr std::array<Label, 5> kLabels{{{0x30060026U, 0x30060022U, "ROI "},
                                        {0x30060085U, 0x30060084U, "ROI "},
                                        {0x00620005U, 0x00620004U, "Segment "},
                                        {0x006A0005U, 0x0040A180U, "Group "},
                                        {0x300A00C2U, 0x300A00C0U, "Beam "}}};

/// IS and US alike; empty when it is no whole number. 10 digits are all that an IS can count to.
std::string whole_number(DcmElement& element) {
  OFString text;
  if (element.getOFString(text, 0).bad()) return {};
  const std::string_view digits = trimmed({text.data(), text.size()});
  if (digits.size() > 10 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return {};
  return std::string(digits);
}

}  // namespace

std::string label_when_empty(const Elements& siblings, std::uint32_t tag) {
  const auto* label = std::find_if(kLabels.begin(), kLabels.end(),
                                   [&](const Label& known) { return known.tag == tag; });
  if (label == kLabels.end()) return {};
  for (const auto& element : siblings) {
    if (!element || tag_number(element->getTag()) != label->number) continue;
    const std::string number = whole_number(*element);
    return number.empty() ? std::string() : std::string(label->word) + number;
  }
  return {};
}

}  // namespace dosigate
