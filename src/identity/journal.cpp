#include "journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/seal.h"

namespace dosigate {
namespace {

constexpr std::string_view kMagic = "DSGJRNL1";
constexpr std::size_t kHeadSize = 48;
constexpr std::size_t kFrameSize = 8;
constexpr std::uint32_t kLongestRecord = 64U << 20U;

std::filesystem::path file_in(const std::filesystem::path& directory) {
  return directory / "identity.journal";
}

std::uint64_t size_of(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + path.string());
  return static_cast<std::uint64_t>(info.st_size);
}

void cut(int fd, std::uint64_t size, const std::filesystem::path& path) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "cut off the torn end of " + path.string());
  }
}

/// True when all bytes from `at` to the end are zero: a file system may lengthen a file before its
/// bytes arrive.
bool is_frame(std::uint32_t length, std::uint32_t complement) {
  return complement == ~length && length <= kLongestRecord;
}

/// Whether what stands from `at` on can be the last record, of which the disk has not written the
/// beginning: its frame ends with zeros, as no whole frame does, and no other frame follows. Blocks
/// of one write may reach the disk in any order.
bool lacks_its_beginning(int fd, std::uint64_t at, std::uint64_t end,
                         const std::filesystem::path& path) {
  if (end - at > kFrameSize + std::uint64_t{kLongestRecord}) return false;
  Bytes rest(static_cast<std::size_t>(end - at));
  if (!read_exactly_at(fd, rest, at, path) || rest[kFrameSize - 1] != 0) return false;
  for (std::size_t i = 1; i + kFrameSize <= rest.size(); ++i) {
    Unpacker lengths(ByteView(rest).subspan(i, kFrameSize));
    const std::uint32_t length = lengths.u32();
    if (is_frame(length, lengths.u32()) && length > 0) return false;
  }
  return true;
}

}  // namespace

Journal::Journal(std::filesystem::path path, FileDescriptor file, const Keyring& keys)
    : path_(std::move(path)), file_(std::move(file)), keys_(&keys) {}

Journal Journal::create(const std::filesystem::path& directory, const Keyring& keys,
                        long long now) {
  const std::filesystem::path path = file_in(directory);
  const Bytes head = make_head(random_id(), keys, now);
  // As a whole or not at all: a head torn by a crash would look like somebody else's file.
  if (std::filesystem::exists(path)) {
    throw std::system_error(EEXIST, std::generic_category(), "create " + path.string());
  }
  replace_file(path, head);

  auto opened = open(directory, keys);
  if (!opened) throw std::runtime_error(opened.error().detail);
  return std::move(*opened);
}

Bytes Journal::make_head(const InstanceId& id, const Keyring& keys, long long now) {
  // Reserved first: g++ 12 at -O2 warns of a growing vector here (-Warray-bounds), wrongly.
  const Bytes created = Packer().u64(static_cast<std::uint64_t>(now)).take();
  Bytes head;
  head.reserve(kMagic.size() + id.size() + keys.id().size() + created.size());
  head.insert(head.end(), kMagic.begin(), kMagic.end());
  head.insert(head.end(), id.begin(), id.end());
  head.insert(head.end(), keys.id().begin(), keys.id().end());
  head.insert(head.end(), created.begin(), created.end());
  return head;
}

void Journal::rewrite(long long now, const std::function<void(Journal&)>& fill) {
  std::filesystem::path unfinished = path_;
  unfinished += ".new";
  ::unlink(unfinished.c_str());  // left by a crash
  Journal next(unfinished, create_new_file(unfinished), *keys_);
  next.id_ = random_id();
  const Bytes head = make_head(next.id_, *keys_, now);
  write_all(next.file_.get(), head, unfinished);
  next.head_hash_ = sha256(head);
  next.last_hash_ = next.head_hash_;
  next.end_ = head.size();
  next.chain_ = chain_;
  next.chain_.before.emplace_back(id_, last_);
  try {
    MapChanges first;
    first.push_back(next.chain_);
    next.append(pack_changes(first));
    fill(next);
    next.sync();
    fail_point("journal.before-rename");
    std::filesystem::rename(unfinished, path_);
  } catch (...) {
    ::unlink(unfinished.c_str());
    throw;
  }
  // The old file has no name any more: a record in it would be lost.
  next.path_ = path_;
  *this = std::move(next);
  broken_ = true;
  sync_directory(path_.parent_path());
  broken_ = false;
  fail_point("journal.after-rename");
}

std::optional<std::uint64_t> Journal::continued_from(ByteView id) const {
  for (const auto& [before, last] : chain_.before)
    if (std::equal(id.begin(), id.end(), before.begin(), before.end())) return last;
  return std::nullopt;
}

Result<Journal> Journal::open(const std::filesystem::path& directory, const Keyring& keys) {
  const std::filesystem::path path = file_in(directory);
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return fail(Fault::NotFound, "no journal " + path.string());
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + path.string());
  Journal journal(path, FileDescriptor(fd), keys);
  if (auto head = journal.read_head(); !head) return head.error();
  if (auto records = journal.read_records(
          0,
          [&](std::uint64_t number, ByteView plain) {
            if (number != 1) return;
            auto changes = unpack_changes(plain);
            if (!changes || changes->empty()) return;  // said when it is replayed
            if (auto* chain = std::get_if<JournalContinues>(&changes->front()))
              journal.chain_ = std::move(*chain);
          },
          true);
      !records)
    return records.error();
  return journal;
}

