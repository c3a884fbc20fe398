#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <exception>
#include <memory>

#include "upload.h"

namespace dosigate {
namespace {

struct FreeReader {
  void operator()(archive* reading) const noexcept { archive_read_free(reading); }
};

class ZipUpload final : public Upload {
 public:
  ZipUpload(RequestBody& body, const UploadLimits& limits)
      : body_(body), limits_(limits), piece_(256U << 10U), archive_(archive_read_new()) {
    if (!archive_) throw std::bad_alloc();
    archive_read_support_format_zip_streamable(archive_.get());
    archive_read_set_callback_data(archive_.get(), this);
    archive_read_set_read_callback(archive_.get(), [](archive*, void* self, const void** into) {
      return static_cast<ZipUpload*>(self)->more(into);
    });
  }

  Result<bool> next() override {
    if (!opened_) {
      if (archive_read_open1(archive_.get()) != ARCHIVE_OK) return broken();
      opened_ = true;
    }
    // Here and not in the library, which would unpack it without a limit.
    while (in_file_) {
      const auto skipped = read(waste_);
      if (!skipped) return skipped.error();
      in_file_ = *skipped > 0;
    }
    for (;;) {
      archive_entry* entry = nullptr;
      const int found = archive_read_next_header(archive_.get(), &entry);
      if (found == ARCHIVE_EOF) return false;
      if (found != ARCHIVE_OK && found != ARCHIVE_WARN) return broken();
      if (archive_entry_is_encrypted(entry) != 0)
        return fail(Fault::NotDicom,
                    "the ZIP archive is encrypted: send one that needs no password");
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      if (++files_ > limits_.max_files)
        return fail(Fault::Busy, "the ZIP archive has more files than [http] max_parts allows");
      in_file_ = true;
      return true;
    }
  }

  Result<std::size_t> read(std::span<Byte> into) override {
    const auto got = archive_read_data(archive_.get(), into.data(), into.size());
    if (got < 0) return broken();
    unpacked_ += static_cast<std::uint64_t>(got);
    if (unpacked_ > limits_.max_unpacked_bytes)
      return fail(Fault::Busy, "the ZIP archive unpacks to more than [http] max_unpacked_gb");
    if (unpacked_ > limits_.ratio_above && unpacked_ / limits_.max_ratio > packed_)
      return fail(Fault::Busy, "the ZIP archive unpacks to " + std::to_string(limits_.max_ratio) +
                                   " times its own size: no study does");
    return static_cast<std::size_t>(got);
  }

 private:
  /// The next packed bytes. An exception must not pass through the library.
  la_ssize_t more(const void** into) noexcept try {
    const std::size_t got = body_.read(piece_);
    packed_ += got;
    *into = piece_.data();
    return static_cast<la_ssize_t>(got);
  } catch (...) {
    thrown_ = std::current_exception();
    archive_set_error(archive_.get(), EIO, "the request has ended");
    return -1;
  }
  /// The library's words may name a file, and a file a person.
  Error broken() {
    if (thrown_) std::rethrow_exception(thrown_);
    return fail(Fault::NotDicom, "the ZIP archive is damaged, or no ZIP archive");
  }

  RequestBody& body_;
  const UploadLimits limits_;
  Bytes piece_;
  std::unique_ptr<archive, FreeReader> archive_;
  std::exception_ptr thrown_;
  Bytes waste_ = Bytes(64U << 10U);
  bool opened_ = false, in_file_ = false;
  unsigned files_ = 0;
  std::uint64_t packed_ = 0, unpacked_ = 0;
};

}  // namespace

std::unique_ptr<Upload> zip_upload(RequestBody& body, const UploadLimits& limits) {
  return std::make_unique<ZipUpload>(body, limits);
}

}  // namespace dosigate
