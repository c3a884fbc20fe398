#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/phantom.h"
#include "wire/custody.h"

namespace dosigate::testing {

/// An archive's folder of files: each is looked at once it rests, counted and removed, so that the
/// disk does not fill.
class Shelf {
 public:
  Shelf(std::string name, std::filesystem::path directory, const CustodyBook& book)
      : name_(std::move(name)), directory_(std::move(directory)), census_(book) {}

  /// Files that have not changed for two seconds.
  void clear(const std::vector<Planted>& planted) { clear(planted, std::chrono::seconds(2)); }
  /// All of them, at the end.
  void clear_all(const std::vector<Planted>& planted) { clear(planted, std::chrono::seconds(0)); }

  std::size_t instances() const { return census_.size(); }
  std::uint64_t files() const { return files_; }
  std::uint64_t searched() const { return searched_; }
  std::vector<std::string> faults() const;

 private:
  void clear(const std::vector<Planted>& planted, std::chrono::seconds rest);

  std::string name_;
  std::filesystem::path directory_;
  ArchiveCensus census_;
  std::uint64_t files_ = 0, searched_ = 0;
  std::set<std::string> leaks_;
};

}  // namespace dosigate::testing
