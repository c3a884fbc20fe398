#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <utility>

#include "answer_shape.h"

namespace dosigate {
namespace {

struct FreeWriter {
  void operator()(archive* writing) const noexcept { archive_write_free(writing); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};

class ZipAnswer final : public AnswerShape {
 public:
  explicit ZipAnswer(Sink sink) : sink_(std::move(sink)), archive_(archive_write_new()) {
    archive* const to = archive_.get();
    if (to == nullptr) throw std::bad_alloc();
    check(archive_write_set_format_zip(to));
    check(archive_write_zip_set_compression_store(to));
    check(archive_write_set_bytes_in_last_block(to, 1));  // no padding behind the end
    check(archive_write_open(to, this, nullptr, put, nullptr));
  }
  std::string content_type() const override { return "application/zip"; }
  void file(const std::string& name, std::string_view /*media_type*/, std::uint64_t size) override {
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), std::time(nullptr), 0);
    check(archive_write_header(archive_.get(), entry.get()));
  }
  void write(ByteView bytes) override {
    while (!bytes.empty()) {
      const auto taken = archive_write_data(archive_.get(), bytes.data(), bytes.size());
      if (taken <= 0) check(ARCHIVE_FATAL);
      bytes = bytes.subspan(static_cast<std::size_t>(taken));
    }
  }
  void end() override { check(archive_write_close(archive_.get())); }

 private:
  /// An exception must not pass through the library.
  static la_ssize_t put(archive* to, void* self, const void* bytes, size_t size) noexcept {
    auto& zip = *static_cast<ZipAnswer*>(self);
    try {
      zip.sink_({static_cast<const Byte*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      zip.thrown_ = std::current_exception();
      archive_set_error(to, EIO, "the answer cannot be written");
      return -1;
    }
  }
  void check(int result) {
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
    throw std::runtime_error("cannot write the ZIP archive of an answer");
  }

  const Sink sink_;
  std::unique_ptr<archive, FreeWriter> archive_;
  std::exception_ptr thrown_;
};

}  // namespace

std::unique_ptr<AnswerShape> zip_answer(AnswerShape::Sink sink) {
  return std::make_unique<ZipAnswer>(std::move(sink));
}

}  // namespace dosigate
