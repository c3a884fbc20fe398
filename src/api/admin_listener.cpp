#include "admin_listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace dosigate {
namespace {

[[noreturn]] void broken(int code, const std::string& what) {
  throw std::system_error(code, std::generic_category(), what);
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path)
    broken(ENAMETOOLONG, "admin socket " + text);
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

FileDescriptor new_socket() {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) broken(errno, "admin socket");
  return socket;
}

/// Removes a socket file that a killed daemon left behind; throws when somebody answers there.
void remove_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode))
    broken(EEXIST, path.string() + " is no socket; remove it or set [node] admin_socket");
  const FileDescriptor probe = new_socket();
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    broken(EADDRINUSE, "another dosigated answers at " + path.string());
  // Anything but a refusal (no rights, a full backlog) may hide a living daemon.
  if (errno != ECONNREFUSED) broken(errno, "cannot tell whether " + path.string() + " is in use");
  if (::unlink(path.c_str()) != 0) broken(errno, "remove " + path.string());
}

/// Who may write there could put a socket of their own in the place of ours, and be told
/// identities.
void nobody_else_writes(const std::filesystem::path& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) broken(errno, "look at " + directory.string());
  const bool ours = info.st_uid == 0 || info.st_uid == ::geteuid();
  if (ours && (info.st_mode & 0022U) == 0) return;
  broken(EPERM, "others can write in " + directory.string() +
                    ", where the admin socket would be: `chmod go-w` or `chown` it, or name a "
                    "directory of the node's own in [node] admin_socket");
}

FileDescriptor take_over(int inherited) {
  FileDescriptor socket(inherited);
  int listening = 0;
  socklen_t size = sizeof listening;
  sockaddr_un address{};
  socklen_t address_size = sizeof address;
  const bool known =
      ::getsockopt(inherited, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
      ::getsockname(inherited, reinterpret_cast<sockaddr*>(&address), &address_size) == 0;
  if (!known || listening == 0 || address.sun_family != AF_UNIX) {
    broken(ENOTSOCK, "descriptor " + std::to_string(inherited) +
                         " from systemd is no listening Unix socket; see dosigate.socket");
  }
  ::fcntl(inherited, F_SETFD, FD_CLOEXEC);
  return socket;
}

}  // namespace

AdminListener::AdminListener(std::filesystem::path path, std::optional<int> inherited_fd)
    : path_(std::move(path)) {
  if (inherited_fd) {
    socket_ = take_over(*inherited_fd);
    return;
  }
  const sockaddr_un address = address_of(path_);
  const auto directory = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  make_private_directory(directory);
  nobody_else_writes(directory);
  // Two daemons that start together would both find the old socket dead and one would remove the
  // other's.
  const FileDescriptor lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) broken(errno, "lock " + directory.string());
  remove_stale(path_, address);

  socket_ = new_socket();
  // Linux gives the file the mode of the unbound socket: never open to others, not even for a
  // moment.
  if (::fchmod(socket_.get(), 0600) != 0) broken(errno, "protect " + path_.string());
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    broken(errno, "bind " + path_.string());
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0) made_ = {info.st_dev, info.st_ino};
  if (::listen(socket_.get(), SOMAXCONN) != 0) broken(errno, "listen at " + path_.string());
}

AdminListener::~AdminListener() {
  struct stat info {};
  if (made_ && ::lstat(path_.c_str(), &info) == 0 &&
      std::pair(info.st_dev, info.st_ino) == *made_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace dosigate
