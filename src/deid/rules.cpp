#include "rules.h"

#include "content_graphics.h"
#include "dosigate/dicom/private_vr.h"
#include "kept_lists.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>

namespace dosigate {

namespace {

bool is_date(std::string_view vr) { return vr == "DA" || vr == "DT"; }

/// The Basic Profile's action. A compound code is decided by the attribute's Type in its IOD
/// (PS3.15 Table E.1-1a: "X unless Z or D is required to maintain IOD conformance"). Where the Type
/// is not known, the one is chosen that is valid for every Type the code allows and says nothing:
///   D, X/D, Z/D, X/Z/D   a dummy value is valid for Types 1, 2 and 3
///   X/Z                  an empty value is valid for Types 2 and 3
///   X/Z/U*               UIDs are mapped and the references stay, whatever the Type
/// For sequences X wins where it is offered: the attribute is Type 3 or conditional in all the IODs
/// that have such a code, and a dummy item would be a false statement. A person's name is emptied,
/// never replaced by an invented one, unless D is all that is valid.
Action basic_action(const TableRow& row, AttributeType type) {
  const std::string& code = row.basic;
  if (code == "X") return Action::Remove;
  if (code == "Z") return Action::Empty;
  if (code == "U" || code == "X/Z/U*") return Action::MapUid;
  if (code != "D" && code != "X/Z" && code != "X/D" && code != "Z/D" && code != "X/Z/D") {
    throw std::runtime_error("conf/ps315/table_e1_1.tsv: unknown action code " + code + " at " +
                             row.tag);
  }
  if (row.vr == "UI") return Action::MapUid;  // D for a UID is another UID
  if (code == "D") return Action::Dummy;
  const bool may_go = code.starts_with('X'), may_be_empty = code.find('Z') != std::string::npos,
             has_dummy = code.ends_with('D');
  switch (type) {
    case AttributeType::Three:
      return may_go ? Action::Remove : Action::Empty;
    case AttributeType::Two:
      return may_be_empty ? Action::Empty : Action::Dummy;
    case AttributeType::One:
      // A sequence of Type 1 that may go is one of 1C.
      if (row.vr == "SQ") return may_go ? Action::Remove : Action::Empty;
      return has_dummy ? Action::Dummy : Action::Empty;
    case AttributeType::Unknown:
      break;
  }
  // Referenced Study Sequence needs one item or more where it stands, and is Type 3 everywhere;
  // the other sequence with X/Z (Acquisition Context) is Type 2 and may be empty.
  if (row.tag == "0008,1110") return Action::Remove;
  if (code == "X/Z") return Action::Empty;
  if (row.vr == "SQ") return may_go ? Action::Remove : Action::Empty;
  return row.vr == "PN" ? Action::Empty : Action::Dummy;
}

/// PS3.15 Table E.1-1a: "C" asks for a cleaner. Text has one, a sequence is entered; what is
/// neither keeps the basic action.
bool can_be_cleaned(const TableRow& row) {
  constexpr std::array<std::string_view, 8> kText{"LO", "LT", "ST", "UT", "SH", "UC", "CS", "AE"};
  return row.vr == "SQ" || std::find(kText.begin(), kText.end(), row.vr) != kText.end();
}

/// The dictionary's ambiguous VRs, resolved to what a UN value can be read as.
DcmEVR plain_vr(DcmEVR vr) {
  switch (vr) {
    case EVR_ox:
    case EVR_px:
    case EVR_lt:
      return EVR_OW;
    case EVR_xs:
      return EVR_US;
    case EVR_up:
      return EVR_UL;
    default:
      return vr;
  }
}

Action by_plain_vr(DcmEVR vr, const Options& options) {
  switch (vr) {
    case EVR_PN:
      return Action::Empty;
    case EVR_DA:
    case EVR_DT:
      if (options.retain_long_full_dates) return Action::Keep;
      return options.retain_long_modified_dates ? Action::ShiftDate : Action::Empty;
    case EVR_UI:
      return options.retain_uids ? Action::Keep : Action::MapUid;
    case EVR_LO:
    case EVR_LT:
    case EVR_ST:
    case EVR_UT:
    case EVR_SH:
    case EVR_UC:
      if (options.clean_descriptors) return Action::CleanText;
      [[fallthrough]];
    case EVR_UR:
    case EVR_AE:
      return Action::Dummy;  // free text is where identity hides; a dummy is valid for every Type
    case EVR_AS:
    case EVR_AT:
    case EVR_CS:
    case EVR_DS:
    case EVR_IS:
    case EVR_TM:
    case EVR_FL:
    case EVR_FD:
    case EVR_SL:
    case EVR_SS:
    case EVR_SV:
    case EVR_UL:
    case EVR_US:
    case EVR_UV:
    case EVR_OB:
    case EVR_OD:
    case EVR_OF:
    case EVR_OL:
    case EVR_OV:
    case EVR_OW:
    case EVR_SQ:
    case EVR_pixelSQ:
    case EVR_PixelData:
    case EVR_OverlayData:
      return Action::Keep;
    default:
      return Action::Remove;  // UN that nothing could resolve
  }
}

}  // namespace

namespace {

/// An option of PS3.15 E.3 that decides a row, and what it says.
struct ByOption {
  Action action;
  std::string_view option;  ///< empty: no option does, and the action is the basic one
};

ByOption decide_row(const TableRow& row, const Options& options, AttributeType type) {
  const Action basic = basic_action(row, type);
  const bool is_temporal = is_date(row.vr) || row.vr == "TM";
  if (!row.full_dates.empty() && options.retain_long_full_dates)
    return {Action::Keep, "PS3.15 E.3.6 Retain Full Dates"};
  if (!row.modified_dates.empty() && options.retain_long_modified_dates) {
    // A date hidden in bytes or text cannot be moved with certainty.
    if (!is_temporal) return {basic, {}};
    return {row.vr == "TM" ? Action::Keep : Action::ShiftDate,
            "PS3.15 E.3.6 Retain Modified Dates"};
  }
  if (row.uids == "K" && options.retain_uids) return {Action::Keep, "PS3.15 E.3.9 Retain UIDs"};
  struct Column {
    bool on;
    const std::string& cell;
    std::string_view text;
  };
  const std::array<Column, 5> columns{
      {{options.retain_device_identity, row.device, "PS3.15 E.3.8 Retain Device Identity"},
       {options.retain_institution_identity, row.institution,
        "PS3.15 E.3.11 Retain Institution Identity"},
       {options.retain_patient_characteristics, row.characteristics,
        "PS3.15 E.3.7 Retain Patient Characteristics"},
       {options.clean_descriptors, row.descriptors, "PS3.15 E.3.5 Clean Descriptors"},
       {options.clean_structured_content, row.structured,
        "PS3.15 E.3.4 Clean Structured Content"}}};
  ByOption out{basic, {}};
  for (const Column& column : columns) {
    if (column.on && column.cell == "K") return {Action::Keep, column.text};
    if (column.on && column.cell == "C" && can_be_cleaned(row))
      out = {Action::CleanText, column.text};
  }
  return out;
}

std::string source_of(const TableRow& row, std::string_view option, AttributeType type) {
  if (!option.empty()) return std::string(option) + " (basic: " + row.basic + ")";
  std::string out = "PS3.15 Table E.1-1: " + row.basic;
  if (row.basic.find('/') == std::string::npos || row.vr == "UI") return out;
  if (type == AttributeType::Unknown) return out + ", Type not known";
  return out + ", Type " + std::to_string(static_cast<int>(type)) + " here";
}

}  // namespace

Rules::Rules(Profile profile) : profile_(std::move(profile)) {
  // Every attribute of the dictionary by its VR; then the table over that; then the profile's own
  // rules over all.
  add_dictionary();
  add_table();
  if (shifts_dates()) add_dates_that_others_know();
  add_own_rules();
  const std::uint16_t gone = source("gone in every profile");
  for (const std::uint32_t tag : kAlwaysGone) {
    rulings_[tag].action = Ruling::always(Action::Remove);
    rulings_[tag].source.fill(gone);
  }
  // Whose instance it is: the same in every profile, at every depth.
  const std::uint16_t ours = source("the pseudonym map");
  for (const std::uint32_t tag : {0x00100010U, 0x00100020U}) {
    rulings_[tag].action = Ruling::always(Action::Pseudonymise);
    rulings_[tag].source.fill(ours);
  }
}

std::uint16_t Rules::source(std::string text) {
  sources_.push_back(std::move(text));
  return static_cast<std::uint16_t>(sources_.size() - 1);
}

void Rules::add_dictionary() {
  const std::uint16_t listed = source("conf/deid/plain_text.tsv"),
                      by_value_representation = source("by its VR: in no table"),
                      graphics = source("PS3.15 E.3.3 Clean Graphics");
  DcmDataDictionary& dictionary =
      dcmDataDict.wrlock();  // its iterators want it writable; nothing is written
  for (auto entry = dictionary.normalBegin(); entry != dictionary.normalEnd(); ++entry) {
    if ((*entry)->getPrivateCreator() != nullptr || (*entry)->getGroup() % 2 != 0) continue;
    const std::uint32_t tag = tag_number((*entry)->getKey());
    const DcmEVR vr = plain_vr((*entry)->getEVR());
    // Group lengths are never written; groups 0000 to 0006 belong to commands, file meta and
    // directories and stand in no data set.
    if ((tag & 0xFFFFU) == 0 || (tag >> 16U) < 8) continue;
    Ruling& ruling = rulings_[tag];
    ruling.vr = vr;
    ruling.source.fill(by_value_representation);
    ruling.action = Ruling::always(by_plain_vr(vr, options()));
    ruling.otherwise = Ruling::always(Action::Dummy);
    if (plain_text_class(tag)) {
      ruling.action = Ruling::always(Action::Keep);
      ruling.source.fill(listed);
    }
    if (const auto action = graphics_action(tag); action && options().clean_graphics) {
      ruling.action = Ruling::always(*action);
      ruling.source.fill(graphics);
    }
  }
  dcmDataDict.wrunlock();
  if (rulings_.size() < 3000)
    throw std::runtime_error(
        "the DICOM data dictionary is not loaded: set DCMDICTPATH or install dcmtk's dicom.dic");
}

void Rules::add_table() {
  safe_private_source_ = source("list of private elements (PS3.15 E.3.10)");
  std::vector<std::pair<TagMatch, Ruling>> masked;
  for (const TableRow& row : confidentiality_table()) {
    TagMatch tag;
    if (row.tag == "gggg,eeee:odd") continue;  // private elements: kept_lists.h
    if (!parse_tag_pattern(row.tag, tag))
      throw std::runtime_error("conf/ps315/table_e1_1.tsv: bad tag " + row.tag);
    Ruling ruling;
    for (const AttributeType type :
         {AttributeType::Unknown, AttributeType::One, AttributeType::Two, AttributeType::Three}) {
      const auto index = static_cast<std::size_t>(type);
      const ByOption decided = decide_row(row, options(), type);
      ruling.action[index] = decided.action;
      ruling.otherwise[index] = basic_action(row, type);
      ruling.source[index] = source(source_of(row, decided.option, type));
    }
    if (!tag.exact()) {
      masked.emplace_back(tag, ruling);
      continue;
    }
    if ((tag.value >> 16U) < 8) continue;
    if (const auto action = graphics_action(tag.value); action && options().clean_graphics)
      continue;
    Ruling& known = rulings_[tag.value];
    // The standard may be newer than the installed dictionary.
    ruling.vr = known.vr != EVR_UNKNOWN || row.vr.empty()
                    ? known.vr
                    : DcmVR(row.vr.substr(0, 2).c_str()).getEVR();
    known = ruling;
  }
  for (auto& [tag, ruling] : rulings_) {
    for (const auto& [pattern, from_table] : masked) {
      if (!pattern.matches(tag)) continue;
      const DcmEVR vr = ruling.vr;
      ruling = from_table;
      ruling.vr = vr;
    }
  }
}

/// Published, printed or the same for many patients: moved, each would give the patient's offset to
/// whoever knows it. Versions of public vocabularies and of templates, when a machine was made and
/// set up, until when a product lasts.
void Rules::add_dates_that_others_know() {
  struct Known {
    std::uint32_t tag;
    Action action;
  };
  constexpr std::array<Known, 7> kKnown{{{0x00080106U, Action::Dummy},     // Context Group Version
                                         {0x00080107U, Action::Dummy},     // and the local one
                                         {0x0040DB06U, Action::Remove},    // Template Version
                                         {0x0040DB07U, Action::Remove},    // and the local one
                                         {0x00181204U, Action::Remove},    // Date of Manufacture
                                         {0x00181205U, Action::Remove},    // Date of Installation
                                         {0x0044000BU, Action::Remove}}};  // Product Expiration
  const std::uint16_t known_date = source("a date that others know: moved, it tells the offset");
  for (const Known& known : kKnown) {
    Ruling& ruling = rulings_[known.tag];
    ruling.action = Ruling::always(known.action);
    ruling.source.fill(known_date);
  }
}

void Rules::add_own_rules() {
  const auto& rules = profile_.rules();
  std::vector<std::uint16_t> sources;
  for (const ProfileRule& rule : rules)
    sources.push_back(source(rule.line == 0 ? "a calibration of the camera: patients have it, moved"
                                            : "profile " + profile_.name() + " line " +
                                                  std::to_string(rule.line)));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].creator.empty()) private_rules_.emplace_back(i, sources[i]);
  }
  for (auto& [tag, ruling] : rulings_) {
    if (is_decided_by_us(tag)) continue;  // a rule by VR names no tag
    const Ruling from_table = ruling;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const ProfileRule& rule = rules[i];
      if (!rule.creator.empty() || !rule.tag.matches(tag)) continue;
      if (!rule.vr.empty() && DcmVR(rule.vr.c_str()).getEVR() != from_table.vr) continue;
      Ruling own;
      own.action = Ruling::always(rule.action);
      own.otherwise = Ruling::always(rule.otherwise);
      own.vr = from_table.vr;
      own.by_rule = true;
      own.source.fill(sources[i]);
      if (rule.inside.empty() && rule.sop_class.empty()) {
        own.has_conditions = ruling.has_conditions;
        ruling = own;
        break;  // it always matches: what stands below it never decides
      }
      conditional_[tag].push_back({i, own});
      ruling.has_conditions = true;
    }
  }
}

