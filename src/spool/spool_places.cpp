#include "spool_places.h"

#include <sys/stat.h>
#include <unistd.h>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

/// The sync that they share is a small part of what each instance costs, and who has to wait for
/// all of them waits about as long as for one instance.
constexpr std::size_t kAtOnce = 32;

/// A file may have waited for days: meanwhile somebody may have removed what is empty.
bool has_entry(const FileDescriptor& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 && info.st_nlink > 0;
}

}  // namespace

SpoolPlaces::~SpoolPlaces() {
  for (const Ready& unused : ready_) ::unlink(files_.path(unused.id).c_str());
}

SpoolPlace SpoolPlaces::take() {
  const std::lock_guard lock(mutex_);
  for (;;) {
    if (ready_.empty()) make_more();
    Ready last = std::move(ready_.back());
    ready_.pop_back();
    if (has_entry(last.file)) return {*this, last.id, std::move(last.file)};
  }
}

void SpoolPlaces::make_more() {
  const InstanceId like = new_instance_id();  // all in its directory
  std::vector<Ready> made;
  made.reserve(kAtOnce);
  try {
    while (made.size() < kAtOnce) {
      InstanceId id = random_id();
      id[0] = like[0];
      made.push_back({id, create_new_file(files_.path(id))});
    }
    entries_.sync(files_.path(like).parent_path());
  } catch (...) {
    for (const Ready& useless : made) ::unlink(files_.path(useless.id).c_str());
    throw;
  }
  ready_ = std::move(made);
}

void SpoolPlaces::put_back(Ready unused) noexcept {
  const std::lock_guard lock(mutex_);
  if (ready_.size() < kAtOnce)
    ready_.push_back(std::move(unused));  // there is memory for as many
  else
    ::unlink(files_.path(unused.id).c_str());
}

SpoolPlace::SpoolPlace(SpoolPlaces& owner, const InstanceId& id, FileDescriptor file)
    : owner_(owner), id_(id), file_(std::move(file)) {}

SpoolPlace::~SpoolPlace() {
  if (file_) owner_.put_back({id_, std::move(file_)});
}

}  // namespace dosigate
