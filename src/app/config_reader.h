#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace dosigate {

/// Collects everything that is wrong in one file, so that a person corrects it in one go. Lines
/// come out in the order of the file.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  /// "FILE:12: [[route]] profle: unknown key (did you mean profile?)"; line 0 = the file as a
  /// whole.
  void error(unsigned line, std::string_view where, std::string_view what);
  void warning(unsigned line, std::string_view where, std::string_view what);

  bool any() const { return !errors_.empty(); }
  std::vector<std::string> errors() const { return sorted(errors_); }
  std::vector<std::string> warnings() const { return sorted(warnings_); }

 private:
  struct Line {
    unsigned number;
    std::string text;
  };
  Line make(unsigned line, std::string_view where, std::string_view what) const;
  static std::vector<std::string> sorted(std::vector<Line> lines);
  std::string file_;
  std::vector<Line> errors_, warnings_;
};

/// " (did you mean X?)" when one of `known` is near enough to be a slip of the fingers, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// Reads one table key by key. A key is known when it was asked for: what nobody asks for is an
/// error at `finish`, so an option that does nothing cannot come into being unnoticed.
class TableReader {
 public:
  /// @param section  as it is shown: "[node]", "[[route]]", "[[route]] drop"
  TableReader(const toml::table& table, std::string section, Problems& problems,
              std::set<std::string>* known_keys);

  /// nullopt when the key is absent or wrong (then reported).
  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  /// Whole or with a fraction.
  std::optional<double> number(std::string_view key, double low, double high);
  std::optional<bool> boolean(std::string_view key);
  /// An array of strings, each not empty.
  std::optional<std::vector<std::string>> texts(std::string_view key);
  /// A string, or an array of them.
  std::optional<std::vector<std::string>> text_or_texts(std::string_view key);
  /// The tables of `key = [ {...}, {...} ]` or `[[key]]`.
  std::vector<const toml::table*> tables(std::string_view key);
  const toml::table* table(std::string_view key);

  /// One of `choices`; anything else is reported with a suggestion.
  std::optional<std::string> choice(std::string_view key, const std::vector<std::string>& choices);

  void error(std::string_view key, std::string_view what);
  void warning(std::string_view key, std::string_view what);
  /// Line of the key, or of the table when the key is absent.
  unsigned line(std::string_view key = {}) const;
  bool has(std::string_view key) const { return table_.contains(key); }
  const std::string& section() const { return section_; }

  /// Of a key that stands in another section now.
  void moved(std::string_view key, std::string_view section);

  /// Reports the keys that nobody asked for.
  void finish();

 private:
  const toml::node* ask(std::string_view key);
  void wrong_type(std::string_view key, std::string_view wanted, const toml::node& found);
  const toml::table& table_;
  std::string section_;
  Problems& problems_;
  std::set<std::string>* known_keys_;
  std::vector<std::string> asked_;
};

}  // namespace dosigate
