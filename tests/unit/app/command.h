#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/paths.h"
#include "support/temp_dir.h"

extern char** environ;

namespace dosigate::testing {

/// The program `dosigate` as a child process, its streams in files.
class Command {
 public:
  explicit Command(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), DOSIGATE_BUILD_DIR "/dosigate");
    std::ofstream(dir_.path / "in") << input;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const int create = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 0, (dir_.path / "in").c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, (dir_.path / "out").c_str(), create, 0600);
    posix_spawn_file_actions_addopen(&files, 2, (dir_.path / "err").c_str(), create, 0600);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const int failed = posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    if (!ended_) kill(pid_, SIGKILL);
    exit_code();
  }
  pid_t pid() const { return pid_; }
  void signal(int number) const { kill(pid_, number); }
  /// Waits at most 30 s; -1 when it did not end by itself.
  int exit_code() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ended_) {
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        ended_ = true;
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      } else if (std::chrono::steady_clock::now() > deadline) {
        kill(pid_, SIGKILL);
        waitpid(pid_, &status, 0);
        ended_ = true;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    return code_;
  }
  std::string out() { return text("out"); }
  std::string err() { return text("err"); }
  /// What it has written so far.
  std::string out_now() const { return read("out"); }

 private:
  std::string text(const char* name) {
    exit_code();
    return read(name);
  }
  std::string read(const char* name) const {
    std::ifstream in(dir_.path / name);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  TempDir dir_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int code_ = -1;
};

}  // namespace dosigate::testing
