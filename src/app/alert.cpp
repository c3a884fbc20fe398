#include "dosigate/app/alert.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

/// A memory file holding the line: unlike a pipe it cannot block us when the command never reads.
FileDescriptor as_file(const std::string& line) {
  FileDescriptor file(static_cast<int>(::syscall(SYS_memfd_create, "alert", 1U /* CLOEXEC */)));
  if (!file) throw std::system_error(errno, std::generic_category(), "memfd_create");
  write_all(file.get(), as_bytes(line), "alert line");
  if (::lseek(file.get(), 0, SEEK_SET) != 0)
    throw std::system_error(errno, std::generic_category(), "lseek");
  return file;
}

bool ends_within(pid_t child, std::chrono::seconds limit) {
  const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!handle) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  pollfd ended{handle.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return ::poll(&ended, 1, static_cast<int>(milliseconds)) == 1;
}

}  // namespace

Result<void> run_alert_command(const std::vector<std::string>& command, const std::string& line,
                               std::chrono::seconds limit) {
  const FileDescriptor input = as_file(line + "\n");
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.get(), 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes,
                             &none);  // the daemon blocks signals; its command must not
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return fail(Fault::Unavailable, "[alert] command " + command[0] + " cannot be started: " +
                                        std::generic_category().message(error));

  const bool ended = ends_within(child, limit);
  if (!ended) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended)
    return fail(Fault::Unavailable, "[alert] command " + command[0] + " was stopped after " +
                                        std::to_string(limit.count()) + " s");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Fault::Unavailable, "[alert] command " + command[0] + " ended with status " +
                                        std::to_string(WIFEXITED(status) ? WEXITSTATUS(status)
                                                                         : 128 + WTERMSIG(status)));
  return {};
}

}  // namespace dosigate
