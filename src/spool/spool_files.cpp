#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/spool/spool.h"
#include "spool_files.h"

namespace dosigate {
namespace {

constexpr const char* kExtension = ".dsg";
constexpr const char* kUnfinished = ".part";

/// Long enough that puts at the same time rarely fall on both sides of a change, short enough that
/// no directory gets more than some thousands of a fast sender's files.
constexpr long long kSecondsPerDirectory = 1;

/// Lets the file system spread the directories over the disk, as ext4 does with those at the top
/// (chattr +T). In one place a new file has to be found among all that were erased there lately:
/// measured, a quarter of the processor time of a small instance on ext4 without a journal. Other
/// file systems have no such hint, and no need of it.
void spread_directories(const std::filesystem::path& root) {
  const FileDescriptor open = open_for_reading(root);
  int flags = 0;
  if (::ioctl(open.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_TOPDIR_FL;
  static_cast<void>(::ioctl(open.get(), FS_IOC_SETFLAGS, &flags));
}

}  // namespace

InstanceId new_instance_id() {
  InstanceId id = random_id();
  id[0] = static_cast<Byte>(to_unix(wall_now()) / kSecondsPerDirectory);
  return id;
}

SpoolFiles::SpoolFiles(const std::filesystem::path& directory) : root_(directory / "spool") {
  make_private_directory(root_);
  spread_directories(root_);
  bool made = false;
  for (unsigned first = 0; first < 256; ++first) {
    const std::filesystem::path sub = root_ / to_hex(std::array{static_cast<Byte>(first)});
    if (std::filesystem::is_directory(sub)) continue;
    make_private_directory(sub);
    made = true;
  }
  if (made) {
    sync_directory(root_);
    sync_directory(directory);
  }
}

std::filesystem::path SpoolFiles::path(const InstanceId& id) const {
  const std::string name = to_hex(id);
  return root_ / name.substr(0, 2) / (name + kExtension);
}

std::filesystem::path SpoolFiles::unfinished(const InstanceId& id) const {
  std::filesystem::path out = path(id);
  out += kUnfinished;
  return out;
}

std::uint64_t SpoolFiles::remove_unfinished() const {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    if (entry.path().extension() == kUnfinished) found.push_back(entry.path());
  }
  for (const auto& file : found) std::filesystem::remove(file);
  return found.size();
}

void SpoolFiles::erase(const InstanceId& id) const {
  const std::filesystem::path file = path(id);
  if (::unlink(file.c_str()) != 0 && errno != ENOENT)
    throw std::system_error(errno, std::generic_category(), "remove " + file.string());
}

void SpoolFiles::each(
    const std::function<void(const InstanceId&, const std::filesystem::path&)>& use) const {
  for (unsigned first = 0; first < 256; ++first) {
    // Names are collected before use: `use` may rename or remove, and what readdir then says is
    // undefined.
    std::vector<InstanceId> names;
    for (const auto& entry : std::filesystem::directory_iterator(
             root_ / to_hex(std::array{static_cast<Byte>(first)}))) {
      if (entry.path().extension() != kExtension) continue;
      if (const auto id = parse_id(entry.path().stem().string()); id && path(*id) == entry.path())
        names.push_back(*id);
    }
    for (const InstanceId& id : names) use(id, path(id));
  }
}

}  // namespace dosigate
