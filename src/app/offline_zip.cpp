#include "offline_zip.h"

#include <zip.h>

#include <algorithm>

namespace dosigate::offline {
namespace {

constexpr std::uint64_t kStep = 1U << 20U;

struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// Why an entry with this description is not read; empty when it can be.
std::string problem_of(const zip_stat_t& about) {
  if ((about.valid & ZIP_STAT_SIZE) == 0) return "the archive does not say how large it is";
  if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
    return "it is encrypted: unpack the archive first";
  return {};
}

}  // namespace

bool is_zip(ByteView start) {
  constexpr std::array<Byte, 4> entry{'P', 'K', 3, 4}, empty{'P', 'K', 5, 6};
  return start.size() >= 4 && (std::equal(entry.begin(), entry.end(), start.begin()) ||
                               std::equal(empty.begin(), empty.end(), start.begin()));
}

Result<std::shared_ptr<ZipArchive>> ZipArchive::open(const std::filesystem::path& file) {
  int code = 0;
  zip_t* opened = zip_open(file.c_str(), ZIP_RDONLY, &code);
  if (opened == nullptr)
    return fail(Fault::NotDicom, "the ZIP archive cannot be opened: " + text_of(code));
  std::shared_ptr<ZipArchive> archive(new ZipArchive(opened));
  if (auto listed = archive->list(std::filesystem::file_size(file)); !listed) return listed.error();
  return archive;
}

ZipArchive::~ZipArchive() { zip_discard(archive_); }

Result<void> ZipArchive::list(std::uint64_t archive_size) {
  const auto count = zip_get_num_entries(archive_, 0);
  if (count > kMostEntries)
    return fail(Fault::Invalid, "the ZIP archive has " + std::to_string(count) +
                                    " entries; at most " + std::to_string(kMostEntries) +
                                    " are read: unpack it first");
  const std::uint64_t allowed = std::max(kAlwaysAllowed, archive_size * kLargestRatio);
  std::uint64_t total = 0;
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    zip_stat_t about;
    zip_stat_init(&about);
    // Raw names: some writers use no UTF-8 and do not say so; they are shown, never opened.
    if (zip_stat_index(archive_, index, ZIP_FL_ENC_RAW, &about) != 0 ||
        (about.valid & ZIP_STAT_NAME) == 0)
      return fail(Fault::NotDicom, "the directory of the ZIP archive is damaged");
    Entry entry{about.name, 0, problem_of(about)};
    if (entry.name.ends_with('/')) continue;
    if (entry.problem.empty()) {
      entry.size = about.size;
      total = about.size > allowed ? allowed + 1 : total + about.size;
    }
    if (total > allowed)
      return fail(Fault::Invalid,
                  "the ZIP archive unpacks to more than " + std::to_string(kLargestRatio) +
                      " times its size, as no study does; if it is one, unpack it first");
    entries_.push_back(std::move(entry));
    indices_.push_back(index);
  }
  return {};
}

Result<Bytes> ZipArchive::read(std::size_t which) {
  const Entry& entry = entries_.at(which);
  if (!entry.problem.empty()) return fail(Fault::NotDicom, entry.problem);
  const std::lock_guard lock(reading_);
  const std::unique_ptr<zip_file_t, CloseEntry> opened(
      zip_fopen_index(archive_, indices_.at(which), 0));
  if (!opened)
    return fail(Fault::NotDicom,
                std::string("the ZIP entry cannot be opened: ") + zip_strerror(archive_));
  // Memory follows what is there, not what is declared. One byte more than declared is asked for:
  // the checksum is verified when the end is seen.
  Bytes content;
  std::size_t filled = 0;
  while (filled <= entry.size) {
    content.resize(filled + static_cast<std::size_t>(std::min(kStep, entry.size + 1 - filled)));
    const auto got = zip_fread(opened.get(), content.data() + filled, content.size() - filled);
    if (got < 0)
      return fail(Fault::NotDicom,
                  std::string("the ZIP entry is damaged: ") + zip_file_strerror(opened.get()));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled != entry.size)
    return fail(Fault::NotDicom, "the ZIP entry holds another number of bytes than it declares");
  content.resize(filled);
  return content;
}

}  // namespace dosigate::offline
