#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "unit/deid/cleaning.h"

namespace dosigate::testing {

/// Files before and after de-identification, side by side for other people's programs.
struct CleanedTree {
  struct Pair {
    std::filesystem::path before, after;
    std::string name;  ///< for reports: the path below the tree
  };
  std::vector<Pair> pairs;
  std::map<std::string, std::string> held;      ///< by name, with the reason
  std::map<std::string, std::size_t> verdicts;  ///< "cleaned", "held: secondary-capture", ...
};

/// What a person says who has looked at the pixels of a held instance and found no name.
inline const Decision kLookedAt{
    {HoldReason::SecondaryCapture, HoldReason::BurnedIn, HoldReason::Ultrasound}};

/// Cleans every Part 10 file below `root` and writes what comes of it below `out`. One patient
/// keeps one map over the whole tree. A file that is held because the tree has several persons
/// under one id is cleaned once more as a patient of its own, and holds that a look at the pixels
/// answers are answered, so that more files are judged.
CleanedTree clean_tree(const std::filesystem::path& root, const std::filesystem::path& out,
                       const Deidentifier::Settings& settings, PseudonymMap& map);

/// "before<TAB>after<TAB>name" per line, as second_reader.py and dciodvfy.py take it.
void write_pairs(const CleanedTree& tree, const std::filesystem::path& file);

}  // namespace dosigate::testing
