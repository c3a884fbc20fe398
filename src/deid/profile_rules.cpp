#include "dosigate/dicom/sop_class.h"
#include "profile_reader.h"
#include "tag_key.h"

#include <algorithm>
#include <array>

#include <dcmtk/dcmdata/dcvr.h>

namespace dosigate {

namespace {

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::vector<std::string_view> parts_of_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = path.find('>');
    std::string_view part = path.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

/// UID of a storage class, given as UID or by the name that PS3.6 gives it.
std::string sop_class_of(const ProfileReader& reader, const toml::table& table) {
  const auto said = reader.text_if_there(table, "sop_class");
  if (!said) return {};
  const bool is_uid = !said->empty() && said->size() <= 64 &&
                      said->find_first_not_of("0123456789.") == std::string::npos;
  if (is_uid) return *said;
  for (const SopClass& known : storage_sop_classes()) {
    if (known.name == *said) return std::string(known.uid);
  }
  reader.bad(table.get("sop_class")->source(),
             "key \"sop_class\": " + in_quotes(*said) +
                 " is neither a UID nor the name of a storage class, as in \"Nuclear Medicine "
                 "Image Storage\"");
}

bool is_vr_name(std::string_view vr) {
  return vr.size() == 2 && DcmVR(std::string(vr).c_str()).isStandard();
}

Action action_at(const ProfileReader& reader, const toml::table& table, std::string_view key) {
  const std::string said = reader.text(table, key);
  const auto action = parse_action(said);
  if (!action) {
    reader.bad(table.get(key)->source(),
               "key " + in_quotes(key) + ": unknown action " + in_quotes(said) +
                   "; known are keep, remove, empty, dummy, map_uid, shift, clean, pseudonymise "
                   "and the letters K X Z D U C");
  }
  return *action;
}

/// The tag and the sequences around it.
void read_path(const ProfileReader& reader, const toml::table& table, ProfileRule& rule) {
  rule.text = reader.text(table, "tag");
  const toml::source_region where = table.get("tag")->source();
  const bool is_private = !rule.creator.empty();
  for (const std::string_view part : parts_of_path(rule.text)) {
    TagMatch tag;
    if (!parse_tag_pattern(part, tag)) {
      reader.bad(where, "key \"tag\": " + in_quotes(rule.text) +
                            " is no tag; write \"0020,0010\", \"60xx,xxxx\" or, inside a sequence, "
                            "\"0054,0016 > 0018,1072\"");
    }
    rule.inside.push_back(tag);
  }
  rule.tag = rule.inside.back();
  rule.inside.pop_back();
  // The lowest digit of the group decides whether it is private; an "x" there means the even ones.
  const bool odd = (rule.tag.value & 0x00010000U) != 0;
  if (is_private) {
    const bool by_block = (rule.tag.mask & 0xFFFFU) == 0x00FFU && (rule.tag.mask >> 16U) == 0xFFFFU;
    if (!odd || !by_block)
      reader.bad(where,
                 "key \"tag\": " + in_quotes(rule.text) +
                     " with a creator names a private element as in \"0009,xx0D\": the block "
                     "is the one that the creator reserved");
    return;
  }
  if (odd)
    reader.bad(where, "key \"tag\": " + in_quotes(rule.text) +
                          " names a private group; private elements go by creator: add creator = "
                          "\"...\" and write \"0009,xx0D\"");
  const auto names = [&](std::uint32_t fixed) { return rule.tag.matches(fixed); };
  if (std::any_of(kOfTheInstance.begin(), kOfTheInstance.end(), names) ||
      std::any_of(kAlwaysGone.begin(), kAlwaysGone.end(), names))
    reader.bad(where, "key \"tag\": " + in_quotes(rule.text) +
                          " is decided by dosigate and by no profile");
}

}  // namespace

void ProfileReader::bad(const toml::source_region& where, std::string_view what) const {
  throw BadProfile{
      fail(Fault::Invalid,
           std::string(file_) + ":" + std::to_string(where.begin.line) + ": " + std::string(what))};
}

void ProfileReader::only(const toml::table& table,
                         std::initializer_list<std::string_view> known) const {
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end())
      bad(node.source(), "unknown key " + in_quotes(key.str()));
  }
}

std::string ProfileReader::text(const toml::table& table, std::string_view key) const {
  auto found = text_if_there(table, key);
  if (!found) bad(table.source(), "key " + in_quotes(key) + " is missing");
  return std::move(*found);
}

std::optional<std::string> ProfileReader::text_if_there(const toml::table& table,
                                                        std::string_view key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  auto found = node->value_exact<std::string>();
  if (!found) bad(node->source(), "key " + in_quotes(key) + " must be a string");
  return found;
}

std::vector<std::string> ProfileReader::texts(const toml::table& table,
                                              std::string_view key) const {
  std::vector<std::string> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  const std::string wanted = "key " + in_quotes(key) + " must be a list of strings";
  if (!node->is_array()) bad(node->source(), wanted);
  for (const toml::node& each : *node->as_array()) {
    auto value = each.value_exact<std::string>();
    if (!value) bad(each.source(), wanted);
    out.push_back(std::move(*value));
  }
  return out;
}

