#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/fake_archive.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"

namespace dosigate::testing {

/// A stock sender, the real daemon, and one or two archives that do as they are told.
class Hospital {
 public:
  explicit Hospital(NodeProcess::Settings settings = {}, bool with_second = false);

  FakeArchive archive, second;
  NodeProcess& node() { return *node_; }

  /// So many new small instances of one study by storescu; each has to be acknowledged.
  void send(unsigned count);

  /// One and the same PET instance, whose patient weighs that much in this version.
  void send_version(const std::string& kilograms);

  /// Its row of `dosigate status`.
  boost::json::value destination(const std::string& name = "archive") const;
  bool is_down(const std::string& words) const;
  /// Whether `state` is shown with words in `last_error` that contain these.
  bool shows(const std::string& state, const std::string& words,
             const std::string& name = "archive") const;
  /// Rows of `dosigate queue list`.
  boost::json::array queue() const;
  /// Parked instances whose reason contains the words.
  std::size_t parked(const std::string& words) const;
  /// Failed attempts of single instances, over everything that is in the queue.
  long long attempts() const;

  /// Everything sent is delivered, nothing is open, and the totals add up.
  bool all_delivered() const;
  /// Another text in the configuration; takes effect with `reload` or a start.
  void rewrite(const std::string& from, const std::string& to);

 private:
  void store(const std::vector<std::filesystem::path>& files);

  TempDir dir_;
  std::unique_ptr<NodeProcess> node_;
  unsigned sent_ = 0;
};

/// The longest that a node may take until it tries again, which has failed `tries` times: the
/// back-off doubles from 1 s to 300 s. To it comes what a busy machine and a wait for an answer
/// take.
std::chrono::seconds one_step_after(unsigned tries);

}  // namespace dosigate::testing
