#include "shared_sync.h"

#include "dosigate/base/durable_file.h"

namespace dosigate {

void SharedSync::sync(const std::filesystem::path& path) {
  std::unique_lock lock(mutex_);
  Directory& directory = directories_[path];
  ++directory.users;
  if (!directory.next) directory.next = std::make_shared<Round>();
  const std::shared_ptr<Round> mine = directory.next;
  while (!mine->ended) {
    if (directory.running) {
      ended_.wait(lock);
      continue;
    }
    // One that runs already may have looked at the directory before this entry was there, so the
    // next one counts, and one of those who wait for it makes it.
    directory.running = true;
    directory.next.reset();
    lock.unlock();
    std::exception_ptr failure;
    try {
      sync_directory(path);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    directory.running = false;
    mine->ended = true;
    mine->failure = failure;
    ended_.notify_all();
  }
  if (--directory.users == 0) directories_.erase(path);
  if (mine->failure) std::rethrow_exception(mine->failure);
}

}  // namespace dosigate
