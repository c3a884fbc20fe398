#include "walk.h"

#include "dosigate/dicom/data_set.h"
#include "kept_lists.h"
#include "tracing.h"

#include <unordered_set>

namespace dosigate {

namespace {

bool is_pixel_data(std::uint32_t tag) {
  return tag == 0x7FE00008U || tag == 0x7FE00009U || tag == 0x7FE00010U;
}

/// The VR of the stream speaks when it is the more dangerous one: a name in an LO that should be a
/// CS is still a name.
Action by_declared_vr(Action ruled, DcmEVR listed, DcmEVR declared, const Rules& rules) {
  if (ruled != Action::Keep || declared == listed) return ruled;
  if (is_unknown_vr(declared)) return Action::Remove;
  if (is_free_text_vr(declared))
    return is_free_text_vr(listed) && declared != EVR_PN ? Action::Keep : Action::Empty;
  if (declared == EVR_DA || declared == EVR_DT || declared == EVR_UI) return rules.by_vr(declared);
  return Action::Keep;
}

}  // namespace

Result<void> Walk::clean(DcmItem& data_set) {
  Surroundings top;
  top.types = top_level_types(context_.sop_class);
  return clean_item(data_set, std::move(top));
}

Result<void> Walk::clean_item(DcmItem& item, Surroundings around) {
  if (depth() > kDeepest)
    return fail(Fault::NotDicom,
                "sequences are nested more than " + std::to_string(kDeepest) + " deep");
  Elements elements = take_elements(item);
  around.siblings = &elements;
  for (const auto& element : elements) {
    const std::uint32_t tag = tag_number(element->getTag());
    if (tag == 0x00080005U) around.charset = std::string(raw_text(*element).value_or(""));
    if (tag == 0x00080102U)
      around.standard_code = is_public_scheme(trimmed(raw_text(*element).value_or("")));
    around.creators.add(*element);
  }
  Result<void> done;
  for (auto& element : elements) {
    if (is_private_creator(element->getTag())) continue;
    done = judge(element, around);
    if (!done) break;
  }
  // A creator stays when an element of its block stays, in the block it came in.
  std::unordered_set<std::uint32_t> used;
  for (const auto& element : elements) {
    if (element && is_private(element->getTag()) && !is_private_creator(element->getTag()))
      used.insert(private_block(element->getTag()));
  }
  for (auto& element : elements) {
    if (element && is_private_creator(element->getTag()) &&
        !used.contains(tag_number(element->getTag())))
      element.reset();
  }
  put_elements(item, std::move(elements));
  return done;
}

Result<void> Walk::clean_sequence(DcmElement& sequence, const Surroundings& around) {
  const std::uint32_t tag = tag_number(sequence.getTag());
  const bool holds_content =
      context_.rules.options().clean_structured_content && is_content_sequence(tag);
  path_.push_back(tag);
  item_numbers_.push_back(0);
  Result<void> done;
  for_each_item(static_cast<DcmSequenceOfItems&>(sequence), [&](DcmItem& item) {
    if (!done) return;
    Surroundings inner;
    inner.charset = around.charset;
    inner.types = around.types == nullptr ? nullptr : around.types->inside(tag);
    ContentRuling ruling;
    if (holds_content) {
      ruling = rule_content_item(item, context_.rules.options(), context_.positions_matter);
      inner.content = &ruling;
    }
    done = clean_item(item, std::move(inner));
    ++item_numbers_.back();
  });
  path_.pop_back();
  item_numbers_.pop_back();
  return done;
}

Result<void> Walk::judge(Element& element, const Surroundings& around) {
  const DcmTagKey tag = element->getTag();
  const std::string_view creator = is_private(tag) ? around.creators.of(tag) : std::string_view();
  Decision decision;
  if (depth() > 0 && is_pixel_data(tag_number(tag))) {
    // Pixels below the top level are icons or copies, which no hold and no proof has looked at.
    decision.source = "pixels below the top level";
  } else {
    decision =
        is_private(tag) ? decide_private(*element, creator) : decide_standard(*element, around);
  }
  Tracer tracer(context_.trace, *element, {path_, item_numbers_, creator});
  auto done = apply(decision, element, around);
  if (!element && !creator.empty() && !counts_.removed_creators.contains(creator))
    counts_.removed_creators.emplace(creator);
  tracer.finish(decision.action, decision.source, element.get());
  return done;
}

Walk::Decision Walk::decide_standard(DcmElement& element, const Surroundings& around) {
  const Rules& rules = context_.rules;
  const std::uint32_t tag = tag_number(element.getTag());
  const Ruling* ruling = rules.find(tag, standing());
  if (ruling == nullptr)
    return {Action::Remove, Action::Empty, EVR_UNKNOWN, false, "not in the data dictionary"};
  if (around.content != nullptr && is_content_value(tag) && !ruling->by_rule)
    return decide_content(*ruling, tag, *around.content);
  const AttributeType type =
      around.types == nullptr ? AttributeType::Unknown : around.types->of(tag);
  if (type == AttributeType::Unknown && ruling->depends_on_type()) ++counts_.type_blind;
  Decision decision{ruling->action_for(type), ruling->otherwise_for(type), ruling->vr,
                    ruling->by_rule, rules.source_text(ruling->source_for(type))};
  if (!decision.by_rule && !is_sequence(element))
    decision.action = by_declared_vr(decision.action, ruling->vr, element.getVR(), rules);
  return decision;
}

Walk::Decision Walk::decide_content(const Ruling& ruling, std::uint32_t tag,
                                    const ContentRuling& content) const {
  Decision decision{content_value_action(content, tag), content.otherwise, ruling.vr, false,
                    content.source};
  decision.names_equipment = content.names_equipment;
  // Whose report it is, it says with the pseudonym.
  if (decision.action == Action::Dummy && content.names_subject) {
    decision.action = Action::Pseudonymise;
    decision.names_subject = true;
  }
  return decision;
}

Walk::Decision Walk::decide_private(DcmElement& element, std::string_view creator) const {
  const Rules& rules = context_.rules;
  const DcmTagKey tag = element.getTag();
  Decision decision;
  decision.source = "private, not listed for its creator";
  if (creator.empty()) return decision;
  const auto ruling = rules.find_private(
      creator, tag.getGroup(), static_cast<std::uint8_t>(tag.getElement() & 0xFFU), standing());
  const DcmEVR declared = element.getVR();
  if (!ruling || (is_unknown_vr(declared) && !is_sequence(element))) return decision;
  decision = {ruling->action, ruling->otherwise, ruling->vr, ruling->by_rule,
              rules.source_text(ruling->source)};
  if (is_sequence(element)) {
    const bool is_listed = ruling->vr == EVR_SQ || ruling->vr == EVR_UNKNOWN;
    if (decision.action != Action::Keep || !is_listed) decision.action = Action::Remove;
    return decision;
  }
  if (decision.by_rule) return decision;
  if (decision.action == Action::ShiftDate || declared == EVR_DA || declared == EVR_DT) {
    decision.vr = declared == EVR_DA || ruling->vr == EVR_DA ? EVR_DA : EVR_DT;
    decision.action = rules.shifts_dates()                     ? Action::ShiftDate
                      : rules.options().retain_long_full_dates ? Action::Keep
                                                               : Action::Remove;
  } else if (decision.action == Action::MapUid || declared == EVR_UI) {
    decision.action = rules.options().retain_uids ? Action::Keep : Action::MapUid;
  }
  return decision;
}

Result<void> Walk::apply(const Decision& decision, Element& element, const Surroundings& around) {
  const bool sequence = is_sequence(*element);
  switch (decision.action) {
    case Action::Keep:
    case Action::MapUid:
    case Action::CleanText:
      // For a sequence all three mean: it stays, and each element inside is judged by itself.
      if (sequence) return clean_sequence(*element, around);
      if (decision.action == Action::MapUid)
        map_uid_values(element, decision.names_equipment);
      else if (decision.action == Action::CleanText)
        clean_text(element, decision, around);
      else if (is_private(element->getTag()))
        keep_private(element, decision);
      else
        keep(element, decision, around);
      return {};
    case Action::Remove:
      element.reset();
      return {};
    case Action::Empty:
      element->clear();
      return {};
    case Action::Dummy:
      // A verified report names its verifier (Type 1C): the item stays and each value in it gets
      // the dummy that Table E.1-1 has for it.
      if (sequence && element->getTag() == DCM_VerifyingObserverSequence)
        return clean_sequence(*element, around);
      // What was empty says nothing and stays so: a value is not invented.
      if (sequence || element->getLength() > 0) replace_by_dummy(element, decision.vr);
      return {};
    case Action::ShiftDate:
      shift(element, decision.vr);
      return {};
    case Action::Pseudonymise:
      pseudonymise(element, decision.names_subject);
      return {};
  }
  element.reset();
  return {};
}

void prune_content(DcmItem& data_set, const Options& options, bool positions_matter, Trace* trace) {
  std::vector<DcmTagKey> empty;
  for_each_element(data_set, [&](DcmElement& element) {
    if (!is_sequence(element)) return;
    const std::uint32_t tag = tag_number(element.getTag());
    auto& sequence = static_cast<DcmSequenceOfItems&>(element);
    std::vector<DcmItem*> gone;
    for_each_item(sequence, [&](DcmItem& item) {
      const ContentRuling ruling = is_content_sequence(tag)
                                       ? rule_content_item(item, options, positions_matter)
                                       : ContentRuling{};
      if (!ruling.remove) return prune_content(item, options, positions_matter, trace);
      if (trace != nullptr) trace_removed_content(*trace, sequence, ruling.source);
      gone.push_back(&item);
    });
    for (DcmItem* item : gone) delete sequence.remove(item);
    if (!gone.empty() && sequence.card() == 0 && !may_be_without_items(tag))
      empty.push_back(element.getTag());
  });
  for (const DcmTagKey& tag : empty) data_set.findAndDeleteElement(tag);
}

}  // namespace dosigate
