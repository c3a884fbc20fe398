#include "tracing.h"

#include "dosigate/dicom/data_set.h"
#include "items.h"

#include <algorithm>
#include <array>

namespace dosigate {

namespace {

constexpr std::size_t kShown = 64;

std::string hex(unsigned value, int digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += kDigits[(value >> static_cast<unsigned>(shift)) & 0xFU];
  return out;
}

std::string plain_tag(std::uint32_t tag) {
  return hex(tag >> 16U, 4) + "," + hex(tag & 0xFFFFU, 4);
}

/// Text as it stands; numbers as DCMTK writes them; bytes by their length.
std::string value_of(DcmElement& element) {
  if (is_sequence(element)) return {};
  if (const auto text = raw_text(element)) return std::string(*text);
  if (element.getTag().getGroup() == 0x7FE0 || element.getLength() > 256)
    return std::to_string(element.getLength()) + " bytes";
  OFString text;
  return element.getOFStringArray(text).good() ? std::string(text.data(), text.size())
                                               : std::string();
}

std::string name_of(DcmElement& element) {
  const std::string name = DcmTag(element.getTag()).getTagName();  // the tag owns it
  return name.starts_with("Unknown") ? std::string() : std::string(name);
}

Change change_of(Action action, bool was_sequence, const std::string& before, DcmElement* after) {
  if (after == nullptr) return Change::Removed;
  if (is_sequence(*after)) {
    if (action == Action::Dummy) return Change::Replaced;
    return static_cast<DcmSequenceOfItems*>(after)->card() == 0 && action == Action::Empty
               ? Change::Emptied
               : Change::Entered;
  }
  const std::string now = value_of(*after);
  if (!was_sequence && now == before) return Change::Kept;
  if (now.empty()) return Change::Emptied;
  switch (action) {
    case Action::MapUid:
      return Change::Mapped;
    case Action::ShiftDate:
      return Change::Shifted;
    case Action::Pseudonymise:
      return Change::Pseudonymised;
    case Action::Dummy:
      return Change::Replaced;
    case Action::CleanText:
    case Action::Keep:  // the meaning of a local code
    case Action::Remove:
    case Action::Empty:
      return Change::Cleaned;
  }
  return Change::Replaced;
}

}  // namespace

std::string_view change_text(Change change) {
  constexpr std::array<std::string_view, 10> kTexts{
      "kept",    "removed", "emptied",       "replaced", "mapped",
      "shifted", "cleaned", "pseudonymised", "entered",  "added"};
  return kTexts.at(static_cast<std::size_t>(change));
}

Tracer::Tracer(Trace* trace, DcmElement& element, const Where& where) : trace_(trace) {
  if (trace_ == nullptr) return;
  const DcmTagKey tag = element.getTag();
  TraceLine line;
  for (std::size_t i = 0; i < where.path.size(); ++i)
    line.path += plain_tag(where.path[i]) + "[" + std::to_string(where.item_numbers[i]) + "].";
  if (where.creator.empty()) {
    line.path += plain_tag(tag_number(tag));
    line.name = name_of(element);
  } else {
    // The block is where the creator happens to stand in this file.
    line.path += hex(tag.getGroup(), 4) + ",xx" + hex(tag.getElement() & 0xFFU, 2) + " " +
                 std::string(where.creator);
  }
  line.vr = DcmVR(element.getVR()).getValidVRName();
  was_sequence_ = is_sequence(element);
  before_ = value_of(element);
  line.before = Phi(before_.substr(0, kShown));
  line_ = trace_->size();
  trace_->push_back(std::move(line));
}

void Tracer::finish(Action action, std::string_view source, DcmElement* after) {
  if (trace_ == nullptr) return;
  TraceLine& line = (*trace_)[line_];
  line.action = std::string(action_text(action));
  line.source = std::string(source);
  line.change = change_of(action, was_sequence_, before_, after);
  if (after != nullptr) line.after = Phi(value_of(*after).substr(0, kShown));
}

void trace_removed_content(Trace& trace, DcmSequenceOfItems& sequence, std::string_view source) {
  trace.push_back({plain_tag(tag_number(sequence.getTag())) + "[]",
                   "content item",
                   "SQ",
                   std::string(source),
                   std::string(action_text(Action::Remove)),
                   Change::Removed,
                   {},
                   {}});
}

void trace_added(Trace& trace, DcmItem& data_set, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  if (data_set.findAndGetElement(tag, element).bad()) return;
  trace.push_back({plain_tag(tag_number(tag)),
                   name_of(*element),
                   DcmVR(element->getVR()).getValidVRName(),
                   "PS3.15 E.1.1: marking",
                   "",
                   Change::Added,
                   {},
                   Phi(value_of(*element).substr(0, kShown))});
}

void trace_pixels(Trace& trace, const PassedPixels& pixels) {
  const std::string path = plain_tag(pixels.element.tag);
  const auto behind = std::find_if(trace.begin(), trace.end(), [&](const TraceLine& line) {
    return line.path.substr(0, path.size()) > path;
  });
  const DcmTag tag(static_cast<Uint16>(pixels.element.tag >> 16U),
                   static_cast<Uint16>(pixels.element.tag));
  const std::string size = std::to_string(pixels.length) + " bytes";
  const bool as_bytes = pixels.element.encapsulated || pixels.element.vr[1] == 'B';
  trace.insert(behind, {path, DcmTag(tag).getTagName(), as_bytes ? "OB" : "OW",
                        "pixel data pass as they are", std::string(action_text(Action::Keep)),
                        Change::Kept, Phi(size), Phi(size)});
}

}  // namespace dosigate
