#pragma once

#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_dir.h"
#include "wire/census.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"
#include "wire/store_scp.h"
#include "wire/story_instance.h"

namespace dosigate::testing {

/// A hospital for one story: the real daemon and command between a stock sender and stock archives,
/// and a memory of what was truly sent. At the end every story asks `faults`.
class Story {
 public:
  struct Settings {
    NodeProcess::Settings node{};
    bool orthanc = false;  ///< a second archive, which gets the same
    bool folder = false;   ///< a folder in place of storescp
  };
  Story() : Story(Settings()) {}
  explicit Story(Settings settings);

  NodeProcess& node() { return *node_; }
  StoreScp& archive() { return *archive_; }
  Orthanc& orthanc() { return *orthanc_; }
  const std::filesystem::path& directory() const { return dir_.path; }
  const std::vector<Planted>& planted() const { return planted_; }

  /// Writes an instance and remembers the truth about it. What is written again is another file of
  /// the same instance and gets a mark of its own.
  struct Written {
    std::filesystem::path file;
    unsigned mark;
  };
  Written write(const SourceInstance& instance);
  /// The same bytes in another file: as a PACS sends what a modality has sent, edited with
  /// dcmodify's arguments.
  std::filesystem::path edited(const Written& written, const std::vector<std::string>& arguments);

  /// By storescu, one association; true when each was answered with success and nothing is queued
  /// any more.
  bool send_files(const std::vector<std::filesystem::path>& files);
  bool send(const Written& written) { return send_files({written.file}); }
  /// write + send.
  bool send(const SourceInstance& instance) { return send(write(instance)); }

  /// The node changes its route or profile by a reload, without a restart: one text of the
  /// configuration is replaced by another. True when it says that it has.
  bool reconfigure(const std::string& from, const std::string& to);

  /// The operator's command, which has to succeed; afterwards nothing is queued any more.
  /// @param input  what a person types: an identifier, never in the arguments.
  ::testing::AssertionResult done(const std::vector<std::string>& arguments,
                                  const std::string& input = "");
  /// `quarantine release` of everything that waits, each of which has to be queued.
  ::testing::AssertionResult release_all();

  Census at_archive() const;
  Census at_orthanc() const;
  /// Whom the node knows under a PatientID: pseudonyms.
  std::vector<std::string> pseudonyms_of(const std::string& patient_id) const;
  /// Study UIDs, as at the archive, that it knows of that patient, other than `other_than`.
  std::vector<std::string> studies_of(const std::string& patient_id,
                                      const std::string& other_than = "") const;
  /// Reasons of what waits in quarantine, as `quarantine list` says them, with their details.
  struct Held {
    std::string id, reason, detail;
    friend std::ostream& operator<<(std::ostream& out, const Held& held) {
      return out << held.reason << ": " << held.detail;
    }
  };
  std::vector<Held> held() const;
  long long alarms() const;

  /// A correction was made: who these studies (of `study`) truly are was wrong before.
  void is_truly(const std::string& study, const std::string& person);
  /// Copies at the archives that are not true any more: a note has to name each of them.
  void is_stale(const std::vector<ArchivedObject>& copies);
  /// Known to be two for now: nobody has decided that they are one.
  void stays_apart(const std::string& person) { apart_.insert(person); }

  /// Everything that must hold at the end, one line each: wrong joins, splits and unmarked stale
  /// copies at each archive; the ledger; identifiers in the state, the log or an archive.
  std::vector<std::string> faults() const;

 private:
  void count(const Census& census, const std::string& where, std::vector<std::string>& out) const;

  TempDir dir_;
  std::unique_ptr<StoreScp> archive_;
  std::unique_ptr<Orthanc> orthanc_;
  std::unique_ptr<NodeProcess> node_;
  Truths truths_;
  std::vector<Planted> planted_;
  std::set<std::string> apart_, stale_;
  unsigned files_ = 0;
};

}  // namespace dosigate::testing
