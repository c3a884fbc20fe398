#pragma once

#include <filesystem>

#include "dosigate/base/bytes.h"

namespace dosigate {

/// An owned file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// All of these throw std::system_error naming the path and the step; a failed sync is never
/// retried as good. Files are created 0600, directories 0700.

/// Gives a complete file its name, on another file system by a durable copy. When that fails `from`
/// is removed and std::system_error thrown. The entry is not durable yet.
void move_into_place(const std::filesystem::path& from, const std::filesystem::path& to);

/// O_CREAT | O_EXCL | O_CLOEXEC, mode 0600.
FileDescriptor create_new_file(const std::filesystem::path& path);
FileDescriptor open_for_reading(const std::filesystem::path& path);
void write_all(int fd, ByteView bytes, const std::filesystem::path& path);
/// Reads exactly `into.size()` bytes at `offset`; false when the file ends before.
bool read_exactly_at(int fd, std::span<Byte> into, std::uint64_t offset,
                     const std::filesystem::path& path);
void sync_data(int fd, const std::filesystem::path& path);
/// Makes a created, renamed or removed entry of `directory` durable.
void sync_directory(const std::filesystem::path& directory);
/// Writes `path` as a whole or not at all: temporary name, fsync, rename, directory sync.
void replace_file(const std::filesystem::path& path, ByteView content);
/// Whole content; throws when larger than `limit`.
Bytes read_file(const std::filesystem::path& path, std::uint64_t limit = 64U << 20U);
/// mkdir -p with mode 0700 for what is created; existing ones are left as they are.
void make_private_directory(const std::filesystem::path& path);

}  // namespace dosigate
