#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/crypto/sealed_file.h"
#include "sealed_head.h"

namespace dosigate {

using namespace sealed;

namespace {

/// Most ends (card included) come with the tail in one read.
constexpr std::size_t kEndGuess = 4'096;
constexpr int kHeadReads = 3;
/// Chunks read by one system call.
constexpr std::uint64_t kReadAhead = 8 * (kChunkMax + kChunkOverhead);

constexpr Section next(Section section) {
  return static_cast<Section>(static_cast<int>(section) + 1);
}

/// `image` holds the last bytes of the file, tail included. @return stored length of the End chunk,
/// 0 when there is none.
std::uint64_t end_length(ByteView image, std::uint64_t file_size) {
  const ByteView tail = image.last(kTail);
  if (!std::equal(kTailMagic.begin(), kTailMagic.end(), tail.begin())) return 0;
  const std::uint64_t length = Unpacker(tail.subspan(4)).u32();
  if (length < kChunkOverhead + kEndFixed || length > kChunkOverhead + kEndFixed + kCardMax)
    return 0;
  return length + kTail + kHead <= file_size ? length : 0;
}

}  // namespace

SealedFileReader::SealedFileReader(std::filesystem::path path, FileDescriptor file, Secret data_key)
    : path_(std::move(path)), file_(std::move(file)), data_key_(std::move(data_key)) {}

Result<SealedFileReader> SealedFileReader::open(const Keyring& keys, Purpose purpose,
                                                const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return fail(Fault::NotFound, "the sealed file " + path.string() + " does not exist");
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + path.string());
  FileDescriptor file(fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + path.string());
  const auto file_size = static_cast<std::uint64_t>(info.st_size);
  if (file_size < kHead + kChunkOverhead + kEndFixed + kTail) return corrupt(path, kIncomplete);

  // The tail first: an incomplete file is the common case after a crash and says so.
  Bytes image(std::min<std::uint64_t>(kEndGuess, file_size));
  if (!read_exactly_at(fd, image, file_size - image.size(), path))
    return corrupt(path, kIncomplete);
  const std::uint64_t end_size = end_length(image, file_size);
  if (end_size == 0) return corrupt(path, kIncomplete);
  if (end_size + kTail > image.size()) {
    image.resize(end_size + kTail);
    if (!read_exactly_at(fd, image, file_size - image.size(), path))
      return corrupt(path, kIncomplete);
  }
  const ByteView end_chunk = ByteView(image).last(end_size + kTail).first(end_size);

  // A rewrap may write the head at this moment: what is read half-way is read again.
  std::array<Byte, kHead> image_of_head;
  if (!read_exactly_at(fd, image_of_head, 0, path)) return corrupt(path, kIncomplete);
  auto head = open_head(keys, purpose, path, image_of_head);
  for (int again = 0; !head && again < kHeadReads; ++again) {
    const auto before = image_of_head;
    if (!read_exactly_at(fd, image_of_head, 0, path)) return corrupt(path, kIncomplete);
    if (image_of_head == before) break;
    head = open_head(keys, purpose, path, image_of_head);
  }
  if (!head) return head.error();
  SealedFileReader reader(path, std::move(file), std::move(head->data_key));
  reader.id_ = head->id;
  reader.created_ = head->created;

  if (!reader.read_end(end_chunk, file_size))
    return corrupt(path, "has an end that does not authenticate: it is damaged");
  return reader;
}

