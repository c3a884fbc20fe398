#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace dosigate::testing {

/// A tmpfs of a few megabytes in a mount namespace of this process and its children: a real disk
/// that can be full. It goes with the process.
class SmallDisk {
 public:
  /// @param directory  made if missing.
  SmallDisk(std::filesystem::path directory, std::uint64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Why there is none; empty when there is one. Root can mount, in most containers it cannot.
  const std::string& why_not() const { return why_not_; }
  std::uint64_t free_bytes() const;
  /// A file that leaves this much free. Replaces the one before.
  void fill(std::uint64_t leave_free = 0) const;
  /// Takes that file away.
  void make_room() const;

 private:
  std::filesystem::path directory_;
  std::string why_not_;
};

/// An ext4 in a file, on a loop device, that can be struck: the kernel then treats it as it treats
/// a disk with errors, read-only at once, for those who have files open, too. What was not synced
/// is lost.
class StruckDisk {
 public:
  StruckDisk(const std::filesystem::path& image, std::filesystem::path directory,
             std::uint64_t bytes);
  ~StruckDisk();
  StruckDisk(const StruckDisk&) = delete;
  StruckDisk& operator=(const StruckDisk&) = delete;

  const std::string& why_not() const { return why_not_; }
  void strike() const;
  /// Checked and mounted again. Nobody may have files open. Throws std::runtime_error.
  void mend() const;

 private:
  std::filesystem::path image_, directory_;
  std::string why_not_;
};

}  // namespace dosigate::testing
