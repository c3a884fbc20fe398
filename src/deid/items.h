#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "values.h"

namespace dosigate {

using Elements = std::vector<std::unique_ptr<DcmElement>>;

/// Takes every element out of an item, in order. DcmItem removes and inserts one by searching;
/// taken out and put back whole, an item of a million elements costs a million steps and not their
/// square.
Elements take_elements(DcmItem& item);
/// Puts them back; null ones are left out. In ascending order this is a step each.
void put_elements(DcmItem& item, Elements elements);

/// Deeper than the walker lets the wire nest: sequences inside UN start a count of their own.
inline constexpr unsigned kDeepest = 128;

/// Calls `each(item)` for every item of a sequence, in order, in a step each
/// (DcmSequenceOfItems::getItem searches from the front).
template <class Each>
void for_each_item(DcmSequenceOfItems& sequence, Each each) {
  for (DcmObject* item = sequence.nextInContainer(nullptr); item != nullptr;
       item = sequence.nextInContainer(item))
    each(static_cast<DcmItem&>(*item));
}
/// The same for the elements of an item, which may change their values but not come or go.
template <class Each>
void for_each_element(DcmItem& item, Each each) {
  for (DcmObject* element = item.nextInContainer(nullptr); element != nullptr;
       element = item.nextInContainer(element)) {
    each(static_cast<DcmElement&>(*element));
  }
}

/// The elements of one item by tag, for whoever asks for many: DcmItem looks for each from the
/// front. Of a tag that stands twice the first, as there. Good until an element comes or goes.
class ElementsByTag {
 public:
  explicit ElementsByTag(DcmItem& item);
  /// nullptr where it is not.
  DcmElement* find(const DcmTagKey& tag) const;
  /// Of a US with a value, else `otherwise`.
  Uint16 number(const DcmTagKey& tag, Uint16 otherwise) const;

 private:
  std::vector<std::pair<std::uint32_t, DcmElement*>> elements_;  ///< ascending
};

/// Writes a value; throws std::runtime_error when it is none of that VR.
void put_text(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, std::string_view value);
/// A new item at the end of a sequence, which is made when it is not there.
DcmItem& add_item(DcmItem& item, const DcmTagKey& sequence);
struct CodedConcept {
  std::string_view value, scheme, meaning;
};
/// A new item that holds a code.
void add_code(DcmItem& item, const DcmTagKey& sequence, const CodedConcept& code);

/// Which creator reserved which block of which private group, in one item (PS3.5 7.8.1).
class PrivateCreators {
 public:
  void add(DcmElement& element);
  /// Empty when nobody reserved the block.
  std::string_view of(const DcmTagKey& tag) const;

 private:
  std::unordered_map<std::uint32_t, std::string> blocks_;  ///< by group << 16 | block
};
inline bool is_private(const DcmTagKey& tag) { return (tag.getGroup() & 1U) != 0; }
/// group << 16 | block of a private element.
inline std::uint32_t private_block(const DcmTagKey& tag) {
  return (std::uint32_t{tag.getGroup()} << 16U) |
         static_cast<std::uint32_t>(tag.getElement() >> 8U);
}
inline bool is_private_creator(const DcmTagKey& tag) {
  return is_private(tag) && tag.getElement() >= 0x10 && tag.getElement() <= 0xFF;
}

}  // namespace dosigate