bool SealedFileReader::read_end(ByteView stored, std::uint64_t file_size) {
  const std::size_t length = stored.size() - kChunkOverhead;
  const ChunkFrame frame(Section::End, length, 0, id_);
  if (!std::equal(frame.stored_head().begin(), frame.stored_head().end(), stored.begin()))
    return false;
  Bytes plain(length);
  if (!Aead(data_key_.reveal(), Aead::Direction::Decrypt)
           .decrypt(frame.nonce, stored.subspan(kChunkHead), frame.associated, plain))
    return false;
  Unpacker end(plain);
  const std::uint64_t chunks = end.u64();
  std::uint64_t expected_chunks = 0;
  std::uint64_t expected_size = kHead + stored.size() + kTail;
  for (std::uint64_t& section : lengths_) {
    section = end.u64();
    expected_chunks += chunk_count(section);
    expected_size += stored_size(section);
  }
  if (end.u64() != file_size || expected_size != file_size || chunks != expected_chunks)
    return false;
  const ByteView card = end.rest();
  card_.assign(card.begin(), card.end());
  return true;
}

std::uint64_t SealedFileReader::length(Section section) const {
  if (section < Section::Header || section >= Section::End)
    throw std::logic_error("a sealed file has the sections 1 to 4");
  return lengths_[section_index(section)];
}

Result<void> SealedFileReader::read(Section first, Section last,
                                    const std::function<bool(ByteView)>& sink) const {
  if (first < Section::Header || first > last || last >= Section::End)
    throw std::logic_error("a sealed file has the sections 1 to 4");
  Aead aead(data_key_.reveal(), Aead::Direction::Decrypt);
  bool more = true;
  for (auto each = first; each <= last && more; each = next(each)) {
    const auto read_through = read_section(aead, each, sink);
    if (!read_through) return read_through.error();
    more = *read_through;
  }
  return {};
}

Result<bool> SealedFileReader::read_section(Aead& aead, Section section,
                                            const std::function<bool(ByteView)>& sink) const {
  std::uint64_t offset = kHead;
  std::uint64_t number = 0;
  for (std::size_t before = 0; before < place_of(section); ++before) {
    offset += stored_size(length(kStored[before]));
    number += chunk_count(length(kStored[before]));
  }
  std::uint64_t left = stored_size(length(section));  // stored bytes still to be read from the file
  const auto capacity = static_cast<std::size_t>(std::min(left, kReadAhead));
  const auto memory = std::make_unique_for_overwrite<Byte[]>(capacity);
  const auto plain_memory = std::make_unique_for_overwrite<Byte[]>(
      static_cast<std::size_t>(std::min<std::uint64_t>(length(section), kChunkMax)));
  const std::span stored(memory.get(), capacity);
  ByteView ready;
  for (std::uint64_t rest = length(section); rest > 0; ++number) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest, kChunkMax));
    if (ready.size() < kChunkOverhead + size) {
      std::copy(ready.begin(), ready.end(), stored.begin());
      const auto more =
          static_cast<std::size_t>(std::min<std::uint64_t>(stored.size() - ready.size(), left));
      if (!read_exactly_at(file_.get(), stored.subspan(ready.size(), more), offset, path_))
        return corrupt(path_, "became shorter while it was read");
      offset += more;
      left -= more;
      ready = ByteView(stored).first(ready.size() + more);
    }
    const ByteView chunk = ready.first(kChunkOverhead + size);
    ready = ready.subspan(chunk.size());
    const ChunkFrame frame(section, size, number, id_);
    const std::span plain(plain_memory.get(), size);
    if (!std::equal(frame.stored_head().begin(), frame.stored_head().end(), chunk.begin()) ||
        !aead.decrypt(frame.nonce, chunk.subspan(kChunkHead), frame.associated, plain))
      return corrupt(path_, "holds a chunk that does not authenticate: it is damaged");
    if (!sink(plain)) return false;
    rest -= size;
  }
  return true;
}

Result<Bytes> SealedFileReader::read_all(Section section, std::uint64_t limit) const {
  if (length(section) > limit) return corrupt(path_, "has a section that is longer than it can be");
  Bytes out;
  out.reserve(length(section));
  const auto read_through = read(section, section, [&out](ByteView piece) {
    out.insert(out.end(), piece.begin(), piece.end());
    return true;
  });
  if (!read_through) return read_through.error();
  return out;
}

}  // namespace dosigate
