#include "config_reader.h"

#include <algorithm>
#include <numeric>
#include <sstream>

namespace dosigate {
namespace {

std::string_view name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date and time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0U : 1U;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

Problems::Line Problems::make(unsigned line, std::string_view where, std::string_view what) const {
  std::string text = file_;
  if (line != 0) text += ":" + std::to_string(line);
  text += ": ";
  if (!where.empty()) text.append(where).append(": ");
  return {line, text.append(what)};
}

void Problems::error(unsigned line, std::string_view where, std::string_view what) {
  errors_.push_back(make(line, where, what));
}

void Problems::warning(unsigned line, std::string_view where, std::string_view what) {
  warnings_.push_back(make(line, where, what));
}

std::vector<std::string> Problems::sorted(std::vector<Line> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.number < b.number; });
  std::vector<std::string> out;
  for (Line& line : lines) out.push_back(std::move(line.text));
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  // A third of the word may be wrong, at least one character; "x" is near to nothing.
  const std::size_t near = std::max<std::size_t>(word.size() / 3, word.size() > 2 ? 1 : 0);
  const std::string* best = nullptr;
  std::size_t best_distance = near + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : " (did you mean " + *best + "?)";
}

TableReader::TableReader(const toml::table& table, std::string section, Problems& problems,
                         std::set<std::string>* known_keys)
    : table_(table), section_(std::move(section)), problems_(problems), known_keys_(known_keys) {}

const toml::node* TableReader::ask(std::string_view key) {
  asked_.emplace_back(key);
  if (known_keys_ != nullptr) known_keys_->insert(section_ + " " + std::string(key));
  return table_.get(key);
}

unsigned TableReader::line(std::string_view key) const {
  if (!key.empty()) {
    // The key's own place, not its value's: an array may begin some lines further down.
    for (const auto& [name, node] : table_) {
      if (name.str() == key) {
        const unsigned at = name.source().begin.line;
        return at != 0 ? at : node.source().begin.line;
      }
    }
  }
  return table_.source().begin.line;
}

void TableReader::error(std::string_view key, std::string_view what) {
  problems_.error(line(key), section_ + " " + std::string(key), what);
}

void TableReader::warning(std::string_view key, std::string_view what) {
  problems_.warning(line(key), section_ + " " + std::string(key), what);
}

void TableReader::wrong_type(std::string_view key, std::string_view wanted,
                             const toml::node& found) {
  error(key, "expected " + std::string(wanted) + ", found " + std::string(name_of(found.type())));
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const toml::node* node = ask(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_string()) return value->get();
  wrong_type(key, "a string in quotation marks", *node);
  return std::nullopt;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t low,
                                                 std::int64_t high) {
  const toml::node* node = ask(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    wrong_type(key, "an integer without quotation marks", *node);
    return std::nullopt;
  }
  if (value->get() < low || value->get() > high) {
    error(key, std::to_string(value->get()) + " is out of range: " + std::to_string(low) + " to " +
                   std::to_string(high));
    return std::nullopt;
  }
  return value->get();
}

std::optional<double> TableReader::number(std::string_view key, double low, double high) {
  const toml::node* node = ask(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value) {
    wrong_type(key, "a number without quotation marks", *node);
    return std::nullopt;
  }
  if (!(*value >= low && *value <= high)) {  // not a number is neither
    std::ostringstream text;
    text << *value << " is out of range: " << low << " to " << high;
    error(key, text.str());
    return std::nullopt;
  }
  return value;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
  const toml::node* node = ask(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong_type(key, "true or false", *node);
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::texts(std::string_view key) {
  const toml::node* node = ask(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, "an array of strings, as in [\"one\", \"two\"]", *node);
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const toml::node& element : *array) {
    const auto* value = element.as_string();
    if (value == nullptr) {
      wrong_type(key, "strings only", element);
      return std::nullopt;
    }
    if (value->get().empty()) {
      error(key, "an empty string stands in the array");
      return std::nullopt;
    }
    out.push_back(value->get());
  }
  return out;
}

std::optional<std::vector<std::string>> TableReader::text_or_texts(std::string_view key) {
  if (const toml::node* node = table_.get(key); node == nullptr || node->is_array())
    return texts(key);
  const auto one = text(key);
  if (!one) return std::nullopt;
  return std::vector<std::string>{*one};
}

std::vector<const toml::table*> TableReader::tables(std::string_view key) {
  const toml::node* node = ask(key);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    if (node->is_table() && section_.empty()) {
      problems_.error(node->source().begin.line, "[" + std::string(key) + "]",
                      "may stand several times: write [[" + std::string(key) + "]]");
    } else {
      wrong_type(key, "an array of tables", *node);
    }
    return {};
  }
  std::vector<const toml::table*> out;
  for (const toml::node& element : *array) {
    if (const toml::table* inner = element.as_table()) {
      out.push_back(inner);
    } else {
      wrong_type(key, "tables, as in { modality = \"SC\" }", element);
    }
  }
  return out;
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* node = ask(key);
  if (node == nullptr) return nullptr;
  if (const toml::table* inner = node->as_table()) return inner;
  problems_.error(node->source().begin.line, "[" + std::string(key) + "]",
                  "stands once: write [" + std::string(key) + "] with single brackets");
  return nullptr;
}

std::optional<std::string> TableReader::choice(std::string_view key,
                                               const std::vector<std::string>& choices) {
  auto value = text(key);
  if (!value) return std::nullopt;
  if (std::find(choices.begin(), choices.end(), *value) != choices.end()) return value;
  std::string list;
  for (const std::string& one : choices) list += (list.empty() ? "\"" : ", \"") + one + "\"";
  error(key, "\"" + *value + "\" is not one of " + list + did_you_mean(*value, choices));
  return std::nullopt;
}

void TableReader::moved(std::string_view key, std::string_view section) {
  asked_.emplace_back(key);
  if (has(key)) error(key, "has moved to " + std::string(section) + ": write it there");
}

void TableReader::finish() {
  for (const auto& [name, node] : table_) {
    const std::string key(name.str());
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    if (section_.empty()) {
      const unsigned at = node.is_array_of_tables() ? node.as_array()->front().source().begin.line
                                                    : node.source().begin.line;
      problems_.error(at, key, "unknown section" + did_you_mean(key, asked_));
    } else {
      error(key, "unknown key" + did_you_mean(key, asked_));
    }
  }
}

}  // namespace dosigate
