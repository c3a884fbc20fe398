#include "dosigate/base/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace dosigate {
namespace {

[[noreturn]] void broken(const char* step, const std::filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), std::string(step) + " " + path.string());
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() noexcept { return std::exchange(fd_, -1); }

FileDescriptor create_new_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) broken("create", path);
  return FileDescriptor(fd);
}

FileDescriptor open_for_reading(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) broken("open", path);
  return FileDescriptor(fd);
}

void write_all(int fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) broken("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

bool read_exactly_at(int fd, std::span<Byte> into, std::uint64_t offset,
                     const std::filesystem::path& path) {
  while (!into.empty()) {
    const ssize_t n = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) broken("read", path);
    if (n == 0) return false;
    into = into.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return true;
}

void sync_data(int fd, const std::filesystem::path& path) {
  if (::fdatasync(fd) != 0) broken("sync", path);
}

void sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) broken("open directory", directory);
  const FileDescriptor owner(fd);
  if (::fsync(fd) != 0) broken("sync directory", directory);
}

namespace {

constexpr std::size_t kPiece = 1U << 20U;

/// Under a name of its own first: `to` is complete or not there.
void copy_into_place(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::path copy = to;
  copy += ".part";
  try {
    const FileDescriptor in = open_for_reading(from);
    const FileDescriptor out = create_new_file(copy);
    Bytes piece(kPiece);
    for (ssize_t n = 0; (n = ::read(in.get(), piece.data(), piece.size())) != 0;) {
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) broken("read", from);
      write_all(out.get(), ByteView(piece).first(static_cast<std::size_t>(n)), copy);
    }
    sync_data(out.get(), copy);
    if (::rename(copy.c_str(), to.c_str()) != 0) broken("rename to", to);
  } catch (...) {
    ::unlink(copy.c_str());
    throw;
  }
  ::unlink(from.c_str());
}

}  // namespace

void move_into_place(const std::filesystem::path& from, const std::filesystem::path& to) try {
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  if (errno != EXDEV) broken("rename to", to);
  copy_into_place(from, to);
} catch (...) {
  ::unlink(from.c_str());
  throw;
}

void replace_file(const std::filesystem::path& path, ByteView content) {
  std::filesystem::path temporary = path;
  temporary += ".new";
  ::unlink(temporary.c_str());  // left over by a crash before the rename
  {
    const FileDescriptor file = create_new_file(temporary);
    write_all(file.get(), content, temporary);
    sync_data(file.get(), temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) broken("rename to", path);
  sync_directory(path.parent_path().empty() ? "." : path.parent_path());
}

Bytes read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const FileDescriptor file = open_for_reading(path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) broken("stat", path);
  if (static_cast<std::uint64_t>(info.st_size) > limit) {
    errno = EFBIG;
    broken("read", path);
  }
  Bytes out(static_cast<std::size_t>(info.st_size));
  if (!read_exactly_at(file.get(), out, 0, path)) {
    errno = EIO;
    broken("read", path);
  }
  return out;
}

void make_private_directory(const std::filesystem::path& path) {
  if (path.empty() || std::filesystem::is_directory(path)) return;
  make_private_directory(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) broken("create directory", path);
}

}  // namespace dosigate
