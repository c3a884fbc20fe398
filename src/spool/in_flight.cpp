#include "in_flight.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace dosigate {
namespace {

constexpr std::size_t kSlot = 128;  ///< its first byte: 0 = free, else the length of what follows
constexpr std::size_t kLongestName = 100;

[[noreturn]] void broken(const char* step, const std::filesystem::path& path) {
  throw std::system_error(errno, std::generic_category(), std::string(step) + " " + path.string());
}

}  // namespace

InFlight::InFlight(std::filesystem::path file)
    : path_(std::move(file)),
      file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!file_) broken("open", path_);
}

std::vector<InFlight::Entry> InFlight::left_over() const {
  std::vector<Entry> out;
  std::array<Byte, kSlot> slot{};
  for (std::uint64_t at = 0; read_exactly_at(file_.get(), slot, at, path_); at += kSlot) {
    Unpacker in(ByteView(slot).subspan(1, std::min<std::size_t>(slot[0], kSlot - 1)));
    const Bytes id = in.bytes();
    Entry entry{{}, in.text()};
    // After a power cut anything may stand here: what does not read was not written whole.
    if (!in.done() || id.size() != entry.id.size()) continue;
    std::copy(id.begin(), id.end(), entry.id.begin());
    out.push_back(std::move(entry));
  }
  return out;
}

void InFlight::clear() {
  if (::ftruncate(file_.get(), 0) != 0) broken("truncate", path_);
}

InFlight::Mark InFlight::add(const InstanceId& id, const std::string& destination) {
  if (destination.size() > kLongestName)
    throw std::length_error("the name of a destination has at most 100 bytes");
  const Bytes content = Packer().bytes(id).text(destination).take();
  std::array<Byte, kSlot> entry{static_cast<Byte>(content.size())};
  std::copy(content.begin(), content.end(), entry.begin() + 1);
  std::size_t slot = 0;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) free_.push_back(slots_++);
    slot = free_.back();
    free_.pop_back();
  }
  Mark mark(*this, slot);
  write(slot, entry);
  return mark;
}

void InFlight::write(std::size_t slot, ByteView entry) const {
  ssize_t written = 0;
  do {
    written = ::pwrite(file_.get(), entry.data(), entry.size(), static_cast<off_t>(slot * kSlot));
  } while (written < 0 && errno == EINTR);
  if (written < 0) broken("write", path_);
  if (written != static_cast<ssize_t>(entry.size())) {
    errno = ENOSPC;
    broken("write", path_);
  }
}

void InFlight::remove(std::size_t slot) noexcept try {
  write(slot, std::array<Byte, 1>{});
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
} catch (...) {
  // It stays, and so does the slot: at the next start an instance that was answered is believed
  // to have been sent, which it was.
}

}  // namespace dosigate
