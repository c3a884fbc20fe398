#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

struct zip;

namespace dosigate::offline {

/// A ZIP archive that is read and never unpacked: its names are shown to the operator and nothing
/// is ever written under one of them.
/// Thread: any; one entry is inflated at a time.
class ZipArchive {
 public:
  struct Entry {
    std::string name;
    std::uint64_t size = 0;  ///< inflated, as the archive declares it; `read` holds it to that
    std::string problem;     ///< why it cannot be read: encrypted, of unknown size; empty = it can
  };

  /// NotDicom when it is no whole archive; Invalid when it declares to unpack to more than
  /// kLargestRatio times its own size (and more than kAlwaysAllowed), which no study does.
  static Result<std::shared_ptr<ZipArchive>> open(const std::filesystem::path& file);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  /// In the order of the archive, folders left out.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The whole content of `entries()[which]`, with its checksum verified. NotDicom when it is
  /// damaged, or holds more than it declares.
  Result<Bytes> read(std::size_t which);

  static constexpr std::uint64_t kLargestRatio = 200;
  static constexpr std::uint64_t kAlwaysAllowed = 1ULL << 30U;
  static constexpr std::int64_t kMostEntries = 1'000'000;

 private:
  explicit ZipArchive(zip* archive) : archive_(archive) {}
  Result<void> list(std::uint64_t archive_size);

  zip* archive_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> indices_;  ///< of each entry in the archive
  std::mutex reading_;                  ///< the library shares one file position
};

/// True for the first bytes of a ZIP archive.
bool is_zip(ByteView start);

}  // namespace dosigate::offline
