#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dosigate::testing {

/// An object as it lies at an archive.
struct ArchivedObject {
  std::filesystem::path file;
  std::string sop_class_uid, sop_uid, series_uid, study_uid;
  std::string pseudonym, study_date;
  unsigned mark = 0;                 ///< of the source instance (story_instance.h); 0: a note's
  std::string code{};                ///< of a rejection note: "113001", ...; empty: an image
  std::set<std::string> rejected{};  ///< SOP Instance UIDs that the note names
};

/// What a story knows of an instance that it has sent, whatever the headers said.
struct Truth {
  std::string person;      ///< who it is
  std::string study, sop;  ///< source UIDs
  std::string date;        ///< DA of the study at the source
};
using Truths = std::map<unsigned, Truth>;  ///< by mark

/// All that lies at one archive, and whether it is right. A copy that a rejection note names is
/// marked: it counts for nothing any more.
class Census {
 public:
  explicit Census(const std::vector<std::filesystem::path>& files);

  const std::vector<ArchivedObject>& objects() const { return objects_; }
  std::vector<ArchivedObject> notes() const;
  /// Images that no note rejects.
  std::vector<ArchivedObject> unmarked() const;
  /// Of those, PatientIDs; SOP Instance UIDs.
  std::set<std::string> pseudonyms() const;
  std::set<std::string> sop_uids() const;
  /// Copies of the instance with this mark, marked or not.
  std::vector<ArchivedObject> of(unsigned mark) const;
  bool is_marked(const ArchivedObject& object) const { return rejected_.contains(object.sop_uid); }

  /// Persons that lie with another person under one pseudonym, or studies under one study UID.
  std::size_t wrong_joins(const Truths& truths) const;
  /// Second pseudonyms, second date offsets, second study UIDs and second SOP Instance UIDs of one
  /// and the same.
  /// @param apart  persons of whom it is known that they are two until somebody decides.
  std::size_t splits(const Truths& truths, const std::set<std::string>& apart = {}) const;
  /// Those of `copies` (SOP Instance UIDs) that lie here and that no note names.
  std::size_t unmarked_stale(const std::set<std::string>& copies) const;
  /// Notes that do not belong to what they name, objects that nobody sent: one line each.
  std::vector<std::string> oddities(const Truths& truths) const;

 private:
  std::vector<ArchivedObject> objects_;
  std::set<std::string> rejected_;
};

}  // namespace dosigate::testing