Result<void> Journal::read_head() {
  Bytes head(kHeadSize);
  if (!read_exactly_at(file_.get(), head, 0, path_) ||
      as_text(head).substr(0, kMagic.size()) != kMagic) {
    return fail(Fault::Corrupt, path_.string() + " is not a journal of the pseudonym map");
  }
  std::copy_n(head.begin() + 8, id_.size(), id_.begin());
  if (!std::equal(keys_->id().begin(), keys_->id().end(), head.begin() + 24)) {
    return fail(Fault::Conflict,
                path_.string() +
                    " was written under another keyring: restore the keyring that belongs to it, "
                    "or configure another journal_dir");
  }
  head_hash_ = sha256(head);
  return {};
}

std::string Journal::place(std::uint64_t number, const Digest& previous) const {
  return "journal/" + to_hex(id_) + "/" + std::to_string(number) + "/" + to_hex(previous);
}

Result<void> Journal::read_records(std::uint64_t after,
                                   const std::function<void(std::uint64_t, ByteView)>& use,
                                   bool may_cut) {
  const std::uint64_t size = size_of(file_.get(), path_);
  std::uint64_t at = kHeadSize, begin_of_last = kHeadSize;
  std::uint64_t number = 0;
  Digest previous = head_hash_;
  bool torn = false;
  const auto corrupt = [&] {
    return fail(
        Fault::Corrupt,
        path_.string() + ": record " + std::to_string(number + 1) +
            " does not open; restore the journal from its disk's backup. If it is lost for good, "
            "move "
            "the file away and start once without journal_dir: with it again, a new one is begun");
  };

  // Only the last record may be torn, because each is synced before the next is written. Damage
  // before it is an error: cutting there would forget patients.
  while (at < size && !torn) {
    if (size - at < kFrameSize) {
      torn = true;
      break;
    }
    Bytes frame(kFrameSize);
    if (!read_exactly_at(file_.get(), frame, at, path_)) return corrupt();
    Unpacker lengths(frame);
    const std::uint32_t length = lengths.u32();
    if (!is_frame(length, lengths.u32())) {
      if (!lacks_its_beginning(file_.get(), at, size, path_)) return corrupt();
      torn = true;
      break;
    }
    if (size - at - kFrameSize < length) {
      torn = true;
      break;
    }
    Bytes sealed(length);
    if (!read_exactly_at(file_.get(), sealed, at + kFrameSize, path_)) return corrupt();
    auto plain = unseal(*keys_, Purpose::Journal, sealed, place(number + 1, previous));
    if (!plain && plain.error().fault == Fault::Denied)
      return plain.error();  // key version unknown: not torn
    if (!plain && at + kFrameSize + length < size) return corrupt();
    if (!plain) {
      torn = true;
      break;
    }
    ++number;
    if (number > after) use(number, *plain);
    wipe(plain->data(), plain->size());
    previous = sha256(sealed);
    begin_of_last = at;
    at += kFrameSize + length;
  }
  if (torn && !may_cut) return corrupt();
  if (torn) cut(file_.get(), at, path_);
  if (may_cut) write_anew(begin_of_last, at);
  last_ = number;
  last_hash_ = previous;
  end_ = at;
  return {};
}

void Journal::write_anew(std::uint64_t from, std::uint64_t to) {
  Bytes last(static_cast<std::size_t>(to - from));
  if (!read_exactly_at(file_.get(), last, from, path_))
    throw std::runtime_error(path_.string() + " became shorter while it was read");
  write_at(from, last);
  sync_data(file_.get(), path_);
  sync_directory(path_.parent_path());
}

void Journal::write_at(std::uint64_t at, ByteView bytes) {
  if (::lseek(file_.get(), static_cast<off_t>(at), SEEK_SET) < 0)
    throw std::system_error(errno, std::generic_category(), "seek " + path_.string());
  write_all(file_.get(), bytes, path_);
}

void Journal::must_not_be_broken() const {
  if (!broken_) return;
  throw std::system_error(
      EIO, std::generic_category(),
      path_.string() + " could not be synced before: restart the node once the disk is well");
}

std::uint64_t Journal::append(ByteView plain) {
  must_not_be_broken();
  const Bytes sealed = seal(*keys_, Purpose::Journal, plain, place(last_ + 1, last_hash_));
  // Nobody would read it again.
  if (sealed.size() > kLongestRecord)
    throw std::length_error("one change is longer than a record of the journal: make it in parts");
  const auto length = static_cast<std::uint32_t>(sealed.size());
  Bytes record = Packer().u32(length).u32(~length).take();
  record.insert(record.end(), sealed.begin(), sealed.end());

  // Set before writing: whatever interrupts the write leaves the journal refusing, unless the cut
  // below succeeds.
  broken_ = true;
  try {
    write_at(end_, record);
  } catch (const std::system_error&) {
    cut(file_.get(), end_, path_);  // disk full is a state that passes
    broken_ = false;
    throw;
  }
  broken_ = false;
  end_ += record.size();
  last_hash_ = sha256(sealed);
  return ++last_;
}

void Journal::sync() {
  broken_ = true;
  sync_data(file_.get(), path_);
  broken_ = false;
}

Result<void> Journal::replay(std::uint64_t after,
                             const std::function<void(std::uint64_t, ByteView)>& use) {
  must_not_be_broken();  // what is read may be in the kernel's cache only
  const std::uint64_t known = last_;
  if (auto read = read_records(after, use, false); !read) return read;
  if (last_ < known)
    return fail(Fault::Corrupt, path_.string() + " became shorter while it was in use");
  return {};
}

}  // namespace dosigate
