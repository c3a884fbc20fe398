#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/phantom.h"

namespace dosigate::testing {

/// SOP Instance UIDs that dcmtk's storescu or dcmsend was told are stored, read from its own log
/// (-d), in order; one that was sent twice stands there twice.
std::vector<std::string> acknowledged_uids(const std::string& debug_log);

/// What the senders sent and what they were told, in memory: the files may be removed. An instance
/// is recognised at an archive by what de-identification leaves alone (match_key) together with the
/// SHA-256 of its pixel bytes, so that recognising it is comparing it.
class CustodyBook {
 public:
  using Person = unsigned;
  /// Makes the pixels of each instance its own and remembers it; before it is sent. Throws
  /// std::logic_error when two instances could not be told apart.
  void sent(const Phantom& phantom, Person person);
  /// An instance that the node is to hold: its successes count, no archive gets it.
  void held(const std::string& uid) { held_.insert(uid); }
  /// Throws std::logic_error for a UID that nobody sent.
  void acknowledged(const std::vector<std::string>& uids);

  /// Successes heard; an instance that was sent again counts again.
  std::uint64_t answers() const { return answers_; }
  /// Instances that have to arrive.
  const std::set<std::string>& acknowledged() const { return acknowledged_; }

 private:
  friend class ArchiveCensus;
  struct Instance {
    std::string uid;
    Person person;
  };
  std::unordered_map<std::string, Instance> by_key_;
  std::unordered_map<std::string, std::string> key_of_;  ///< of a source UID
  std::set<std::string> acknowledged_, held_;
  std::uint64_t answers_ = 0;
  std::uint32_t stamped_ = 0;
};

/// What one archive was seen to hold. Files may be looked at while the archive works and removed
/// afterwards.
class ArchiveCensus {
 public:
  explicit ArchiveCensus(const CustodyBook& book) : book_(book) {}

  /// False: the file cannot be read to its end or holds nothing that was sent; it is in `odd` until
  /// it is looked at again and found right. Both happen to a file in the middle of being written.
  bool look_at(const std::filesystem::path& file);

  /// Distinct instances seen.
  std::size_t size() const { return arrived_.size(); }
  /// Empty, or one line per fault: acknowledged and not there, changed or unknown, one patient
  /// under two pseudonyms, two under one.
  std::vector<std::string> faults() const;

 private:
  const CustodyBook& book_;
  std::set<std::string> arrived_;  ///< source UIDs
  std::map<CustodyBook::Person, std::set<std::string>> pseudonyms_;
  std::map<std::filesystem::path, std::string> odd_;
};

}  // namespace dosigate::testing