std::vector<const toml::table*> ProfileReader::tables(const toml::table& table,
                                                      std::string_view key) const {
  std::vector<const toml::table*> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  const std::string wanted =
      "key " + in_quotes(key) + " must be written as [[" + std::string(key) + "]]";
  if (!node->is_array()) bad(node->source(), wanted);
  for (const toml::node& each : *node->as_array()) {
    if (!each.is_table()) bad(each.source(), wanted);
    out.push_back(each.as_table());
  }
  return out;
}

ProfileRule read_rule(const ProfileReader& reader, const toml::table& table) {
  reader.only(table, {"tag", "creator", "vr", "sop_class", "action", "otherwise"});
  ProfileRule rule;
  rule.line = table.source().begin.line;
  rule.creator = reader.text_if_there(table, "creator").value_or("");
  if (table.contains("creator") && rule.creator.empty())
    reader.bad(table.get("creator")->source(), "key \"creator\" is empty");
  rule.vr = reader.text_if_there(table, "vr").value_or("");
  if (table.contains("vr") && !is_vr_name(rule.vr))
    reader.bad(table.get("vr")->source(),
               "key \"vr\": " + in_quotes(rule.vr) + " is no VR of PS3.5, as in \"LO\"");
  rule.sop_class = sop_class_of(reader, table);
  rule.action = action_at(reader, table, "action");
  if (table.contains("tag")) {
    read_path(reader, table, rule);
  } else if (!rule.creator.empty() || rule.vr.empty()) {
    reader.bad(table.source(), "key \"tag\" is missing");
  } else {
    rule.text = "VR " + rule.vr;
  }
  // A value has to stay readable: a private element of which nobody knows the VR cannot be kept.
  if (!rule.creator.empty() && rule.action != Action::Remove && rule.vr.empty())
    reader.bad(table.source(),
               "key \"vr\" is missing: a private element that is not removed needs its VR");
  if (!rule.creator.empty() && rule.action == Action::ShiftDate && rule.vr != "DA" &&
      rule.vr != "DT" && rule.vr != "TM")
    reader.bad(table.get("vr")->source(), "key \"vr\": only DA, DT and TM can be shifted");
  if (table.contains("otherwise")) {
    rule.otherwise = action_at(reader, table, "otherwise");
    if (rule.action != Action::CleanText)
      reader.bad(table.get("otherwise")->source(),
                 "key \"otherwise\" goes with action = \"clean\" only");
    if (rule.otherwise != Action::Empty && rule.otherwise != Action::Remove &&
        rule.otherwise != Action::Dummy && rule.otherwise != Action::Pseudonymise)
      reader.bad(table.get("otherwise")->source(),
                 "key \"otherwise\" is \"empty\", \"remove\", \"dummy\" or \"pseudonymise\"");
  }
  return rule;
}

std::string drop_rule_text(const DropRule& rule) {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    text += (text.empty() ? "" : ", ") + std::string(key) + " = " + value;
  };
  if (!rule.sop_class.empty()) add("sop_class", in_quotes(rule.sop_class));
  if (!rule.modality.empty()) add("modality", in_quotes(rule.modality));
  if (!rule.image_type.empty()) add("image_type", in_quotes(rule.image_type));
  if (rule.burned_in) add("burned_in", "true");
  return "{ " + text + " }";
}

DropRule read_drop_rule(const ProfileReader& reader, const toml::table& table) {
  reader.only(table, {"sop_class", "modality", "image_type", "burned_in"});
  DropRule rule;
  rule.sop_class = sop_class_of(reader, table);
  rule.modality = reader.text_if_there(table, "modality").value_or("");
  rule.image_type = reader.text_if_there(table, "image_type").value_or("");
  if (const toml::node* burned = table.get("burned_in")) {
    if (burned->value_exact<bool>() != true)
      reader.bad(burned->source(), "key \"burned_in\": only true has a meaning");
    rule.burned_in = true;
  }
  if (!rule.has_condition()) reader.bad(table.source(), "[[drop]] has no condition");
  rule.text = drop_rule_text(rule);
  return rule;
}

SubjectRule read_subject_rule(const ProfileReader& reader, const toml::table& table) {
  reader.only(table, {"name", "patient_id", "patient_name", "dates"});
  SubjectRule rule{reader.text(table, "name"),
                   reader.text_if_there(table, "patient_id").value_or(""),
                   reader.text_if_there(table, "patient_name").value_or("")};
  if (rule.patient_id.empty() && rule.patient_name.empty())
    reader.bad(table.source(),
               "[[subject]] has no condition: give patient_id, patient_name or both");
  for (const std::string& pattern : {rule.patient_id, rule.patient_name}) {
    if (!pattern.empty() && pattern.find_first_not_of("*?") == std::string::npos)
      reader.bad(table.source(),
                 "[[subject]]: \"" + pattern + "\" is every patient; their dates must move");
  }
  if (reader.text(table, "dates") != "keep")
    reader.bad(table.get("dates")->source(),
               "key \"dates\": only \"keep\" has a meaning; leave the [[subject]] out otherwise");
  return rule;
}

}  // namespace dosigate
