#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/sealed_file.h"
#include "sealed_head.h"

namespace dosigate {

using namespace sealed;

namespace {

/// Eight chunks per system call; measured, larger writes gain nothing.
constexpr std::size_t kOutput = 8 * (kChunkMax + kChunkOverhead);

/// Of a large file, that the disk takes at a time.
constexpr std::uint64_t kWindow = 4U << 20U;

}  // namespace

SealedFileWriter::SealedFileWriter(const Keyring& keys, std::filesystem::path path,
                                   const InstanceId& id, std::uint64_t created_unix,
                                   FileDescriptor empty)
    : keys_(keys),
      path_(std::move(path)),
      id_(id),
      created_(created_unix),
      data_key_(random_secret()),
      aead_(std::make_unique<Aead>(data_key_.reveal(), Aead::Direction::Encrypt)),
      size_(kHead) {
  const std::span<Byte> head = extend_output(kHead);
  std::fill(head.begin(), head.end(), Byte{0});
  // Nothing may throw from here on: the destructor of a half-made object would not remove the file.
  file_ = empty ? std::move(empty) : create_new_file(path_);
}

SealedFileWriter::~SealedFileWriter() { abandon(); }

void SealedFileWriter::abandon() noexcept {
  if (!file_) return;
  ::unlink(path_.c_str());  // if even this fails, start-up removes it: it has no end
  file_ = FileDescriptor();
}

void SealedFileWriter::write(Section section, ByteView plain) {
  if (!file_)
    throw std::logic_error("a sealed file that is finished or failed takes no more bytes");
  if (section == Section::End || place_of(section) < place_of(section_))
    throw std::logic_error("sections of a sealed file are written in the order of the file");
  try {
    put(section, plain);
  } catch (...) {
    abandon();
    throw;
  }
}

void SealedFileWriter::put(Section section, ByteView plain) {
  if (section != section_) flush_chunk();
  section_ = section;
  while (!plain.empty()) {
    if (pending_.empty() && plain.size() >= kChunkMax) {  // a whole chunk needs no copy
      put_chunk(section, plain.first(kChunkMax));
      plain = plain.subspan(kChunkMax);
      continue;
    }
    const std::size_t count = std::min(kChunkMax - pending_.size(), plain.size());
    pending_.insert(pending_.end(), plain.begin(),
                    plain.begin() + static_cast<std::ptrdiff_t>(count));
    plain = plain.subspan(count);
    if (pending_.size() == kChunkMax) flush_chunk();
  }
}

void SealedFileWriter::flush_chunk() {
  if (!pending_.empty()) put_chunk(section_, pending_);
  pending_.clear();
}

void SealedFileWriter::put_chunk(Section section, ByteView plain) {
  const ChunkFrame frame(section, plain.size(), section == Section::End ? 0 : chunks_, id_);
  const std::span<Byte> chunk = extend_output(kChunkOverhead + plain.size());
  std::copy(frame.stored_head().begin(), frame.stored_head().end(), chunk.begin());
  aead_->encrypt(frame.nonce, plain, frame.associated, chunk.subspan(kChunkHead));
  ++chunks_;
  size_ += chunk.size();
  if (section != Section::End) lengths_[section_index(section)] += plain.size();
  if (filled_ >= kOutput) flush_output();
}

std::span<Byte> SealedFileWriter::extend_output(std::size_t size) {
  if (filled_ + size > capacity_) {
    // A file that grows: once, not step by step.
    capacity_ = std::max(size >= kChunkMax ? kOutput + kChunkMax : 2 * capacity_, filled_ + size);
    auto larger = std::make_unique_for_overwrite<Byte[]>(capacity_);
    std::copy_n(output_.get(), filled_, larger.get());
    output_ = std::move(larger);
  }
  filled_ += size;
  return {output_.get() + (filled_ - size), size};
}

void SealedFileWriter::flush_output() {
  write_all(file_.get(), {output_.get(), filled_}, path_);
  written_ += filled_;
  filled_ = 0;
  if (written_ - behind_ >= kWindow) write_behind();
}

/// The disk takes one window while the next is being filled: what waits in memory for the sync at
/// the end is bounded. No durability comes of it.
void SealedFileWriter::write_behind() {
  const auto range = [this](std::uint64_t from, unsigned how) {
    // Some file systems have none of it; the sync at the end does all the work then.
    if (::sync_file_range(file_.get(), static_cast<off64_t>(from), kWindow, how) != 0 &&
        errno != ESPIPE && errno != EINVAL && errno != ENOSYS)
      throw std::system_error(errno, std::generic_category(), "write back " + path_.string());
  };
  range(behind_, SYNC_FILE_RANGE_WRITE);
  if (behind_ >= kWindow)
    range(behind_ - kWindow,
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  behind_ += kWindow;
}

void SealedFileWriter::write_head(Purpose purpose) {
  const Bytes head = make_head(keys_.current(purpose), purpose, id_, created_, data_key_);
  if (written_ == 0) {
    std::copy(head.begin(), head.end(), output_.get());
  } else if (::pwrite(file_.get(), head.data(), head.size(), 0) !=
             static_cast<ssize_t>(head.size())) {
    throw std::system_error(errno, std::generic_category(), "write the head of " + path_.string());
  }
}

std::uint64_t SealedFileWriter::finish(Purpose purpose, ByteView card) {
  if (!file_) throw std::logic_error("a sealed file is finished once");
  try {
    if (card.size() > kCardMax)
      throw std::length_error("the card of a sealed file has at most 60,000 bytes");
    flush_chunk();
    if (filled_ >= kOutput) flush_output();
    fail_point("spool.before-end");

    const std::size_t end_stored = kChunkOverhead + kEndFixed + card.size();
    Packer end;
    end.u64(chunks_);
    for (const std::uint64_t length : lengths_) end.u64(length);
    end.u64(size_ + end_stored + kTail);
    Bytes plain = end.take();
    plain.insert(plain.end(), card.begin(), card.end());
    put_chunk(Section::End, plain);

    const std::span<Byte> tail = extend_output(kTail);
    std::copy(kTailMagic.begin(), kTailMagic.end(), tail.begin());
    const Bytes length = Packer().u32(static_cast<std::uint32_t>(end_stored)).take();
    std::copy(length.begin(), length.end(), tail.begin() + kTailMagic.size());
    size_ += kTail;
    write_head(purpose);
    flush_output();
    sync_data(file_.get(), path_);
    fail_point("spool.after-end");
  } catch (...) {
    abandon();
    throw;
  }
  file_ = FileDescriptor();
  return size_;
}

}  // namespace dosigate
