#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "support/process.h"

namespace dosigate::testing {

/// The two real binaries in a directory of their own: configuration, state, journal, log and folder
/// destination all lie below it. DOSIGATED_BINARY and DOSIGATE_BINARY in the environment name other
/// binaries than those of this build.
class NodeProcess {
 public:
  struct Settings {
    std::uint16_t archive_port = 0;  ///< of a DICOM destination "archive"; 0 = a folder
    std::string archive_ae = "ARCHIVE";
    std::string archive_host = "127.0.0.1";
    std::string archive_url{};  ///< of a destination of kind "stow" in the place of both
    std::string archive{};      ///< further lines of its [[destination]]
    std::string site{};         ///< further lines of [[site]]
    std::string route{};        ///< further lines of [[route]]
    std::string node{};         ///< further lines of [node]
    /// [access]: tests look up more than any person does in an hour.
    std::string access = "reveals_per_hour = 10000\n";
    /// Of a DICOM destination "second" that every instance goes to as well; 0 = none.
    std::uint16_t second_port = 0;
    std::string second_ae = "SECOND";
    std::string min_free_gb = "0";
    std::string log_level = "debug";
  };
  struct Totals {
    std::uint64_t received, duplicate, delivered, queued, parked, quarantined, dropped, discarded,
        refused, issued;
    /// design 7.3
    bool add_up() const {
      return received + issued ==
             duplicate + delivered + queued + parked + quarantined + dropped + discarded;
    }
  };

  /// Writes the configuration and runs `dosigate init`. Throws std::runtime_error when that fails.
  NodeProcess(std::filesystem::path directory, Settings settings);

  /// Kills the daemon. In a test nothing that identifies somebody whom the test has written may
  /// then stand in any file of the node, sent ones included, or in its log: each that does is a
  /// failure.
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  /// Starts the daemon and waits until it answers. Throws std::runtime_error, with the log, when it
  /// does not.
  void start(const std::vector<std::string>& environment = {});
  /// Starts the daemon and does not wait for anything.
  void launch(const std::vector<std::string>& environment = {});
  /// SIGTERM; the exit code, or nothing when it has not ended after 30 s.
  std::optional<int> stop();
  /// SIGKILL.
  void kill();
  void signal(int number) const { daemon_->signal(number); }
  /// Whether the daemon has ended by itself within the time, as it does at a fail point.
  bool ends_within(std::chrono::milliseconds deadline);
  /// Of a daemon that has ended.
  std::optional<int> exit_code() const { return daemon_->wait(std::chrono::milliseconds(0)); }
  bool running() const { return daemon_ && daemon_->running(); }
  pid_t pid() const { return daemon_->pid(); }

  /// The operator's command.
  /// @param input  what it reads from its standard input, as a script gives it.
  Finished dosigate(const std::vector<std::string>& arguments, const std::string& input = "") const;
  boost::json::value status() const;
  Totals totals() const;
  /// Waits until nothing is queued; false at the deadline.
  bool settles(std::chrono::seconds deadline = std::chrono::seconds(60)) const;

  const std::filesystem::path& directory() const { return directory_; }
  /// As `init` printed it.
  const std::string& recovery_key() const { return recovery_key_; }
  std::filesystem::path arrived() const { return directory_ / "arrived"; }
  std::uint16_t port() const { return port_; }
  std::string port_text() const { return std::to_string(port_); }
  std::string log() const;

 private:
  std::filesystem::path directory_;
  std::uint16_t port_;
  std::string recovery_key_;
  int starts_ = 0;
  std::unique_ptr<Process> daemon_;
};

/// Asks again every 50 ms until it holds; false at the deadline.
bool eventually(const std::function<bool()>& holds,
                std::chrono::seconds deadline = std::chrono::seconds(30));

}  // namespace dosigate::testing
