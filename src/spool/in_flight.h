#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {

/// Which instances are on their way to which destination at this moment, in a small file: what a
/// killed process had sent without hearing an answer is known at the next start. Like queue.db it
/// is not synced; unlike a row there, a mark costs one write and no commit, which every C-STORE
/// would wait for. Thread: any.
class InFlight {
 public:
  /// Opens the file or makes it. Throws std::system_error.
  explicit InFlight(std::filesystem::path file);

  struct Entry {
    InstanceId id;
    std::string destination;
  };
  /// What stands in the file; before the first mark.
  std::vector<Entry> left_over() const;
  /// Empties the file; before the first mark.
  void clear();

  /// One entry, taken out of the file when it goes.
  class Mark {
   public:
    Mark(InFlight& file, std::size_t slot) : file_(&file), slot_(slot) {}
    Mark(Mark&& other) noexcept : file_(std::exchange(other.file_, nullptr)), slot_(other.slot_) {}
    Mark& operator=(Mark&& other) noexcept {
      std::swap(file_, other.file_);
      std::swap(slot_, other.slot_);
      return *this;
    }
    ~Mark() {
      if (file_ != nullptr) file_->remove(slot_);
    }
    /// Stays in the file until the next start.
    void keep() { file_ = nullptr; }

   private:
    InFlight* file_;
    std::size_t slot_;
  };
  /// In the file on return. Throws std::system_error; std::length_error for the name of a
  /// destination beyond 100 bytes.
  Mark add(const InstanceId& id, const std::string& destination);

 private:
  void write(std::size_t slot, ByteView entry) const;
  void remove(std::size_t slot) noexcept;

  const std::filesystem::path path_;
  FileDescriptor file_;
  std::mutex mutex_;
  std::vector<std::size_t> free_;
  std::size_t slots_ = 0;
};

}  // namespace dosigate
