#include "dosigate/deid/profile.h"

#include "dosigate/dicom/charset.h"
#include "dosigate/identity/fingerprint.h"
#include "profile_reader.h"
#include "tag_key.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace dosigate {

extern const std::string_view profile_dosimetry_text, profile_basic_text;

namespace {

struct NamedAction {
  std::string_view word, letter;  ///< the letter of PS3.15 Table E.1-1a
  Action action;
};
constexpr std::array<NamedAction, 8> kActions{{{"keep", "K", Action::Keep},
                                               {"remove", "X", Action::Remove},
                                               {"empty", "Z", Action::Empty},
                                               {"dummy", "D", Action::Dummy},
                                               {"map_uid", "U", Action::MapUid},
                                               {"shift", "", Action::ShiftDate},
                                               {"clean", "C", Action::CleanText},
                                               {"pseudonymise", "", Action::Pseudonymise}}};

struct OptionKey {
  std::string_view key;
  bool Options::*field;
};
constexpr std::array<OptionKey, 10> kOptions{
    {{"retain_safe_private", &Options::retain_safe_private},
     {"retain_uids", &Options::retain_uids},
     {"retain_device_identity", &Options::retain_device_identity},
     {"retain_institution_identity", &Options::retain_institution_identity},
     {"retain_patient_characteristics", &Options::retain_patient_characteristics},
     {"retain_long_full_dates", &Options::retain_long_full_dates},
     {"retain_long_modified_dates", &Options::retain_long_modified_dates},
     {"clean_descriptors", &Options::clean_descriptors},
     {"clean_structured_content", &Options::clean_structured_content},
     {"clean_graphics", &Options::clean_graphics}}};

Options read_options(const ProfileReader& reader, const toml::table& table) {
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
  for (const NamedAction& known : kActions) {
    if (known.action == action) return known.word;
  }
  return "?";
}

std::optional<Action> parse_action(std::string_view text) {
  for (const NamedAction& known : kActions) {
    if (known.word == text || (known.letter == text && !text.empty())) return known.action;
  }
  return std::nullopt;
}

Result<Profile> Profile::parse(std::string_view text, std::string_view file_name) try {
  const toml::table file = toml::parse(text, file_name);
  const ProfileReader reader(file_name);
  reader.only(file, {"name", "version", "edition", "options", "words", "rule", "drop", "subject"});
  Profile profile;
  profile.name_ = reader.text(file, "name");
  if (!is_profile_name(profile.name_))
    reader.bad(file.get("name")->source(),
               "key \"name\": 1 to 32 letters, digits, \"-\" and \"_\"");
  profile.version_ = reader.text(file, "version");
  if (!is_profile_name(profile.version_))
    reader.bad(file.get("version")->source(),
               "key \"version\": 1 to 32 letters, digits, \"-\" and \"_\"");
  if (const auto edition = reader.text(file, "edition");
      edition != confidentiality_table_edition()) {
    reader.bad(file.get("edition")->source(),
               "key \"edition\": this version carries Table E.1-1 of edition " +
                   std::string(confidentiality_table_edition()));
  }
  if (const toml::node* options = file.get("options")) {
    if (!options->is_table()) reader.bad(options->source(), "key \"options\" must be a table");
    profile.options_ = read_options(reader, *options->as_table());
  }
  for (const toml::table* rule : reader.tables(file, "rule"))
    profile.rules_.push_back(read_rule(reader, *rule));
  for (const toml::table* rule : reader.tables(file, "drop"))
    profile.drop_.push_back(read_drop_rule(reader, *rule));
  for (const toml::table* rule : reader.tables(file, "subject"))
    profile.subjects_.push_back(read_subject_rule(reader, *rule));
  for (const std::string& word : reader.texts(file, "words")) profile.words_.insert(fold(word));
  profile.digest_ = content_digest(text).substr(0, 16);
  return profile;
} catch (const BadProfile& bad) {
  return bad.error;
} catch (const toml::parse_error& bad) {
  return fail(Fault::Invalid, std::string(file_name) + ":" +
                                  std::to_string(bad.source().begin.line) + ": " +
                                  std::string(bad.description()));
}

Result<Profile> Profile::load_file(const std::filesystem::path& file) {
  if (std::error_code unknown; std::filesystem::is_directory(file, unknown))
    return fail(Fault::Invalid, file.string() + " is a folder: name the .toml file of a profile");
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return fail(Fault::Unavailable, file.string() + ": cannot be read");
  return parse(text, file.string());
}

Result<Profile> Profile::load(const std::filesystem::path& directory, std::string_view name) {
  if (!is_profile_name(name))
    return fail(Fault::Invalid, "profile name \"" + std::string(name) +
                                    "\": 1 to 32 letters, digits, \"-\" and \"_\"");
  Result<Profile> profile = fail(Fault::NotFound, "");
  const std::filesystem::path file = directory / (std::string(name) + ".toml");
  std::error_code unknown;
  const bool is_there = !directory.empty() && std::filesystem::exists(file, unknown);
  // One of the same name would win: the built-in one is not taken for it.
  if (unknown)
    return fail(Fault::Unavailable,
                "profile \"" + std::string(name) + "\": whether there is a " + file.string() +
                    " cannot be seen (" + unknown.message() +
                    "): ask as root, or name a profile by its file, \"./NAME.toml\"");
  if (is_there) {
    profile = load_file(file);
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

namespace {

/// A calibration of the camera is one instant for everybody whom it looks at. Beside a patient's
/// moved one a true one tells the offset: the label of the camera and the time of day join them.
std::vector<ProfileRule> rules_without_calibrations() {
  struct Calibration {
    std::string_view creator, tag;
    Action action = Action::Remove;
  };
  constexpr std::array<Calibration, 15> kCalibrations{
      {{"", "0018,1200"},  // Date, Time and DateTime of Last Calibration
       {"", "0018,1201"},
       {"", "0018,1202"},
       {"", "0018,1203", Action::Empty},  // Calibration DateTime, Type 2
       {"", "0018,700C"},                 // of a detector
       {"", "0018,700E"},
       {"", "0014,3076"},  // of gain and others, DICONDE
       {"", "0014,3077"},
       {"", "0014,407C"},
       {"", "0014,407E"},
       {"GEMS_PETD_01", "0017,xx04"},  // corrections: the calibration and its scan
       {"GEMS_PETD_01", "0017,xx0A"},
       {"GEMS_PETD_01", "0019,xx04"},  // well counter: the calibration, its scan and measurement
       {"GEMS_PETD_01", "0019,xx0D"},
       {"GEMS_PETD_01", "0019,xx10"}}};
  std::vector<ProfileRule> out;
  for (const Calibration& each : kCalibrations) {
    ProfileRule rule;
    if (!parse_tag_pattern(each.tag, rule.tag)) throw std::logic_error("no tag of a calibration");
    rule.creator = each.creator;
    rule.action = each.action;
    rule.text = each.tag;
    out.push_back(std::move(rule));
  }
  return out;
}

}  // namespace

Profile Profile::with_full_dates() const {
  Profile out = *this;
  out.options_.retain_long_full_dates = true;
  out.options_.retain_long_modified_dates = false;
  for (ProfileRule& rule : out.rules_)
    if (rule.action == Action::ShiftDate) rule.action = Action::Keep;
  if (options_.retain_long_modified_dates) {
    const auto first = rules_without_calibrations();
    out.rules_.insert(out.rules_.begin(), first.begin(), first.end());
  }
  return out;
}

}  // namespace dosigate