namespace {

/// The innermost sequences are those that the rule names, in its order.
bool stands_there(const ProfileRule& rule, const Standing& standing) {
  if (!rule.sop_class.empty() && rule.sop_class != standing.sop_class) return false;
  if (rule.inside.size() > standing.inside.size()) return false;
  const auto innermost = standing.inside.last(rule.inside.size());
  for (std::size_t i = 0; i < rule.inside.size(); ++i) {
    if (!rule.inside[i].matches(innermost[i])) return false;
  }
  return true;
}

bool names_element(const ProfileRule& rule, std::string_view creator, std::uint16_t group,
                   std::uint8_t element) {
  return rule.creator == creator &&
         rule.tag.matches((std::uint32_t{group} << 16U) | std::uint32_t{element});
}

}  // namespace

const Ruling* Rules::find(std::uint32_t tag) const {
  const auto found = rulings_.find(tag);
  return found == rulings_.end() ? nullptr : &found->second;
}

const Ruling* Rules::find(std::uint32_t tag, const Standing& standing) const {
  const Ruling* ruling = find(tag);
  if (ruling == nullptr || !ruling->has_conditions) return ruling;
  for (const Conditional& each : conditional_.at(tag)) {
    if (stands_there(profile_.rules()[each.rule], standing)) return &each.ruling;
  }
  return ruling;
}

