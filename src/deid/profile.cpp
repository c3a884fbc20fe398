#include "dosigate/deid/profile.h"

#include "dosigate/identity/fingerprint.h"
#include "tag_key.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

namespace dosigate {

extern const std::string_view profile_dosimetry_text, profile_basic_text;

namespace {

constexpr std::array<std::pair<std::string_view, Action>, 8> kActions{
    {{"keep", Action::Keep},
     {"remove", Action::Remove},
     {"empty", Action::Empty},
     {"dummy", Action::Dummy},
     {"map_uid", Action::MapUid},
     {"shift_date", Action::ShiftDate},
     {"clean", Action::CleanText},
     {"pseudonymise", Action::Pseudonymise}}};

struct OptionKey {
  std::string_view key;
  bool Options::*field;
  bool honoured;
};
// An option that nothing honours yet would be claimed in the marking of every instance: switched
// on, it is an error.
constexpr std::array<OptionKey, 10> kOptions{
    {{"retain_safe_private", &Options::retain_safe_private, true},
     {"retain_uids", &Options::retain_uids, false},
     {"retain_device_identity", &Options::retain_device_identity, true},
     {"retain_institution_identity", &Options::retain_institution_identity, true},
     {"retain_patient_characteristics", &Options::retain_patient_characteristics, true},
     {"retain_long_full_dates", &Options::retain_long_full_dates, true},
     {"retain_long_modified_dates", &Options::retain_long_modified_dates, true},
     {"clean_descriptors", &Options::clean_descriptors, false},
     {"clean_structured_content", &Options::clean_structured_content, false},
     {"clean_graphics", &Options::clean_graphics, false}}};

// What makes a pseudonymous instance of it, what says how its bytes are read, and the pixels: no
// file may decide otherwise.
constexpr std::array<std::uint32_t, 8> kDecidedByUs{0x00100010U, 0x00100020U, 0x00080018U,
                                                    0x00080016U, 0x0020000DU, 0x0020000EU,
                                                    0x00080005U, 0x7FE00010U};

/// Carries an error out of nested readers to Profile::parse.
struct BadProfile {
  Error error;
};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  [[noreturn]] void bad(const toml::source_region& where, std::string_view what) const {
    throw BadProfile{fail(
        Fault::Invalid,
        std::string(file_) + ":" + std::to_string(where.begin.line) + ": " + std::string(what))};
  }
  template <class T>
  T value(const toml::table& table, std::string_view key, std::string_view type) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) bad(table.source(), "key \"" + std::string(key) + "\" is missing");
    const auto found = node->value_exact<T>();
    if (!found)
      bad(node->source(), "key \"" + std::string(key) + "\" must be a " + std::string(type));
    return *found;
  }
  void only(const toml::table& table, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        bad(node.source(), "unknown key \"" + std::string(key.str()) + "\"");
    }
  }

 private:
  std::string_view file_;
};

Action read_action(const Reader& reader, const toml::table& table, std::string_view key) {
  const auto text = reader.value<std::string>(table, key, "string");
  const auto found = std::find_if(kActions.begin(), kActions.end(),
                                  [&](const auto& named) { return named.first == text; });
  if (found == kActions.end())
    reader.bad(table.get(key)->source(),
               "key \"" + std::string(key) + "\": unknown action \"" + text + "\"");
  return found->second;
}

Profile::Rule read_rule(const Reader& reader, const toml::table& table) {
  reader.only(table, {"tag", "action", "otherwise"});
  const auto text = reader.value<std::string>(table, "tag", "string");
  const toml::source_region where = table.get("tag")->source();
  TagPattern tag;
  if (!parse_tag_pattern(text, tag))
    reader.bad(where,
               "key \"tag\": \"" + text + "\" is no tag; write \"0020,0010\" or \"60xx,xxxx\"");
  // The lowest digit of the group decides whether it is private; an "x" there means the even ones.
  if ((tag.value & 0x00010000U) != 0) {
    reader.bad(where, "key \"tag\": \"" + text +
                          "\" names a private group; private elements go by creator "
                          "(conf/deid/private_elements.tsv)");
  }
  for (const std::uint32_t fixed : kDecidedByUs) {
    if (tag.matches(fixed))
      reader.bad(where, "key \"tag\": \"" + text + "\" is decided by dosigate and by no profile");
  }
  Profile::Rule rule{static_cast<std::uint16_t>(tag.value >> 16U),
                     static_cast<std::uint16_t>(tag.value), read_action(reader, table, "action"),
                     text};
  rule.group_mask = static_cast<std::uint16_t>(tag.mask >> 16U);
  rule.element_mask = static_cast<std::uint16_t>(tag.mask);
  if (table.contains("otherwise")) {
    rule.otherwise = read_action(reader, table, "otherwise");
    if (rule.action != Action::CleanText)
      reader.bad(table.get("otherwise")->source(),
                 "key \"otherwise\" goes with action = \"clean\" only");
    if (rule.otherwise != Action::Empty && rule.otherwise != Action::Remove &&
        rule.otherwise != Action::Dummy) {
      reader.bad(table.get("otherwise")->source(),
                 "key \"otherwise\" is \"empty\", \"remove\" or \"dummy\"");
    }
  }
  return rule;
}

