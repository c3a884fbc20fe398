#include "dosigate/net/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

constexpr off_t kLargestPrivateFile = 64 << 10;

std::string octal(unsigned mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

/// systemd gives access to a credential by an ACL, which shows as the group's right to read.
bool is_credential(const std::filesystem::path& file) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && *directory != '\0' && file.parent_path() == directory;
}

}  // namespace

Result<Bytes> read_private_file(const std::filesystem::path& file, const PrivateFileWords& words) {
  const std::string which = words.name + " " + file.string();
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) {
    const int why = errno;
    return fail(why == ENOENT || why == ENOTDIR ? Fault::NotFound : Fault::Denied,
                which + " cannot be read: " + std::strerror(why));
  }
  struct stat info {};
  if (::fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(Fault::Invalid, which + " is not a regular file");
  // Root reads what belongs to the daemon's user; that user does not read what a third one owns.
  if (info.st_uid != 0 && info.st_uid != ::geteuid() && ::geteuid() != 0)
    return fail(Fault::Denied, which + " belongs to uid " + std::to_string(info.st_uid) +
                                   ", neither to this user nor to root; chown it");
  const unsigned mode = info.st_mode & 07777U;
  if (mode != 0400 && mode != 0600 && !(mode == 0440 && is_credential(file)))
    return fail(Fault::Denied, which + " has mode " + octal(mode) +
                                   "; others could read or change it: chmod 0400, and " +
                                   words.exposed);
  if (info.st_size <= 0 || info.st_size > kLargestPrivateFile)
    return fail(Fault::Invalid, which + " is not " + words.content);
  Bytes content(static_cast<std::size_t>(info.st_size));
  if (!read_exactly_at(opened.get(), content, 0, file))
    return fail(Fault::Invalid, which + " changed while it was read");
  return content;
}

}  // namespace dosigate