std::optional<PrivateRuling> Rules::find_private(std::string_view creator, std::uint16_t group,
                                                 std::uint8_t element,
                                                 const Standing& standing) const {
  for (const auto& [index, source] : private_rules_) {
    const ProfileRule& rule = profile_.rules()[index];
    if (!names_element(rule, creator, group, element) || !stands_there(rule, standing)) continue;
    return PrivateRuling{rule.action, rule.otherwise,
                         rule.vr.empty() ? EVR_UNKNOWN : DcmVR(rule.vr.c_str()).getEVR(), true,
                         source};
  }
  if (!options().retain_safe_private) return std::nullopt;
  const PrivateRule* listed = find_private_rule(creator, group, element);
  if (listed == nullptr) return std::nullopt;
  Action action = Action::Keep;
  if (listed->action == PrivateAction::Shift) action = Action::ShiftDate;
  if (listed->action == PrivateAction::MapUid) action = Action::MapUid;
  if (listed->action == PrivateAction::Clean) action = Action::CleanText;
  return PrivateRuling{action, Action::Empty, listed->vr, false, safe_private_source_};
}

DcmEVR Rules::private_vr(std::string_view creator, std::uint16_t group,
                         std::uint8_t element) const {
  for (const auto& [index, source] : private_rules_) {
    const ProfileRule& rule = profile_.rules()[index];
    if (names_element(rule, creator, group, element) && !rule.vr.empty())
      return DcmVR(rule.vr.c_str()).getEVR();
  }
  const PrivateRule* listed = find_private_rule(creator, group, element);
  if (listed == nullptr) return EVR_UNKNOWN;  // it will be removed, whatever it is
  if (listed->vr != EVR_UNKNOWN) return listed->vr;
  const PrivateElement* known = find_private_element(creator, group, element);
  return known == nullptr ? EVR_UNKNOWN : known->vr;
}

Action Rules::by_vr(DcmEVR vr) const { return by_plain_vr(vr, options()); }

}  // namespace dosigate
