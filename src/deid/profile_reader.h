#pragma once

#include <toml++/toml.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/deid/profile.h"

namespace dosigate {

/// Carries an error out of nested readers to Profile::parse.
struct BadProfile {
  Error error;
};

/// Reads keys of one profile file; throws BadProfile, which names file, line and key.
class ProfileReader {
 public:
  explicit ProfileReader(std::string_view file) : file_(file) {}

  [[noreturn]] void bad(const toml::source_region& where, std::string_view what) const;
  /// Bad for any other key.
  void only(const toml::table& table, std::initializer_list<std::string_view> known) const;
  std::string text(const toml::table& table, std::string_view key) const;
  std::optional<std::string> text_if_there(const toml::table& table, std::string_view key) const;
  std::vector<std::string> texts(const toml::table& table, std::string_view key) const;
  /// `[[key]]`, none when it is not there.
  std::vector<const toml::table*> tables(const toml::table& table, std::string_view key) const;

 private:
  std::string_view file_;
};

/// "keep" or "K", ...; nullopt for anything else.
std::optional<Action> parse_action(std::string_view text);

ProfileRule read_rule(const ProfileReader& reader, const toml::table& table);
DropRule read_drop_rule(const ProfileReader& reader, const toml::table& table);
SubjectRule read_subject_rule(const ProfileReader& reader, const toml::table& table);

}  // namespace dosigate
