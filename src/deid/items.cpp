#include "items.h"

#include "dosigate/dicom/data_set.h"

#include <algorithm>
#include <stdexcept>

namespace dosigate {

Elements take_elements(DcmItem& item) {
  Elements out;
  out.reserve(item.card());
  while (item.card() > 0) out.emplace_back(item.remove(0UL));
  return out;
}

void put_elements(DcmItem& item, Elements elements) {
  for (auto& element : elements) {
    // A tag that stands twice in one item is refused here and stays ours, and goes.
    if (element && item.insert(element.get(), OFFalse).good()) static_cast<void>(element.release());
  }
}

ElementsByTag::ElementsByTag(DcmItem& item) {
  elements_.reserve(item.card());
  for_each_element(item, [&](DcmElement& element) {
    elements_.emplace_back(tag_number(element.getTag()), &element);
  });
  const auto by_tag = [](const auto& a, const auto& b) { return a.first < b.first; };
  // As a rule they are in order.
  if (!std::is_sorted(elements_.begin(), elements_.end(), by_tag))
    std::stable_sort(elements_.begin(), elements_.end(), by_tag);
}

DcmElement* ElementsByTag::find(const DcmTagKey& tag) const {
  const std::uint32_t wanted = tag_number(tag);
  const auto found =
      std::partition_point(elements_.begin(), elements_.end(),
                           [&](const auto& element) { return element.first < wanted; });
  return found == elements_.end() || found->first != wanted ? nullptr : found->second;
}

Uint16 ElementsByTag::number(const DcmTagKey& tag, Uint16 otherwise) const {
  DcmElement* element = find(tag);
  Uint16 value = otherwise;
  return element != nullptr && element->getUint16(value).good() ? value : otherwise;
}

void put_text(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, std::string_view value) {
  auto element = make_element(tag, vr, value);
  if (!element || item.insert(element.get(), OFTrue).bad())
    throw std::runtime_error(tag_text(tag) + " cannot be written");
  static_cast<void>(element.release());
}

DcmItem& add_item(DcmItem& item, const DcmTagKey& sequence) {
  constexpr long kAtTheEnd = -2;
  DcmItem* added = nullptr;
  if (item.findOrCreateSequenceItem(DcmTag(sequence, DcmVR(EVR_SQ)), added, kAtTheEnd).bad() ||
      added == nullptr)
    throw std::runtime_error("an item of " + tag_text(sequence) + " cannot be written");
  return *added;
}

void add_code(DcmItem& item, const DcmTagKey& sequence, const CodedConcept& code) {
  DcmItem& coded = add_item(item, sequence);
  put_text(coded, DCM_CodeValue, EVR_SH, code.value);
  put_text(coded, DCM_CodingSchemeDesignator, EVR_SH, code.scheme);
  put_text(coded, DCM_CodeMeaning, EVR_LO, code.meaning);
}

void PrivateCreators::add(DcmElement& element) {
  const DcmTagKey tag = element.getTag();
  if (!is_private_creator(tag)) return;
  std::string_view creator;
  if (const auto text = raw_text(element))
    creator = *text;
  else if (const auto bytes = raw_bytes(element))
    creator = as_text(*bytes);  // sent as UN
  creator = trimmed(creator);
  if (!creator.empty()) blocks_.emplace(tag_number(tag), creator);
}

std::string_view PrivateCreators::of(const DcmTagKey& tag) const {
  const auto found = blocks_.find(private_block(tag));
  return found == blocks_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace dosigate
