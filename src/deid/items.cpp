#include "items.h"

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
