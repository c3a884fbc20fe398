#include "un.h"

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/dicom/walker.h"
#include "items.h"

#include <stdexcept>

namespace dosigate {

namespace {

const DcmTagKey kCarrier(0x0008,
                         0x1140);  // any standard sequence: the parser then knows that items follow

Result<std::unique_ptr<DcmElement>> resolve_sequence(const DcmTagKey& tag, ByteView value,
                                                     ElementShare& elements) {
  Bytes wrapped;
  wrapped.reserve(value.size() + 8);
  const auto put = [&wrapped](std::size_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) wrapped.push_back(static_cast<Byte>(number >> (8 * i)));
  };
  put(kCarrier.getGroup(), 2);
  put(kCarrier.getElement(), 2);
  put(value.size(), 4);
  wrapped.insert(wrapped.end(), value.begin(), value.end());
  const TransferSyntax* implicit = find_transfer_syntax("1.2.840.10008.1.2");
  if (implicit == nullptr) throw std::logic_error("no transfer syntax Implicit VR Little Endian");
  WalkLimits limits;
  limits.elements = elements.left();
  const auto walked = walk_data_set(wrapped, Encoding::ImplicitLittle, limits);
  if (!walked) return walked.error();
  if (const auto taken = elements.take(walked->elements); !taken) return taken.error();
  auto parsed = parse_data_set(wrapped, *implicit);
  if (!parsed) return parsed.error();
  DcmElement* carried = (*parsed)->getElement(0);
  if (carried == nullptr || !is_sequence(*carried)) return std::unique_ptr<DcmElement>();
  auto sequence = std::make_unique<DcmSequenceOfItems>(DcmTag(tag, DcmVR(EVR_SQ)));
  auto& source = static_cast<DcmSequenceOfItems&>(*carried);
  while (source.card() > 0) {
    std::unique_ptr<DcmItem> item(source.remove(0UL));
    if (sequence->append(item.get()).good()) static_cast<void>(item.release());
  }
  return std::unique_ptr<DcmElement>(std::move(sequence));
}

/// A new element; nullptr when the bytes are no value of that VR.
Result<std::unique_ptr<DcmElement>> resolve(DcmElement& element, DcmEVR vr,
                                            ElementShare& elements) {
  const auto bytes = raw_bytes(element);
  if (!bytes || is_unknown_vr(vr)) return std::unique_ptr<DcmElement>();
  if (vr == EVR_SQ) return resolve_sequence(element.getTag(), *bytes, elements);
  return make_element(element.getTag(), vr, *bytes);
}

/// What DCMTK read from UN of undefined length is a sequence already, but would be written as UN
/// again. Items move over.
std::unique_ptr<DcmElement> as_sequence(DcmSequenceOfItems& sequence) {
  auto made = std::make_unique<DcmSequenceOfItems>(DcmTag(sequence.getTag(), DcmVR(EVR_SQ)));
  while (sequence.card() > 0) {
    std::unique_ptr<DcmItem> item(sequence.remove(0UL));
    if (made->append(item.get()).good()) static_cast<void>(item.release());
  }
  return made;
}

/// EVR_UNKNOWN when neither dictionary nor lists know it.
DcmEVR vr_by_meaning(const DcmTagKey& tag, const PrivateCreators& creators, const Rules& rules) {
  if (is_private_creator(tag)) return EVR_LO;
  if (!is_private(tag)) {
    const Ruling* ruling = rules.find(tag_number(tag));
    return ruling == nullptr ? EVR_UNKNOWN : ruling->vr;
  }
  const std::string_view creator = creators.of(tag);
  if (creator.empty()) return EVR_UNKNOWN;
  return rules.private_vr(creator, tag.getGroup(),
                          static_cast<std::uint8_t>(tag.getElement() & 0xFFU));
}

}  // namespace

Result<void> resolve_unknowns(DcmItem& item, const Rules& rules, ElementShare& share,
                              unsigned depth) {
  if (depth > kDeepest)
    return fail(Fault::NotDicom,
                "sequences are nested more than " + std::to_string(kDeepest) + " deep");
  bool any_unknown = false;
  PrivateCreators creators;
  for_each_element(item, [&](DcmElement& element) {
    any_unknown = any_unknown || is_unknown_vr(element.getVR());
    creators.add(element);
  });
  if (any_unknown) {
    Elements elements = take_elements(item);
    for (auto& element : elements) {
      if (!is_unknown_vr(element->getVR())) continue;
      if (is_sequence(*element)) {
        element = as_sequence(static_cast<DcmSequenceOfItems&>(*element));
        continue;
      }
      auto resolved = resolve(*element, vr_by_meaning(element->getTag(), creators, rules), share);
      // A vendor's sequence that does not parse is bytes that nobody understands: it stays UN, and
      // goes.
      if (!resolved && resolved.error().fault == Fault::NotDicom && is_private(element->getTag()))
        continue;
      if (!resolved) {
        const std::string where = tag_text(element->getTag());
        put_elements(item, std::move(elements));
        return fail(resolved.error().fault,
                    "sequence inside UN at " + where + ": " + resolved.error().detail);
      }
      if (*resolved) element = std::move(*resolved);
    }
    put_elements(item, std::move(elements));
  }
  Result<void> done;
  for_each_element(item, [&](DcmElement& element) {
    if (!done || !is_sequence(element)) return;
    for_each_item(static_cast<DcmSequenceOfItems&>(element), [&](DcmItem& inner) {
      if (done) done = resolve_unknowns(inner, rules, share, depth + 1);
    });
  });
  return done;
}

}  // namespace dosigate
