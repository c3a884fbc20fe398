#include "iod_types.h"

#include "tag_key.h"
#include "tsv.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace dosigate {

extern const std::string_view ps33_modules_text, ps33_iods_text;

namespace {

constexpr std::string_view modules_name = "conf/ps33/modules.tsv";
constexpr std::string_view iods_name = "conf/ps33/iods.tsv";

/// What one module or macro says of one level. Levels of an IOD are unions of these.
struct Part {
  std::map<std::uint32_t, AttributeType> types;
  std::map<std::uint32_t, std::size_t> inside;  ///< sequence -> part
  std::vector<std::string_view> macros;
};

[[noreturn]] void broken(std::string_view file, std::size_t row, const std::string& why) {
  throw std::runtime_error(std::string(file) + ": row " + std::to_string(row) + ": " + why);
}

std::vector<std::string_view> split(std::string_view list, std::string_view separator) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    const auto end = list.find(separator);
    out.push_back(list.substr(0, end));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + separator.size());
  }
  return out;
}

AttributeType type_of(std::string_view name) {
  if (name == "1" || name == "1C") return AttributeType::One;
  if (name == "2" || name == "2C") return AttributeType::Two;
  if (name == "3") return AttributeType::Three;
  throw std::runtime_error("no Type: " + std::string(name));
}

/// All rows of modules.tsv: a tree of parts for each module or macro.
class Modules {
 public:
  explicit Modules(std::string_view text) {
    std::size_t row = 0;
    for (const auto& cell : read_tsv(text, modules_name).rows) {
      ++row;
      try {
        add(cell[0], cell[1], cell[2], cell[3]);
      } catch (const std::runtime_error& why) {
        broken(modules_name, row, why.what());
      }
    }
    for (const Part& part : parts_) {
      for (const std::string_view macro : part.macros) root(macro);
    }
  }

  /// Throws std::runtime_error for a name that no row has.
  std::size_t root(std::string_view name) const {
    const auto found = roots_.find(name);
    if (found == roots_.end())
      throw std::runtime_error(std::string(modules_name) + ": no module or macro " +
                               std::string(name));
    return found->second;
  }
  const Part& part(std::size_t index) const { return parts_[index]; }

  /// Adds a part and, at the same level, the macros it includes.
  void include(std::size_t index, std::vector<std::size_t>& level) const {
    if (std::find(level.begin(), level.end(), index) != level.end()) return;
    level.push_back(index);
    for (const std::string_view macro : parts_[index].macros) include(root(macro), level);
  }

 private:
  std::size_t new_part() {
    parts_.emplace_back();
    return parts_.size() - 1;
  }

  void add(std::string_view module, std::string_view path, std::string_view tag,
           std::string_view type) {
    if (module.empty()) throw std::runtime_error("no module");
    if (!roots_.contains(module)) roots_.emplace(module, new_part());
    std::size_t at = roots_.at(module);
    for (const std::string_view step : split(path, "/")) {
      const std::uint32_t sequence = exact_tag(step);
      if (!parts_[at].inside.contains(sequence)) {
        const std::size_t inner = new_part();  // before the subscript: it may move the parts
        parts_[at].inside[sequence] = inner;
      }
      at = parts_[at].inside[sequence];
    }
    if (tag.starts_with('+')) {
      if (type != "-") throw std::runtime_error("a macro has no Type: " + std::string(type));
      parts_[at].macros.push_back(tag.substr(1));
    } else if (!parts_[at].types.emplace(exact_tag(tag), type_of(type)).second) {
      throw std::runtime_error("a second row of " + std::string(module) + " for " +
                               std::string(tag));
    }
  }

  std::vector<Part> parts_;
  std::map<std::string_view, std::size_t> roots_;
};

template <class Value>
const Value* find_tag(const std::vector<std::pair<std::uint32_t, Value>>& list, std::uint32_t tag) {
  const auto found = std::lower_bound(
      list.begin(), list.end(), tag,
      [](const auto& entry, std::uint32_t wanted) { return entry.first < wanted; });
  return found != list.end() && found->first == tag ? &found->second : nullptr;
}

}  // namespace

AttributeType TypeLevel::of(std::uint32_t tag) const {
  const auto* listed = find_tag(types_, tag);
  return listed == nullptr ? AttributeType::Three : *listed;
}

const TypeLevel* TypeLevel::inside(std::uint32_t sequence) const {
  const auto* listed = find_tag(inside_, sequence);
  return listed == nullptr ? nullptr : *listed;
}

TypeTable::TypeTable(std::string_view modules_text, std::string_view iods_text) {
  const Modules modules(modules_text);
  // One level for one set of parts. The sets are finite even where macros include each other.
  std::map<std::vector<std::size_t>, TypeLevel*> levels;
  std::vector<std::pair<std::vector<std::size_t>, TypeLevel*>> unfinished;
  const auto level_of = [&](std::vector<std::size_t> parts) {
    std::sort(parts.begin(), parts.end());
    auto [place, is_new] = levels.emplace(parts, nullptr);
    if (is_new) {
      place->second = &levels_.emplace_back();
      unfinished.emplace_back(std::move(parts), place->second);
    }
    return place->second;
  };

  std::size_t row = 0;
  for (const auto& cell : read_tsv(iods_text, iods_name).rows) {
    ++row;
    std::vector<std::size_t> parts;
    try {
      for (const std::string_view module : split(cell[2], "; ")) {
        modules.include(modules.root(module), parts);
        modules_[std::string(cell[0])].push_back(module);
      }
    } catch (const std::runtime_error& why) {
      broken(iods_name, row, why.what());
    }
    if (parts.empty()) broken(iods_name, row, "no modules");
    if (!classes_.emplace(std::string(cell[0]), level_of(std::move(parts))).second)
      broken(iods_name, row, "a second row for " + std::string(cell[0]));
  }

  while (!unfinished.empty()) {
    const auto [parts, level] = std::move(unfinished.back());
    unfinished.pop_back();
    std::map<std::uint32_t, AttributeType> types;
    std::map<std::uint32_t, std::vector<std::size_t>> inside;
    for (const std::size_t index : parts) {
      const Part& part = modules.part(index);
      for (const auto& [tag, type] : part.types) {
        const auto place = types.emplace(tag, type).first;
        place->second = std::min(place->second, type);  // of two modules the stricter one holds
      }
      for (const auto& [sequence, inner] : part.inside) modules.include(inner, inside[sequence]);
    }
    level->types_.assign(types.begin(), types.end());
    for (auto& [sequence, inner] : inside)
      level->inside_.emplace_back(sequence, level_of(std::move(inner)));
  }
}

const TypeLevel* TypeTable::top_level(std::string_view sop_class_uid) const {
  const auto found = classes_.find(std::string(sop_class_uid));
  return found == classes_.end() ? nullptr : found->second;
}

bool TypeTable::has_module(std::string_view sop_class_uid, std::string_view module) const {
  const auto found = modules_.find(std::string(sop_class_uid));
  return found != modules_.end() &&
         std::find(found->second.begin(), found->second.end(), module) != found->second.end();
}

namespace {

const TypeTable& embedded() {
  static const TypeTable table(ps33_modules_text, ps33_iods_text);
  return table;
}

}  // namespace

const TypeLevel* top_level_types(std::string_view sop_class_uid) {
  return embedded().top_level(sop_class_uid);
}

bool iod_has_module(std::string_view sop_class_uid, std::string_view module) {
  return embedded().has_module(sop_class_uid, module);
}

}  // namespace dosigate
