#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/sealed_file.h"
#include "sealed_head.h"

namespace dosigate {

using namespace sealed;

// The head is shorter than any disk sector and stands at the beginning of one, so a power cut
// leaves the old head or the new one, and the keyring holds both versions until every file is done.
static_assert(kHead <= 512);

Result<bool> rewrap_sealed_file(const Keyring& keys, Purpose purpose,
                                const std::filesystem::path& path) {
  // What has no authenticated end is nobody's yet: it is not touched.
  if (auto whole = SealedFileReader::open(keys, purpose, path); !whole) return whole.error();

  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file && errno == ENOENT)
    return fail(Fault::NotFound, "the sealed file " + path.string() + " does not exist");
  if (!file) throw std::system_error(errno, std::generic_category(), "open " + path.string());
  std::array<Byte, kHead> stored;
  if (!read_exactly_at(file.get(), stored, 0, path)) return corrupt(path, kIncomplete);
  const auto head = open_head(keys, purpose, path, stored);
  if (!head) return head.error();
  const auto newest = keys.current(purpose);
  if (head->version == newest.version) return false;

  const Bytes fresh = make_head(newest, purpose, head->id, head->created, head->data_key);
  if (::pwrite(file.get(), fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size()))
    throw std::system_error(errno, std::generic_category(), "write the head of " + path.string());
  sync_data(file.get(), path);
  fail_point("sealed-file.after-rewrap");
  return true;
}

}  // namespace dosigate
