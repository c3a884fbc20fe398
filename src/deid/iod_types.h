#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dosigate {

/// Type of an attribute in its IOD (PS3.3, PS3.5 7.4). 1C counts as One and 2C as Two: whether the
/// condition holds cannot be judged after other elements have gone.
enum class AttributeType : std::uint8_t { Unknown, One, Two, Three };

/// One level of one IOD: the top level, or the items of a sequence. Tags are group << 16 | element.
class TypeLevel {
 public:
  /// Three for a tag that the level does not list: an attribute beyond the IOD is Type 3
  /// (Standard Extended SOP Class, PS3.2).
  AttributeType of(std::uint32_t tag) const;
  /// The level inside a sequence; nullptr when the table knows nothing of it.
  const TypeLevel* inside(std::uint32_t sequence) const;

 private:
  friend class TypeTable;
  std::vector<std::pair<std::uint32_t, AttributeType>> types_;      ///< sorted by tag
  std::vector<std::pair<std::uint32_t, const TypeLevel*>> inside_;  ///< sorted by tag
};

/// The Types of conf/ps33: those attributes whose action in PS3.15 Table E.1-1 depends on the Type,
/// in every IOD and at every level. Immutable. Levels that hold the same macros are one object, so
/// content items that contain content items end in a ring and may be followed to any depth.
class TypeTable {
 public:
  /// @param modules  the form of conf/ps33/modules.tsv
  /// @param iods     the form of conf/ps33/iods.tsv; outlives the table
  /// Throws std::runtime_error naming the file and the row when a row cannot be read.
  TypeTable(std::string_view modules, std::string_view iods);
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  /// nullptr for a class that the table does not list.
  const TypeLevel* top_level(std::string_view sop_class_uid) const;
  /// False for a class that the table does not list, and for a module that has no row in
  /// conf/ps33/modules.tsv.
  bool has_module(std::string_view sop_class_uid, std::string_view module) const;

 private:
  std::deque<TypeLevel> levels_;  ///< never moves an element: levels point at each other
  std::unordered_map<std::string, const TypeLevel*> classes_;
  std::unordered_map<std::string, std::vector<std::string_view>> modules_;  ///< views of `iods`
};

/// The embedded table, read and checked at the first call (std::runtime_error when it is broken).
/// nullptr for a class that the table does not list: then the Type is Unknown. Thread: any.
const TypeLevel* top_level_types(std::string_view sop_class_uid);
/// Whether the IOD of a class has a module, mandatory or not; TypeTable::has_module.
bool iod_has_module(std::string_view sop_class_uid, std::string_view module);

}  // namespace dosigate
