#include "dosigate/audit/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "audit_chain.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

std::uint64_t size_of(int fd, const std::filesystem::path& file) {
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + file.string());
  return static_cast<std::uint64_t>(info.st_size);
}

AuditHead head_of(const AuditLink& link) {
  return {link.number, link.number == 0 ? std::string() : to_hex(link.value)};
}

}  // namespace

struct AuditLog::Impl {
  Impl(std::filesystem::path path, FileDescriptor opened, const Keyring& with, WallClock now)
      : file(std::move(path)), fd(std::move(opened)), keys(with), clock(std::move(now)) {}

  void append(std::string_view event, std::string_view actor,
              const std::vector<std::pair<std::string, std::string>>& fields) {
    if (unusable)
      throw std::runtime_error("the audit record " + file.string() +
                               " could not be mended after a failed write; restart the node");
    AuditLink next = last;
    const std::string line = extend(next, keys, clock(), event, actor, fields) + '\n';
    try {
      write_all(fd.get(), as_bytes(line), file);
      sync_data(fd.get(), file);
    } catch (...) {
      // Half a line must not stand before the next one.
      if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) unusable = true;
      throw;
    }
    last = next;
    size += line.size();
  }

  std::filesystem::path file;
  FileDescriptor fd;
  const Keyring& keys;
  WallClock clock;
  mutable std::mutex mutex;  // one line at a time, its sync included: the chain has one end
  AuditLink last;
  std::uint64_t size = 0;
  bool unusable = false;
};

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::~AuditLog() = default;

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::filesystem::path& directory,
                                                 const Keyring& keys, WallClock clock,
                                                 const char* name) {
  make_private_directory(directory);
  const auto file = directory / name;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + file.string());
  FileDescriptor opened(fd);
  sync_directory(directory);
  // Two writers would fork the chain.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail(Fault::Busy, "the audit record " + file.string() +
                                 " is in use by another process; is dosigated running already?");
  const auto chain = walk_chain(fd, file, keys, size_of(fd, file));
  if (!chain) return chain.error();
  auto impl = std::make_unique<Impl>(file, std::move(opened), keys, std::move(clock));
  impl->last = chain->last;
  impl->size = chain->complete_bytes;
  if (chain->cut_bytes > 0) {
    if (::ftruncate(fd, static_cast<off_t>(chain->complete_bytes)) != 0)
      throw std::system_error(errno, std::generic_category(), "truncate " + file.string());
    impl->append("audit.cut-line-removed", "dosigated",
                 {{"bytes", std::to_string(chain->cut_bytes)}});
  }
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(impl)));
}

void AuditLog::record(std::string_view event, std::string_view actor,
                      const std::vector<std::pair<std::string, std::string>>& fields) {
  const std::lock_guard lock(impl_->mutex);
  impl_->append(event, actor, fields);
}

AuditHead AuditLog::head() const {
  const std::lock_guard lock(impl_->mutex);
  return head_of(impl_->last);
}

std::uint64_t AuditLog::bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->size;
}

Result<AuditHead> AuditLog::verify(const std::vector<AuditHead>& heads) const {
  AuditLink last;
  std::uint64_t size = 0, on_disk = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    last = impl_->last;
    size = impl_->size;
    on_disk = size_of(impl_->fd.get(), impl_->file);
  }
  // What is recorded meanwhile comes after these bytes, and need not wait.
  const auto chain = walk_chain(impl_->fd.get(), impl_->file, impl_->keys, size, heads);
  if (!chain) return chain.error();
  // This process knows where the chain ends: lines that were cut off behind its back are seen too.
  if (on_disk != size || chain->cut_bytes > 0 || chain->last.number != last.number ||
      chain->last.value != last.value)
    return broken_chain(impl_->file, chain->last.number + 1,
                        "is missing or was added by someone else");
  return head_of(chain->last);
}

Result<AuditHead> AuditLog::verify_file(const std::filesystem::path& file, const Keyring& keys,
                                        const std::vector<AuditHead>& heads) {
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown))
    return fail(Fault::NotFound, "there is no audit record " + file.string());
  const FileDescriptor opened = open_for_reading(file);
  // The end of a line that is being written, or was cut off by a crash, belongs to nothing yet.
  const auto chain = walk_chain(opened.get(), file, keys, size_of(opened.get(), file), heads);
  if (!chain) return chain.error();
  return head_of(chain->last);
}

}  // namespace dosigate
