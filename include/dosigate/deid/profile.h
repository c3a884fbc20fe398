#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "dosigate/base/result.h"

namespace dosigate {

/// The columns of PS3.15 Table E.1-1, edition 2026d.
struct Options {
  bool retain_safe_private = false;
  bool retain_uids = false;
  bool retain_device_identity = false;
  bool retain_institution_identity = false;
  bool retain_patient_characteristics = false;
  bool retain_long_full_dates = false;
  bool retain_long_modified_dates = false;
  bool clean_descriptors = false;
  bool clean_structured_content = false;
  bool clean_graphics = false;
};

/// What to do with one element (PS3.15 Table E.1-1a), and the actions that the table leaves to the
/// implementer.
enum class Action : std::uint8_t {
  Keep,       ///< K
  Remove,     ///< X
  Empty,      ///< Z
  Dummy,      ///< D: a fixed, valid value that says nothing
  MapUid,     ///< U
  ShiftDate,  ///< C of modified dates: DA and the date part of DT by the patient's offset; TM stays
  CleanText,  ///< C of descriptors: words of technique stay (PS3.15 E.3.5); a sequence is entered
  Pseudonymise,  ///< our own: device and study labels, stable per site or patient
};

/// One row of the table.
struct TableRow {
  std::string tag;  ///< as in the standard: "0010,0010", "60xx,3000", "gggg,eeee:odd"
  std::string keyword;
  std::string vr;
  std::string basic;  ///< "X", "Z/D", "X/Z/U*", ...
  std::string safe_private, uids, device, institution, characteristics, full_dates, modified_dates,
      descriptors, structured, graphics;  ///< "", "K" or "C"
};
/// The whole table, embedded at build time; its edition and the number of its rows.
const std::vector<TableRow>& confidentiality_table();
std::string_view confidentiality_table_edition();
inline constexpr std::size_t kConfidentialityTableRows = 657;

/// "keep", "map_uid", ...: how a profile file names an action; it may also use the letters of the
/// standard, K X Z D U C.
std::string_view action_text(Action action);

/// `drop = [...]` of a route or `[[drop]]` of a profile: what Dosimagem does not need. An instance
/// is dropped when every condition of one rule holds.
struct DropRule {
  std::string sop_class;   ///< UID or empty
  std::string modality;    ///< CS or empty
  std::string image_type;  ///< one value of ImageType, for example "SCREEN SAVE", or empty
  bool burned_in = false;
  std::string text;  ///< drop_rule_text(), for the count by reason

  /// Without a condition it would drop everything, which nobody means.
  bool has_condition() const {
    return !sop_class.empty() || !modality.empty() || !image_type.empty() || burned_in;
  }
};
/// The conditions of a rule as a file has them: `{ modality = "SC", burned_in = true }`.
std::string drop_rule_text(const DropRule& rule);

/// A tag of which digits may be "x", any digit, as a number: group << 16 | element.
struct TagMatch {
  std::uint32_t value = 0, mask = 0;
  bool matches(std::uint32_t tag) const { return (tag & mask) == value; }
  bool exact() const { return mask == 0xFFFFFFFFU; }
};

/// One `[[rule]]` of a profile. Every condition that is there must hold; the first rule of the file
/// that matches an element decides, before Table E.1-1.
struct ProfileRule {
  TagMatch tag;                  ///< matches any tag when the file names none
  std::vector<TagMatch> inside;  ///< the sequences around it, the innermost last; the element may
                                 ///< stand deeper in the data set
  std::string creator;  ///< private creator: the rule is for private elements, `tag` is "0009,xx0D"
  std::string vr;       ///< without creator: for every attribute of that VR of the dictionary;
                        ///< with one: the VR that the element has (PS3.5 6.2.2, for UN)
  std::string sop_class;  ///< UID or empty
  Action action = Action::Remove;
  Action otherwise = Action::Empty;  ///< for CleanText: when no word may stay
  std::string text;                  ///< as the file has it: "0054,0016 > 0018,1072"
  std::size_t line = 0;              ///< of the file; 0: of none
};

/// `[[subject]]`: who is no person. An instance whose values match keeps its true dates.
struct SubjectRule {
  std::string name;          ///< for the audit: "phantoms"
  std::string patient_id;    ///< "QC*": "*" any text; case and accents do not count; or empty
  std::string patient_name;  ///< the same, on all of PatientName
};

/// A de-identification profile: name, version, options and own rules, read from one TOML file
/// (conf/profiles/*.toml). `dosimetry` and `basic` are embedded as well, byte-equal to the files.
/// Thread: immutable.
class Profile {
 public:
  /// Errors name file, line and key. Full and modified dates together are Fault::Invalid.
  static Result<Profile> parse(std::string_view toml, std::string_view file_name);
  /// `<directory>/<name>.toml` when it is there, else the embedded one. NotFound otherwise.
  static Result<Profile> load(const std::filesystem::path& directory, std::string_view name);
  /// A file anywhere, whatever its name.
  static Result<Profile> load_file(const std::filesystem::path& file);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  /// First 16 hexadecimal digits of SHA-256 of the file: in marking and audit.
  const std::string& digest() const { return digest_; }
  const Options& options() const { return options_; }
  const std::vector<ProfileRule>& rules() const { return rules_; }
  const std::vector<DropRule>& drop() const { return drop_; }
  const std::vector<SubjectRule>& subjects() const { return subjects_; }
  /// Further words that cleaned text may keep, folded: `words = [...]`.
  const std::unordered_set<std::string>& words() const { return words_; }

  /// The same profile for a subject that is no person: true dates, rules that shift included. Where
  /// this one moves those of persons, the dates of calibrations go: they are the persons' dates
  /// too.
  Profile with_full_dates() const;

 private:
  std::string name_, version_, digest_;
  Options options_;
  std::vector<ProfileRule> rules_;
  std::vector<DropRule> drop_;
  std::vector<SubjectRule> subjects_;
  std::unordered_set<std::string> words_;
};

}  // namespace dosigate
