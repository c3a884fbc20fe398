#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

class Aead;

/// Sealed file, format 2. Used for spool files, quarantined originals and backups.
///
///   head, 112 bytes: "DSGF" | format u8 = 2 | purpose u8 | 2 zero bytes | key version u32 | file
///   id (16) | created u64 (Unix seconds)
///         | nonce (12) | wrapped data key (32 + tag 16) | 16 zero bytes.  A random data key per
///         file, wrapped with the purpose's key; the head up to the nonce is associated data, so a
///         file of one domain does not open in another.
///   sections in the order Body, Header, Trailer, Pairs, so that the body can be written before
///   anybody knows what stands around it.
///   chunks: section u8 | length u32 (plain bytes, <= 65,536) | ciphertext | tag (16).
///         Every chunk of a section but its last has 65,536 bytes, so that the place of each
///         follows from the lengths in the end. Nonce = section u8 | 0 0 0 | chunk number u64,
///         counted through the file (in the end chunk 0: it is read before the number is known);
///         associated data = the 5 bytes before it and the file id.
///   the last chunk has section End; its plain text = number of chunks before it u64 | plain length
///   of
///         each section 1 to 4 u64 x 4 | file size u64 | the card (<= 60,000 bytes).
///   tail, 8 bytes: "DSGE" | length u32 of the whole End chunk as stored, so that the end is found
///   without reading the body.
///
/// A file without an authenticated end is incomplete. Chunks cannot be dropped, repeated, reordered
/// or moved.
enum class Section : std::uint8_t { Header = 1, Body = 2, Trailer = 3, Pairs = 4, End = 5 };

/// Writes sections in the order of the file, any number of `write` calls each. What the file is for
/// is said at its end: until then nobody can read it, for the data key is nowhere but here. What is
/// written goes to the disk meanwhile, so that the end of a large file waits for little.
/// Thread: one at a time. On destruction before `finish` the file is removed.
class SealedFileWriter {
 public:
  /// Creates `path` (0600, must not exist). Throws std::system_error.
  /// @param empty  the file of that path, open and empty, if it is there already.
  SealedFileWriter(const Keyring& keys, std::filesystem::path path, const InstanceId& id,
                   std::uint64_t created_unix, FileDescriptor empty = {});
  SealedFileWriter(const SealedFileWriter&) = delete;
  SealedFileWriter& operator=(const SealedFileWriter&) = delete;
  ~SealedFileWriter();

  /// Throws std::system_error; the file is then removed at once and every later call throws
  /// std::logic_error.
  void write(Section section, ByteView plain);

  /// Flushes, writes the end with `card` and the head, fdatasync. Durable, but for its directory
  /// entry, when it returns. Throws std::system_error; the file is then removed and never retried
  /// as good.
  /// @return size of the file in bytes.
  std::uint64_t finish(Purpose purpose, ByteView card);

  const std::filesystem::path& path() const { return path_; }
  const InstanceId& id() const { return id_; }
  /// False when it is finished, or has failed.
  bool is_open() const { return static_cast<bool>(file_); }

 private:
  void put(Section section, ByteView plain);
  void put_chunk(Section section, ByteView plain);
  void flush_chunk();
  std::span<Byte> extend_output(std::size_t size);
  void flush_output();
  void write_behind();
  void write_head(Purpose purpose);
  void abandon() noexcept;
  const Keyring& keys_;
  std::filesystem::path path_;
  FileDescriptor file_;  ///< empty when finished or abandoned
  InstanceId id_;
  std::uint64_t created_;
  Secret data_key_;
  std::unique_ptr<Aead> aead_;  ///< one key schedule for the whole file
  Bytes pending_;               ///< plain, of the chunk that is being filled
  /// Sealed, not yet written: one system call for several chunks.
  std::unique_ptr<Byte[]> output_;
  std::size_t filled_ = 0, capacity_ = 0;
  Section section_ = Section::Body;
  std::uint64_t written_ = 0;  ///< to the file; its first bytes are the head's, empty until the end
  std::uint64_t behind_ = 0;   ///< up to here the disk has been asked to take it
  std::uint64_t chunks_ = 0;
  std::array<std::uint64_t, 4> lengths_{};
  std::uint64_t size_ = 0;
};

/// Reads a complete file. Opening checks head and end, not the body; reading a section checks every
/// chunk of it. Thread: one at a time.
class SealedFileReader {
 public:
  /// Fault::NotFound, Corrupt (incomplete, changed, other purpose or domain), Denied (unknown key
  /// version).
  static Result<SealedFileReader> open(const Keyring& keys, Purpose purpose,
                                       const std::filesystem::path& path);

  const InstanceId& id() const { return id_; }
  std::uint64_t created_unix() const { return created_; }
  const Bytes& card() const { return card_; }
  std::uint64_t length(Section section) const;

  /// Gives the plain bytes of the sections in [first, last] to `sink` in order, chunk by chunk.
  /// `sink` returns false to stop early, which is not an error. Fault::Corrupt when a chunk does
  /// not authenticate or the lengths do not add up.
  Result<void> read(Section first, Section last, const std::function<bool(ByteView)>& sink) const;
  /// One small section as a whole. Corrupt when longer than `limit`.
  Result<Bytes> read_all(Section section, std::uint64_t limit) const;

 private:
  SealedFileReader(std::filesystem::path path, FileDescriptor file, Secret data_key);
  bool read_end(ByteView stored, std::uint64_t file_size);
  /// False when `sink` has had enough.
  Result<bool> read_section(Aead& aead, Section section,
                            const std::function<bool(ByteView)>& sink) const;
  std::filesystem::path path_;
  FileDescriptor file_;
  Secret data_key_;
  InstanceId id_{};
  std::uint64_t created_ = 0;
  std::array<std::uint64_t, 4> lengths_{};
  Bytes card_;
};

/// Wraps the data key of a complete file under the newest key of its purpose, in place and durably;
/// nothing else of the file changes, readers of it go on. The head is one write inside one disk
/// sector. @return false when it is under the newest already. Faults as SealedFileReader::open.
Result<bool> rewrap_sealed_file(const Keyring& keys, Purpose purpose,
                                const std::filesystem::path& path);

}  // namespace dosigate
