#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/sealed_file.h"
#include "sealed_head.h"

namespace dosigate {

using namespace sealed;

namespace {

/// Eight chunks per system call; measured, larger writes gain nothing.
constexpr std::size_t kOutput = 8 * (kChunkMax + kChunkOverhead);

}  // namespace

SealedFileWriter::SealedFileWriter(const Keyring& keys, Purpose purpose, std::filesystem::path path,
                                   const InstanceId& id, std::uint64_t created_unix)
    : path_(std::move(path)), id_(id) {
  const Secret data_key = random_secret();
  aead_ = std::make_unique<Aead>(data_key.reveal(), Aead::Direction::Encrypt);
  output_ = make_head(keys.current(purpose), purpose, id, created_unix, data_key);
  // Nothing may throw from here on: the destructor of a half-made object would not remove the file.
  // The head goes out with the first chunks.
  size_ = output_.size();
  file_ = create_new_file(path_);
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
  if (section < section_ || section >= Section::End)
    throw std::logic_error("sections of a sealed file are written in ascending order");
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
  const std::size_t at = output_.size();
  if (plain.size() == kChunkMax)
    output_.reserve(kHead + kOutput);  // a file that grows: once, not step by step
  output_.resize(at + kChunkOverhead + plain.size());
  const std::span<Byte> chunk = std::span(output_).subspan(at);
  std::copy(frame.stored_head().begin(), frame.stored_head().end(), chunk.begin());
  aead_->encrypt(frame.nonce, plain, frame.associated, chunk.subspan(kChunkHead));
  ++chunks_;
  size_ += chunk.size();
  if (section != Section::End) lengths_[section_index(section)] += plain.size();
  if (output_.size() >= kOutput) flush_output();
}

void SealedFileWriter::flush_output() {
  write_all(file_.get(), output_, path_);
  output_.clear();
}

std::uint64_t SealedFileWriter::finish(ByteView card) {
  if (!file_) throw std::logic_error("a sealed file is finished once");
  try {
    if (card.size() > kCardMax)
      throw std::length_error("the card of a sealed file has at most 60,000 bytes");
    flush_chunk();
    flush_output();
    fail_point("spool.before-end");

    const std::size_t end_stored = kChunkOverhead + kEndFixed + card.size();
    Packer end;
    end.u64(chunks_);
    for (const std::uint64_t length : lengths_) end.u64(length);
    end.u64(size_ + end_stored + kTail);
    Bytes plain = end.take();
    plain.insert(plain.end(), card.begin(), card.end());
    put_chunk(Section::End, plain);

    output_.insert(output_.end(), kTailMagic.begin(), kTailMagic.end());
    const Bytes length = Packer().u32(static_cast<std::uint32_t>(end_stored)).take();
    output_.insert(output_.end(), length.begin(), length.end());
    size_ += kTail;
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
