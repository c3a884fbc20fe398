#include "new_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

void make_like(int fd, const std::filesystem::path& model) {
  struct stat info {};
  if (::stat(model.c_str(), &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + model.string());
  const bool mine = info.st_uid == ::geteuid() && info.st_gid == ::getegid();
  if (!mine && ::fchown(fd, info.st_uid, info.st_gid) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "give a file the owner of " + model.string());
  if (::fchmod(fd, info.st_mode & 07777U) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "give a file the mode of " + model.string());
}

}  // namespace

Result<void> write_new_key_file(const std::filesystem::path& path, ByteView content,
                                const char* what, const std::filesystem::path& model) {
  std::filesystem::path temporary = path;
  temporary += "." + to_hex(random_id());
  int linked = 0;
  try {
    const FileDescriptor file = create_new_file(temporary);
    if (!model.empty()) make_like(file.get(), model);
    write_all(file.get(), content, temporary);
    sync_data(file.get(), temporary);
    // link, not rename: it refuses an existing name.
    linked = ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  ::unlink(temporary.c_str());
  if (linked == EEXIST)
    return fail(Fault::Conflict, std::string("the ") + what + " " + path.string() +
                                     " exists already and is never overwritten; if it is really "
                                     "not wanted, move it away first");
  if (linked != 0)
    throw std::system_error(linked, std::generic_category(), "create " + path.string());
  sync_directory(path.parent_path().empty() ? "." : path.parent_path());
  return {};
}

}  // namespace dosigate
