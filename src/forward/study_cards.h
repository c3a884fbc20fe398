#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "dosigate/base/clock.h"

namespace dosigate {

/// Keeps <root>/<pseudonym>/<study>/study.json up to date beside the files of each study: what a
/// physicist and a program want to know before they compute. Written as a whole, at most once a
/// second per study while instances arrive, and once more when they no longer do.
///
/// A study whose card is behind has a marker in <root>/.study-json, durable before the instance
/// that makes it so: after a crash the card is written at the next start. Thread: any.
class StudyCards {
 public:
  /// The text for a study UID; empty when nothing is known of it: no file then.
  using Text = std::function<std::string(const std::string& study_uid)>;

  /// Without a text nothing is ever written.
  StudyCards(std::filesystem::path root, Text text);

  /// Before an instance of the study is written. Throws std::system_error when the disk fails.
  void arriving(const std::string& pseudonym, const std::string& study_uid);
  enum class Which {
    Due,  ///< last written a second ago or longer
    All   ///< the end of the process
  };
  /// Writes what is behind. A failure is logged and tried again after a second: the instances are
  /// delivered whether or not there is a card.
  void write(Which which) noexcept;

 private:
  struct State {
    std::string pseudonym;
    bool behind = true;
    bool writing = false;
    SteadyTime tried{};
    std::chrono::seconds pause{1};  ///< doubles with each failure, up to an hour
    bool failed = false;
  };
  void take_up();
  void write_one(const std::string& study_uid, const std::string& pseudonym);
  std::filesystem::path marker(const std::string& study_uid) const;

  const std::filesystem::path root_;
  const Text text_;
  std::mutex mutex_;
  bool taken_up_ = false;                 ///< what an earlier process left behind
  std::map<std::string, State> studies_;  ///< those that are behind, and those written just now
};

}  // namespace dosigate
