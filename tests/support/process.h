#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dosigate::testing {

/// A child process in a process group of its own: started from an argument list (no shell), stdout
/// and stderr together in a file. Whatever is left of the group is killed
/// when this object goes.
class Process {
 public:
  /// @param argv    the program is looked up in PATH when it has no slash.
  /// @param output  created or emptied.
  /// @param environment  "NAME=value", added to ours.
  /// @param input  the file that is its standard input.
  /// Throws std::system_error when it cannot be started.
  Process(const std::vector<std::string>& argv, std::filesystem::path output,
          const std::vector<std::string>& environment = {},
          const std::filesystem::path& input = "/dev/null");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// Exit code, or 128 + signal as a shell says it; empty when it still runs at the deadline.
  std::optional<int> wait(std::chrono::milliseconds deadline);
  bool running() { return !wait(std::chrono::milliseconds(0)); }
  /// To the process alone.
  void signal(int number) const;
  void signal_group(int number) const;
  /// SIGKILL to the whole group, and waits for the process.
  void kill_group();
  /// What it has written so far.
  std::string output() const;
  /// Waits until the output contains `text`; false at the deadline or when the process ended
  /// without it.
  bool wait_for_output(const std::string& text, std::chrono::milliseconds deadline);

 private:
  pid_t pid_ = -1;
  std::filesystem::path output_;
  std::optional<int> exit_;
};

struct Finished {
  std::optional<int> code;  ///< empty: killed at the deadline
  std::string output;
};
/// Runs to the end or to the deadline, then kills.
/// @param input  what it reads from its standard input.
Finished run(const std::vector<std::string>& argv,
             std::chrono::milliseconds deadline = std::chrono::seconds(30),
             const std::string& input = "");

/// Where a program stands in PATH; empty when it is not installed.
std::filesystem::path find_program(const std::string& name);

}  // namespace dosigate::testing
