#include "support/disk_layer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

// The functions of the C library that change files are defined here once more: the dynamic linker
// then takes these for everything in the process, shared libraries included, and these call the
// C library's own.

namespace dosigate::testing {
namespace {

using Kind = DiskStep::Kind;

struct Layer {
  /// Held over the call itself: the order recorded is the order that happened.
  std::recursive_mutex mutex;
  std::optional<std::filesystem::path> recorded;
  std::chrono::milliseconds each_sync{};
  std::vector<DiskStep> steps;
  std::optional<std::string> hold;
  std::filesystem::path held;
  std::condition_variable_any hold_ended;
  std::optional<DiskFault::Plan> fault;
  std::size_t seen = 0, failed = 0;
  std::string what_failed;
};

Layer& layer() {
  static auto* one = new Layer;  // outlives the destructors of other statics, which close files
  return *one;
}

template <class Function>
Function* real(const char* name) {
  void* found = ::dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function*>(found);
}

bool is_below(const std::filesystem::path& root, const std::filesystem::path& path) {
  const std::string& outer = root.native();
  const std::string& inner = path.native();
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

/// SQLite's index of the WAL is shared memory, made anew after a crash: no part of what lasts.
bool is_memory(const std::filesystem::path& path) { return path.native().ends_with("-shm"); }

std::filesystem::path path_of(int fd) {
  char target[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), target, sizeof(target));
  return size < 0 ? std::filesystem::path()
                  : std::filesystem::path(std::string(target, static_cast<std::size_t>(size)));
}

std::filesystem::path absolute(const char* path) {
  return path[0] == '/' ? std::filesystem::path(path) : std::filesystem::current_path() / path;
}

bool is_watched(const std::filesystem::path& path) {
  const Layer& all = layer();
  return (all.recorded && is_below(*all.recorded, path)) ||
         (all.fault && is_below(all.fault->root, path));
}

bool needs_room(Kind kind) {
  return kind == Kind::Create || kind == Kind::Write || kind == Kind::MakeDirectory;
}

/// Whether the step is to fail; errno is set then.
bool fails(Kind kind, const char* call, const std::filesystem::path& path) {
  Layer& all = layer();
  if (!all.fault || is_memory(path) || !is_below(all.fault->root, path)) return false;
  if (all.fault->error == ENOSPC && !needs_room(kind)) return false;
  if (all.fault->kind && kind != *all.fault->kind) return false;
  if (path.native().find(all.fault->path) == std::string::npos) return false;
  const std::size_t turn = all.seen++;
  if (turn < all.fault->first || (turn > all.fault->first && !all.fault->lasting)) return false;
  if (all.failed++ == 0) all.what_failed = std::string(call) + " " + path.string();
  errno = all.fault->error;
  return true;
}

void hold_up(Kind kind, const std::filesystem::path& path,
             std::unique_lock<std::recursive_mutex>& lock) {
  Layer& all = layer();
  if (!all.hold || kind != Kind::Unlink || !all.held.empty() ||
      path.native().find(*all.hold) == std::string::npos)
    return;
  all.held = path;
  all.hold_ended.wait(lock, [&] { return !all.hold.has_value(); });
}

void record(DiskStep step) {
  Layer& all = layer();
  if (!all.recorded || is_memory(step.path) || !is_below(*all.recorded, step.path)) return;
  const int before = errno;
  all.steps.push_back(std::move(step));
  errno = before;
}

int open_as(const char* name, const char* path, int flags, mode_t mode) {
  using Open = int(const char*, int, ...);
  if ((flags & O_CREAT) == 0) return real<Open>(name)(path, flags, mode);
  const std::lock_guard lock(layer().mutex);
  const auto whole = absolute(path);
  struct stat info {};
  const bool is_new = is_watched(whole) && ::stat(path, &info) != 0;
  if (is_new && fails(Kind::Create, "open", whole)) return -1;
  const int fd = real<Open>(name)(path, flags, mode);
  if (fd >= 0 && is_new) record({Kind::Create, whole});
  if (fd >= 0 && (flags & O_TRUNC) != 0 && !is_new) record({Kind::Truncate, whole});
  return fd;
}

template <class Call>
ssize_t write_as(const char* name, int fd, const void* data, std::optional<off_t> offset,
                 const Call& call) {
  const std::lock_guard lock(layer().mutex);
  const auto path = path_of(fd);
  if (!is_watched(path)) return call();
  if (fails(Kind::Write, name, path)) return -1;
  const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  struct stat info {};
  ::fstat(fd, &info);
  const off_t at = offset ? *offset : appends ? info.st_size : ::lseek(fd, 0, SEEK_CUR);
  const ssize_t written = call();
  if (written > 0) {
    const auto* bytes = static_cast<const Byte*>(data);
    record({Kind::Write, path, {}, static_cast<std::uint64_t>(at), {bytes, bytes + written}});
  }
  return written;
}

int sync_as(const char* name, int fd) {
  std::unique_lock lock(layer().mutex);
  const auto path = path_of(fd);
  if (!is_watched(path)) return real<int(int)>(name)(fd);
  struct stat info {};
  ::fstat(fd, &info);
  const Kind kind = S_ISDIR(info.st_mode) ? Kind::SyncDirectory : Kind::Sync;
  if (const auto longer = layer().each_sync; kind == Kind::SyncDirectory && longer.count() > 0) {
    lock.unlock();  // others go on meanwhile
    std::this_thread::sleep_for(longer);
    lock.lock();
  }
  if (fails(kind, name, path)) return -1;
  const int result = real<int(int)>(name)(fd);
  if (result == 0) record({kind, path});
  return result;
}

template <class Call>
int truncate_as(const char* name, int fd, off_t size, const Call& call) {
  const std::lock_guard lock(layer().mutex);
  const auto path = path_of(fd);
  if (!is_watched(path)) return call();
  if (fails(Kind::Truncate, name, path)) return -1;
  const int result = call();
  if (result == 0) record({Kind::Truncate, path, {}, static_cast<std::uint64_t>(size)});
  return result;
}

template <class Call>
int entry_as(const char* name, Kind kind, const std::filesystem::path& path,
             const std::filesystem::path& to, const Call& call) {
  std::unique_lock lock(layer().mutex);
  hold_up(kind, path, lock);
  if (!is_watched(path)) return call();
  if (fails(kind, name, path)) return -1;
  const int result = call();
  if (result == 0) record({kind, path, to});
  return result;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

DiskRecording::DiskRecording(std::filesystem::path root, std::chrono::milliseconds each_sync) {
  const std::lock_guard lock(layer().mutex);
  layer().steps.clear();
  layer().recorded = std::move(root);
  layer().each_sync = each_sync;
}

DiskRecording::~DiskRecording() {
  const std::lock_guard lock(layer().mutex);
  layer().recorded.reset();
  layer().each_sync = {};
}

void DiskRecording::mark(const std::string& word) {
  const std::lock_guard lock(layer().mutex);
  layer().steps.push_back({Kind::Mark, word});
}

std::vector<DiskStep> DiskRecording::steps() {
  const std::lock_guard lock(layer().mutex);
  return layer().steps;
}

DiskHold::DiskHold(std::string path) {
  const std::lock_guard lock(layer().mutex);
  layer().held.clear();
  layer().hold = std::move(path);
}

DiskHold::~DiskHold() {
  const std::lock_guard lock(layer().mutex);
  layer().hold.reset();
  layer().hold_ended.notify_all();
}

std::filesystem::path DiskHold::held() {
  const std::lock_guard lock(layer().mutex);
  return layer().held;
}

DiskFault::DiskFault(Plan plan) {
  const std::lock_guard lock(layer().mutex);
  layer().seen = layer().failed = 0;
  layer().what_failed.clear();
  layer().fault = std::move(plan);
}

DiskFault::~DiskFault() {
  const std::lock_guard lock(layer().mutex);
  layer().fault.reset();
}

std::size_t DiskFault::failed() {
  const std::lock_guard lock(layer().mutex);
  return layer().failed;
}

std::string DiskFault::what_failed() {
  const std::lock_guard lock(layer().mutex);
  return layer().what_failed;
}

}  // namespace dosigate::testing

using namespace dosigate::testing;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_as("open64", path, flags, mode);
}

ssize_t write(int fd, const void* data, size_t size) {
  using Write = ssize_t(int, const void*, size_t);
  return write_as("write", fd, data, std::nullopt,
                  [&] { return real<Write>("write")(fd, data, size); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  using Write = ssize_t(int, const void*, size_t, off_t);
  return write_as("pwrite", fd, data, offset,
                  [&] { return real<Write>("pwrite")(fd, data, size, offset); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  using Write = ssize_t(int, const void*, size_t, off64_t);
  return write_as("pwrite64", fd, data, offset,
                  [&] { return real<Write>("pwrite64")(fd, data, size, offset); });
}

int ftruncate(int fd, off_t size) noexcept {
  return truncate_as("ftruncate", fd, size,
                     [&] { return real<int(int, off_t)>("ftruncate")(fd, size); });
}

int ftruncate64(int fd, off64_t size) noexcept {
  return truncate_as("ftruncate64", fd, size,
                     [&] { return real<int(int, off64_t)>("ftruncate64")(fd, size); });
}

int fsync(int fd) { return sync_as("fsync", fd); }
int fdatasync(int fd) { return sync_as("fdatasync", fd); }

int rename(const char* from, const char* to) noexcept {
  return entry_as("rename", Kind::Rename, absolute(from), absolute(to),
                  [&] { return real<int(const char*, const char*)>("rename")(from, to); });
}

int unlink(const char* path) noexcept {
  return entry_as("unlink", Kind::Unlink, absolute(path), {},
                  [&] { return real<int(const char*)>("unlink")(path); });
}

/// As std::filesystem::remove_all calls it.
int unlinkat(int directory, const char* path, int flags) noexcept {
  const auto whole = directory == AT_FDCWD ? absolute(path) : path_of(directory) / path;
  return entry_as("unlinkat", Kind::Unlink, whole, {}, [&] {
    return real<int(int, const char*, int)>("unlinkat")(directory, path, flags);
  });
}

/// As std::filesystem::remove calls it.
int remove(const char* path) noexcept {
  return entry_as("remove", Kind::Unlink, absolute(path), {},
                  [&] { return real<int(const char*)>("remove")(path); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return entry_as("mkdir", Kind::MakeDirectory, absolute(path), {},
                  [&] { return real<int(const char*, mode_t)>("mkdir")(path, mode); });
}

}  // extern "C"