Options read_options(const Reader& reader, const toml::table& table) {
  Options options;
  for (const auto& [key, node] : table) {
    const auto found =
        std::find_if(kOptions.begin(), kOptions.end(),
                     [&, name = key.str()](const OptionKey& option) { return option.key == name; });
    if (found == kOptions.end())
      reader.bad(node.source(), "unknown key \"options." + std::string(key.str()) + "\"");
    const auto on = node.value_exact<bool>();
    if (!on)
      reader.bad(node.source(),
                 "key \"options." + std::string(key.str()) + "\" must be true or false");
    if (*on && !found->honoured) {
      reader.bad(node.source(), "key \"options." + std::string(key.str()) +
                                    "\": this version does not offer the option; set it to false");
    }
    options.*(found->field) = *on;
  }
  if (options.retain_long_full_dates && options.retain_long_modified_dates) {
    reader.bad(table.get("retain_long_full_dates")->source(),
               "keys \"options.retain_long_full_dates\" and \"options.retain_long_modified_dates\" "
               "exclude each other");
  }
  return options;
}

bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

std::string_view action_text(Action action) {
  for (const auto& [text, known] : kActions) {
    if (known == action) return text;
  }
  return "?";
}

Result<Profile> Profile::parse(std::string_view text, std::string_view file_name) try {
  const toml::table file = toml::parse(text, file_name);
  const Reader reader(file_name);
  reader.only(file, {"name", "version", "edition", "options", "rule"});
  Profile profile;
  profile.name_ = reader.value<std::string>(file, "name", "string");
  if (!is_profile_name(profile.name_))
    reader.bad(file.get("name")->source(),
               "key \"name\": 1 to 32 letters, digits, \"-\" and \"_\"");
  profile.version_ = reader.value<std::string>(file, "version", "string");
  if (!is_profile_name(profile.version_))
    reader.bad(file.get("version")->source(),
               "key \"version\": 1 to 32 letters, digits, \"-\" and \"_\"");
  if (const auto edition = reader.value<std::string>(file, "edition", "string");
      edition != confidentiality_table_edition()) {
    reader.bad(file.get("edition")->source(),
               "key \"edition\": this version carries Table E.1-1 of edition " +
                   std::string(confidentiality_table_edition()));
  }
  if (const toml::node* options = file.get("options")) {
    if (!options->is_table()) reader.bad(options->source(), "key \"options\" must be a table");
    profile.options_ = read_options(reader, *options->as_table());
  }
  if (const toml::node* rules = file.get("rule")) {
    if (!rules->is_array()) reader.bad(rules->source(), "key \"rule\" must be written as [[rule]]");
    for (const toml::node& rule : *rules->as_array()) {
      if (!rule.is_table()) reader.bad(rule.source(), "key \"rule\" must be written as [[rule]]");
      profile.rules_.push_back(read_rule(reader, *rule.as_table()));
    }
  }
  profile.digest_ = content_digest(text).substr(0, 16);
  return profile;
} catch (const BadProfile& bad) {
  return bad.error;
} catch (const toml::parse_error& bad) {
  return fail(Fault::Invalid, std::string(file_name) + ":" +
                                  std::to_string(bad.source().begin.line) + ": " +
                                  std::string(bad.description()));
}

Result<Profile> Profile::load(const std::filesystem::path& directory, std::string_view name) {
  if (!is_profile_name(name))
    return fail(Fault::Invalid, "profile name \"" + std::string(name) +
                                    "\": 1 to 32 letters, digits, \"-\" and \"_\"");
  Result<Profile> profile = fail(Fault::NotFound, "");
  const std::filesystem::path file = directory / (std::string(name) + ".toml");
  if (!directory.empty() && std::filesystem::exists(file)) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return fail(Fault::Unavailable, file.string() + ": cannot be read");
    profile = parse(text, file.string());
  } else if (name == "dosimetry") {
    profile = parse(profile_dosimetry_text, "dosimetry.toml (built in)");
  } else if (name == "basic") {
    profile = parse(profile_basic_text, "basic.toml (built in)");
  } else {
    return fail(Fault::NotFound, "profile \"" + std::string(name) + "\": no file " + file.string() +
                                     " and none of that name is built in");
  }
  if (profile && profile->name() != name) {
    return fail(Fault::Invalid, file.string() + ": key \"name\" says \"" + profile->name() +
                                    "\", the file name says \"" + std::string(name) + "\"");
  }
  return profile;
}

}  // namespace dosigate
