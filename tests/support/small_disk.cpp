#include "support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "dosigate/base/durable_file.h"
#include "support/process.h"

namespace dosigate::testing {
namespace {

std::string because(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

/// Once for the process: what is mounted later is seen by nobody else.
std::string own_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) return because("cannot have mounts of its own");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return because("cannot keep its mounts to itself");
  return "";
}

std::string why_no_own_mounts() {
  static const std::string why_not = own_mounts();
  return why_not;
}

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path directory, std::uint64_t bytes)
    : directory_(std::move(directory)) {
  why_not_ = why_no_own_mounts();
  std::filesystem::create_directories(directory_);
  if (!why_not_.empty()) return;
  const std::string size = "mode=0700,size=" + std::to_string(bytes);
  if (::mount("tmpfs", directory_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0)
    why_not_ = because("cannot mount a tmpfs");
}

SmallDisk::~SmallDisk() {
  if (why_not_.empty()) (void)::umount2(directory_.c_str(), MNT_DETACH);
}

std::uint64_t SmallDisk::free_bytes() const {
  struct statvfs info {};
  if (::statvfs(directory_.c_str(), &info) != 0)
    throw std::system_error(errno, std::generic_category(), "statvfs " + directory_.string());
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

void SmallDisk::fill(std::uint64_t leave_free) const {
  make_room();
  const FileDescriptor ballast(
      ::open((directory_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!ballast) throw std::system_error(errno, std::generic_category(), "ballast");
  off_t size = 0;
  // Somebody else may take pages meanwhile: then less is left than was seen.
  for (int tries = 0; tries < 100; ++tries) {
    const std::uint64_t free = free_bytes();
    if (free <= leave_free) return;
    const int error = ::posix_fallocate(ballast.get(), size, static_cast<off_t>(free - leave_free));
    if (error == 0) size += static_cast<off_t>(free - leave_free);
    if (error != 0 && error != ENOSPC)
      throw std::system_error(error, std::generic_category(), "ballast");
  }
}

void SmallDisk::make_room() const { (void)::unlink((directory_ / "ballast").c_str()); }

StruckDisk::StruckDisk(const std::filesystem::path& image, std::filesystem::path directory,
                       std::uint64_t bytes)
    : image_(image), directory_(std::move(directory)) {
  why_not_ = why_no_own_mounts();
  std::filesystem::create_directories(directory_);
  if (!why_not_.empty()) return;
  const std::string size = std::to_string(bytes >> 10U) + "k";
  for (const auto& command : {std::vector<std::string>{"mkfs.ext4", "-q", image_.string(), size},
                              {"mount", "-o", "loop", image_.string(), directory_.string()}}) {
    const Finished done = run(command);
    if (done.code == 0) continue;
    why_not_ = command[0] + ": " + done.output;
    return;
  }
  // A new file system is open to everybody; a node does not keep its state on such a one.
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
}

StruckDisk::~StruckDisk() {
  if (why_not_.empty()) (void)::umount2(directory_.c_str(), MNT_DETACH);
}

void StruckDisk::strike() const {
  const Finished done = run({"mount", "-o", "remount,abort", directory_.string()});
  if (done.code != 0) throw std::runtime_error("remount,abort: " + done.output);
}

void StruckDisk::mend() const {
  for (const auto& command : {std::vector<std::string>{"umount", directory_.string()},
                              {"e2fsck", "-fy", image_.string()},
                              {"mount", "-o", "loop", image_.string(), directory_.string()}}) {
    const Finished done = run(command);
    if (done.code.value_or(9) > 1)  // 1: e2fsck has corrected something
      throw std::runtime_error(command[0] + ": " + done.output);
  }
}

}  // namespace dosigate::testing
