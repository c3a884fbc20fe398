// LD_PRELOAD: a disk whose syncs take longer. DOSIGATE_BENCH_SYNC_MS = so many ms before each
// fsync and fdatasync, as a hospital's rotating disks have it; -1 = no sync at all, to build in
// minutes what no figure is taken of.

#include <dlfcn.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

int delayed(const char* name, int fd) {
  static const char* const text = std::getenv("DOSIGATE_BENCH_SYNC_MS");
  static const int ms = text == nullptr ? 0 : std::atoi(text);
  if (ms < 0) return 0;
  if (ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return delayed("fsync", fd); }
extern "C" int fdatasync(int fd) { return delayed("fdatasync", fd); }
