#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
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
  CleanText,  ///< C of descriptors. Until the text cleaner is there, text that no rule can clean
              ///< with certainty is removed
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

/// "keep", "map_uid", ...: how a profile file names an action.
std::string_view action_text(Action action);

/// A de-identification profile: name, version, options and own rules, read from one TOML file
/// (conf/profiles/*.toml). `dosimetry` and `basic` are embedded as well, byte-equal to the files.
/// Thread: immutable.
class Profile {
 public:
  /// Errors name file, line and key. Full and modified dates together are Fault::Invalid, and so is
  /// an option that this version does not honour (retain_uids, clean_descriptors,
  /// clean_structured_content, clean_graphics): it must not be claimed in the marking.
  static Result<Profile> parse(std::string_view toml, std::string_view file_name);
  /// `<directory>/<name>.toml` when it is there, else the embedded one. NotFound otherwise.
  static Result<Profile> load(const std::filesystem::path& directory, std::string_view name);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  /// First 16 hexadecimal digits of SHA-256 of the file: in marking and audit.
  const std::string& digest() const { return digest_; }
  const Options& options() const { return options_; }
  /// Own rules by tag, in the order of the file: they win over the table, the first that matches
  /// over later ones.
  struct Rule {
    std::uint16_t group, element;
    Action action;
    std::string text;                  ///< the tag as the file has it: "0020,0010", "60xx,xxxx"
    Action otherwise = Action::Empty;  ///< for CleanText: when no word may stay
    std::uint16_t group_mask = 0xFFFF,
                  element_mask = 0xFFFF;  ///< a digit "x" in the tag matches any
  };
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  std::string name_, version_, digest_;
  Options options_;
  std::vector<Rule> rules_;
};

}  // namespace dosigate
