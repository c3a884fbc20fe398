#include "rules.h"

#include "kept_lists.h"

#include <stdexcept>
#include <string>
#include <utility>

#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>

namespace dosigate {

namespace {

bool is_date(std::string_view vr) { return vr == "DA" || vr == "DT"; }

/// The Basic Profile's action. Of a compound code the Type of the attribute in its IOD would
/// decide; without that, the one is chosen that is valid for every Type the code allows and says
/// nothing:
///   D, X/D, Z/D, X/Z/D   a dummy value is valid for Types 1, 2 and 3
///   X/Z                  an empty value is valid for Types 2 and 3
///   X/Z/U*               UIDs are mapped and the references stay
/// For sequences X wins where it is offered: the attribute is Type 3 or conditional in all the IODs
/// that have such a code, and a dummy item would be a false statement. A person's name is emptied,
/// never replaced by an invented one, unless D is all the code offers.
Action basic_action(const TableRow& row) {
  const std::string& code = row.basic;
  if (code == "X") return Action::Remove;
  if (code == "Z") return Action::Empty;
  if (code == "U" || code == "X/Z/U*") return Action::MapUid;
  // Referenced Study Sequence needs one item or more where it stands, and is Type 3 everywhere;
  // the other sequence with X/Z (Acquisition Context) is Type 2 and may be empty.
  if (row.tag == "0008,1110") return Action::Remove;
  if (code == "X/Z") return Action::Empty;
  if (row.vr == "UI") return Action::MapUid;  // D for a UID is another UID
  if (code == "D") return Action::Dummy;
  if (row.vr == "SQ") return code.starts_with('X') ? Action::Remove : Action::Empty;
  if (row.vr == "PN") return Action::Empty;
  if (code == "X/D" || code == "Z/D" || code == "X/Z/D") return Action::Dummy;
  throw std::runtime_error("conf/ps315/table_e1_1.tsv: unknown action code " + code + " at " +
                           row.tag);
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
      return Action::MapUid;
    case EVR_LO:
    case EVR_LT:
    case EVR_ST:
    case EVR_UT:
    case EVR_SH:
    case EVR_UC:
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

Action action_of_row(const TableRow& row, const Options& options) {
  const Action basic = basic_action(row);
  const bool is_temporal = is_date(row.vr) || row.vr == "TM";
  if (!row.full_dates.empty() && options.retain_long_full_dates) return Action::Keep;
  if (!row.modified_dates.empty() && options.retain_long_modified_dates) {
    // A date hidden in bytes or text cannot be moved with certainty.
    if (!is_temporal) return basic;
    return row.vr == "TM" ? Action::Keep : Action::ShiftDate;
  }
  // "C" under the options of device, characteristics, descriptors, structured content and graphics
  // wants a cleaner of text or of content: until there is one the basic action stands, which
  // removes more.
  if (row.device == "K" && options.retain_device_identity) return Action::Keep;
  if (row.institution == "K" && options.retain_institution_identity) return Action::Keep;
  if (row.characteristics == "K" && options.retain_patient_characteristics) return Action::Keep;
  return basic;
}

Rules::Rules(Profile profile) : profile_(std::move(profile)) {
  // Every attribute of the dictionary by its VR; then the table over that; then the profile's own
  // rules over both.
  DcmDataDictionary& dictionary =
      dcmDataDict.wrlock();  // its iterators want it writable; nothing is written
  for (auto entry = dictionary.normalBegin(); entry != dictionary.normalEnd(); ++entry) {
    if ((*entry)->getPrivateCreator() != nullptr || (*entry)->getGroup() % 2 != 0) continue;
    const std::uint32_t tag = tag_number((*entry)->getKey());
    const DcmEVR vr = plain_vr((*entry)->getEVR());
    // Group lengths are never written; groups 0000 to 0006 belong to commands, file meta and
    // directories and stand in no data set.
    if ((tag & 0xFFFFU) == 0 || (tag >> 16U) < 8) continue;
    rulings_[tag] = {plain_text_class(tag) ? Action::Keep : by_plain_vr(vr, options()),
                     Action::Empty, vr, false};
  }
  dcmDataDict.wrunlock();
  if (rulings_.size() < 3000)
    throw std::runtime_error(
        "the DICOM data dictionary is not loaded: set DCMDICTPATH or install dcmtk's dicom.dic");

  std::vector<std::pair<TagPattern, Action>> masked;
  for (const TableRow& row : confidentiality_table()) {
    TagPattern tag;
    if (row.tag == "gggg,eeee:odd") continue;  // private elements: kept_lists.h
    if (!parse_tag_pattern(row.tag, tag))
      throw std::runtime_error("conf/ps315/table_e1_1.tsv: bad tag " + row.tag);
    const Action action = action_of_row(row, options());
    if (!tag.exact()) {
      masked.emplace_back(tag, action);
      continue;
    }
    if ((tag.value >> 16U) < 8) continue;
    Ruling& ruling = rulings_[tag.value];
    ruling.action = action;
    // The standard may be newer than the installed dictionary.
    if (ruling.vr == EVR_UNKNOWN && !row.vr.empty())
      ruling.vr = DcmVR(row.vr.substr(0, 2).c_str()).getEVR();
  }
  for (auto& [tag, ruling] : rulings_) {
    for (const auto& [pattern, action] : masked) {
      if (pattern.matches(tag)) ruling.action = action;
    }
    for (const Profile::Rule& rule : profile_.rules()) {
      const std::uint32_t mask = (std::uint32_t{rule.group_mask} << 16U) | rule.element_mask;
      if (!TagPattern{(std::uint32_t{rule.group} << 16U) | rule.element, mask}.matches(tag))
        continue;
      ruling = {rule.action, rule.otherwise, ruling.vr, true};
      break;
    }
  }
  // Whose instance it is: the same in every profile, at every depth.
  for (const std::uint32_t tag : {0x00100010U, 0x00100020U})
    rulings_[tag].action = Action::Pseudonymise;
}

const Ruling* Rules::find(std::uint32_t tag) const {
  const auto found = rulings_.find(tag);
  return found == rulings_.end() ? nullptr : &found->second;
}

Action Rules::by_vr(DcmEVR vr) const { return by_plain_vr(vr, options()); }

}  // namespace dosigate
