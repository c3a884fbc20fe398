#include "support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, std::filesystem::path output,
                 const std::vector<std::string>& environment, const std::filesystem::path& input)
    : output_(std::move(output)) {
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = environment;
  for (char** one = ::environ; *one != nullptr; ++one) variables.emplace_back(*one);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output_.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t nothing;
  sigemptyset(&nothing);
  posix_spawnattr_setsigmask(&attributes, &nothing);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);

  const int error = ::posix_spawnp(&pid_, arguments.at(0).c_str(), &files, &attributes,
                                   pointers(arguments).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::system_error(error, std::generic_category(), argv.at(0));
}

Process::~Process() { kill_group(); }

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!exit_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (std::chrono::steady_clock::now() >= until) {
      break;
    } else {
      std::this_thread::sleep_for(kPoll);
    }
  }
  return exit_;
}

void Process::signal(int number) const {
  if (!exit_) (void)::kill(pid_, number);
}

void Process::signal_group(int number) const {
  if (!exit_) (void)::kill(-pid_, number);
}

void Process::kill_group() {
  // A child of the child may outlive it in the same group; the number stays ours as long as one of
  // them is there.
  (void)::kill(-pid_, SIGKILL);
  if (!exit_) {
    int status = 0;
    (void)::waitpid(pid_, &status, 0);
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

std::string Process::output() const {
  std::ifstream in(output_, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return std::move(all).str();
}

bool Process::wait_for_output(const std::string& text, std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (true) {
    const bool ended = !running();  // before the look, so that the last words count
    if (output().find(text) != std::string::npos) return true;
    if (ended || std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kPoll);
  }
}

Finished run(const std::vector<std::string>& argv, std::chrono::milliseconds deadline,
             const std::string& input) {
  const TempDir dir;
  std::ofstream(dir.path / "input", std::ios::binary) << input;
  Process process(argv, dir.path / "output", {}, dir.path / "input");
  Finished finished;
  finished.code = process.wait(deadline);
  process.kill_group();
  finished.output = process.output();
  return finished;
}

std::filesystem::path find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto file = std::filesystem::path(folder) / name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

}  // namespace dosigate::testing
