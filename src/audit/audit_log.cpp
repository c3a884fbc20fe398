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

#include "audit_line.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

constexpr std::size_t kReadAhead = 1U << 20U;
/// Longer than any line of ours: a file without line ends is not read into memory as one line.
constexpr std::size_t kLongestLine = 1U << 20U;

Error broken_at(const std::filesystem::path& file, std::uint64_t line, const char* what) {
  return fail(Fault::Corrupt, "the audit record " + file.string() + " was changed: line " +
                                  std::to_string(line) + " " + what +
                                  "; keep the file as evidence, find out who wrote to it, and move "
                                  "it away to start a new record");
}

struct Chain {
  AuditLink last;
  std::uint64_t complete_bytes = 0;  ///< up to and with the last line end
  std::uint64_t cut_bytes = 0;       ///< after it: a line that a crash cut off
};

/// Checks the first `size` bytes of the file from the first line on.
Result<Chain> walk(int fd, const std::filesystem::path& file, const Keyring& keys,
                   std::uint64_t size) {
  Chain chain;
  std::string pending;
  Bytes block(kReadAhead);
  for (std::uint64_t at = 0; at < size;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size - at));
    if (!read_exactly_at(fd, std::span(block).first(count), at, file))
      return broken_at(file, chain.last.number + 1, "is missing: the file became shorter");
    at += count;
    pending += as_text(ByteView(block).first(count));
    std::size_t from = 0;
    for (std::size_t end; (end = pending.find('\n', from)) != std::string::npos; from = end + 1) {
      const std::string_view line = std::string_view(pending).substr(from, end - from);
      if (const char* wrong = follow(chain.last, line, keys))
        return broken_at(file, chain.last.number + 1, wrong);
      chain.complete_bytes += line.size() + 1;
    }
    pending.erase(0, from);
    if (pending.size() > kLongestLine) return broken_at(file, chain.last.number + 1, "has no end");
  }
  chain.cut_bytes = pending.size();
  return chain;
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
                                                 const Keyring& keys, WallClock clock) {
  make_private_directory(directory);
  const auto file = directory / "audit.jsonl";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + file.string());
  FileDescriptor opened(fd);
  sync_directory(directory);
  // Two writers would fork the chain.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail(Fault::Busy, "the audit record " + file.string() +
                                 " is in use by another process; is dosigated running already?");
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + file.string());

  const auto chain = walk(fd, file, keys, static_cast<std::uint64_t>(info.st_size));
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

Result<std::uint64_t> AuditLog::verify() const {
  const std::lock_guard lock(impl_->mutex);
  struct stat info {};
  if (::fstat(impl_->fd.get(), &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + impl_->file.string());
  const auto chain =
      walk(impl_->fd.get(), impl_->file, impl_->keys, static_cast<std::uint64_t>(info.st_size));
  if (!chain) return chain.error();
  // This process knows where the chain ends: lines that were cut off behind its back are seen too.
  if (chain->cut_bytes > 0 || chain->last.number != impl_->last.number ||
      chain->last.value != impl_->last.value)
    return broken_at(impl_->file, chain->last.number + 1,
                     "is missing or was added by someone else");
  return chain->last.number;
}

}  // namespace dosigate
