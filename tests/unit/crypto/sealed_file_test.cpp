#include "dosigate/crypto/sealed_file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using testing::Keys;

constexpr std::uint64_t kCreated = 1'790'000'000;
// As in the format: head, chunk frame (5 + 16), tail.
constexpr std::size_t kHead = 112;
constexpr std::size_t kFrame = 21;

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<Byte>((i * 131 + i / 251 + seed) & 0xFF);
  return out;
}

struct Content {
  Bytes header, body, trailer, pairs, card;
};

std::uint64_t write_file(const Keyring& keys, const std::filesystem::path& path,
                         const Content& content, Purpose purpose = Purpose::SpoolArchive,
                         const InstanceId& id = random_id()) {
  SealedFileWriter writer(keys, path, id, kCreated);
  writer.write(Section::Body, content.body);
  writer.write(Section::Header, content.header);
  writer.write(Section::Trailer, content.trailer);
  writer.write(Section::Pairs, content.pairs);
  return writer.finish(purpose, content.card);
}

/// Opens and reads everything. Empty when any step says Corrupt.
std::optional<Content> read_file_content(const Keyring& keys, const std::filesystem::path& path,
                                         Purpose purpose = Purpose::SpoolArchive) {
  const auto reader = SealedFileReader::open(keys, purpose, path);
  if (!reader) return std::nullopt;
  Content out;
  out.card = reader->card();
  Bytes* const into[] = {&out.header, &out.body, &out.trailer, &out.pairs};
  for (int i = 0; i < 4; ++i) {
    auto section = reader->read_all(static_cast<Section>(i + 1), 1U << 30U);
    if (!section) return std::nullopt;
    *into[i] = std::move(*section);
  }
  return out;
}

TEST(SealedFile, GivesBackEverySectionByteForByte) {
  const Keys keys;
  int number = 0;
  for (const std::size_t size : {0U, 1U, 65'535U, 65'536U, 65'537U, 131'072U, 700'001U}) {
    const auto path = keys.dir.path / std::to_string(number++);
    const Content in{pattern(size, 1), pattern(size * 2, 2), pattern(size / 2, 3), pattern(77, 4),
                     pattern(300, 5)};

    const auto written = write_file(keys.keyring, path, in);
    const auto out = read_file_content(keys.keyring, path);

    ASSERT_TRUE(out) << size;
    EXPECT_EQ(written, std::filesystem::file_size(path));
    EXPECT_TRUE(out->header == in.header && out->body == in.body && out->trailer == in.trailer &&
                out->pairs == in.pairs && out->card == in.card)
        << size;
  }
}

TEST(SealedFile, IsTheSameHoweverTheBytesWereCutIntoWrites) {
  const Keys keys;
  const Bytes body = pattern(300'000, 9);
  const auto path = keys.dir.path / "f";
  {
    SealedFileWriter writer(keys.keyring, path, random_id(), kCreated);
    std::size_t at = 0;
    for (std::size_t step = 1; at < body.size(); step = step * 3 + 1) {
      const std::size_t count = std::min(step % 90'001, body.size() - at);
      writer.write(Section::Body, ByteView(body).subspan(at, count));
      at += count;
    }
    writer.finish(Purpose::SpoolArchive, {});
  }

  EXPECT_EQ(std::filesystem::file_size(path), kHead + 300'000 + 5 * kFrame + (kFrame + 48) + 8);
  EXPECT_EQ(read_file_content(keys.keyring, path)->body, body);
}

TEST(SealedFile, SectionsReadTogetherComeInOrderAndStopWhenAskedTo) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  const Content in{pattern(100'000, 1), pattern(200'000, 2), pattern(10, 3), pattern(20, 4), {}};
  write_file(keys.keyring, path, in);
  const auto reader = SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path);
  ASSERT_TRUE(reader);

  Bytes all;
  ASSERT_TRUE(reader->read(Section::Header, Section::Trailer, [&](ByteView piece) {
    all.insert(all.end(), piece.begin(), piece.end());
    return true;
  }));
  int calls = 0;
  ASSERT_TRUE(reader->read(Section::Body, Section::Pairs, [&](ByteView) { return ++calls < 2; }));

  Bytes expected = in.header;
  expected.insert(expected.end(), in.body.begin(), in.body.end());
  expected.insert(expected.end(), in.trailer.begin(), in.trailer.end());
  EXPECT_EQ(all, expected);
  EXPECT_EQ(calls, 2);
}

TEST(SealedFile, KnowsItsIdTimeAndLengths) {
  const Keys keys;
  const InstanceId id = random_id();
  write_file(keys.keyring, keys.dir.path / "f",
             {pattern(3, 1), pattern(70'000, 2), {}, pattern(4, 4), {}}, Purpose::Quarantine, id);

  const auto reader =
      SealedFileReader::open(keys.keyring, Purpose::Quarantine, keys.dir.path / "f");

  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->id(), id);
  EXPECT_EQ(reader->created_unix(), kCreated);
  EXPECT_EQ(reader->length(Section::Header), 3U);
  EXPECT_EQ(reader->length(Section::Body), 70'000U);
  EXPECT_EQ(reader->length(Section::Trailer), 0U);
  EXPECT_EQ(reader->length(Section::Pairs), 4U);
}

TEST(SealedFile, NoticesEveryFlippedByte) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  write_file(keys.keyring, path,
             {pattern(20, 1), pattern(30, 2), pattern(10, 3), pattern(15, 4), pattern(25, 5)});
  const Bytes good = read_file(path);

  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const Byte bit : {Byte{0x01}, Byte{0x80}}) {
      Bytes bad = good;
      bad[i] ^= bit;
      replace_file(path, bad);
      EXPECT_FALSE(read_file_content(keys.keyring, path)) << "byte " << i;
    }
  }
}

TEST(SealedFile, IsIncompleteAtEveryShorterLength) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  write_file(keys.keyring, path,
             {pattern(20, 1), pattern(30, 2), pattern(10, 3), pattern(15, 4), pattern(25, 5)});
  const Bytes good = read_file(path);

  for (std::size_t length = 0; length < good.size(); ++length) {
    replace_file(path, ByteView(good).first(length));
    const auto reader = SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path);
    ASSERT_FALSE(reader) << length;
    EXPECT_EQ(reader.error().fault, Fault::Corrupt);
  }
  Bytes longer = good;
  longer.push_back(0);
  replace_file(path, longer);
  EXPECT_FALSE(SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path));
}

TEST(SealedFile, ChunksCannotBeDroppedRepeatedSwappedOrTakenFromAnotherFile) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  const InstanceId id = random_id();
  const Content content{{}, pattern(3 * 65'536, 2), {}, {}, {}};
  write_file(keys.keyring, path, content, Purpose::SpoolArchive, id);
  write_file(keys.keyring, keys.dir.path / "other", content, Purpose::SpoolArchive,
             id);  // even with one id
  const Bytes good = read_file(path);
  const Bytes other = read_file(keys.dir.path / "other");
  constexpr std::size_t size = 65'536 + kFrame;
  const auto chunk = [](const Bytes& file, std::size_t n) {
    return ByteView(file).subspan(kHead + n * size, size);
  };
  const auto rebuilt = [&](std::initializer_list<ByteView> chunks) {
    Bytes file(good.begin(), good.begin() + kHead);
    for (const ByteView part : chunks) file.insert(file.end(), part.begin(), part.end());
    file.insert(file.end(), good.begin() + static_cast<std::ptrdiff_t>(kHead + 3 * size),
                good.end());
    replace_file(path, file);
    return read_file_content(keys.keyring, path).has_value();
  };

  EXPECT_TRUE(rebuilt({chunk(good, 0), chunk(good, 1), chunk(good, 2)})) << "the control";
  EXPECT_FALSE(rebuilt({chunk(good, 0), chunk(good, 2)})) << "dropped";
  EXPECT_FALSE(rebuilt({chunk(good, 0), chunk(good, 1), chunk(good, 1), chunk(good, 2)}))
      << "repeated";
  EXPECT_FALSE(rebuilt({chunk(good, 0), chunk(good, 0), chunk(good, 2)}))
      << "replaced by its neighbour";
  EXPECT_FALSE(rebuilt({chunk(good, 1), chunk(good, 0), chunk(good, 2)})) << "swapped";
  EXPECT_FALSE(rebuilt({chunk(good, 0), chunk(other, 1), chunk(good, 2)})) << "from another file";
}

TEST(SealedFile, AnEndOfAnotherFileDoesNotFit) {
  const Keys keys;
  const InstanceId id = random_id();
  const Content content{{}, pattern(100, 2), {}, {}, {}};
  write_file(keys.keyring, keys.dir.path / "a", content, Purpose::SpoolArchive, id);
  write_file(keys.keyring, keys.dir.path / "b", content, Purpose::SpoolArchive, id);
  Bytes mixed = read_file(keys.dir.path / "a");
  const Bytes b = read_file(keys.dir.path / "b");
  constexpr std::ptrdiff_t end = kFrame + 48 + 8;
  std::copy(b.end() - end, b.end(), mixed.end() - end);
  replace_file(keys.dir.path / "a", mixed);

  EXPECT_FALSE(SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, keys.dir.path / "a"));
}

TEST(SealedFile, OfOneDomainDoesNotOpenInAnother) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  write_file(keys.keyring, path, {{}, pattern(100, 2), {}, {}, {}}, Purpose::SpoolHospital);

  const auto reader = SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().fault, Fault::Corrupt);

  Bytes relabelled = read_file(path);
  relabelled[5] = static_cast<Byte>(Purpose::SpoolArchive);
  replace_file(path, relabelled);
  EXPECT_FALSE(SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path));
}

TEST(SealedFile, OfAnotherKeyringDoesNotOpen) {
  const Keys keys;
  const Keys others;
  write_file(keys.keyring, keys.dir.path / "f", {{}, pattern(100, 2), {}, {}, {}});

  EXPECT_FALSE(SealedFileReader::open(others.keyring, Purpose::SpoolArchive, keys.dir.path / "f"));
}

TEST(SealedFile, OfAnUnknownKeyVersionIsDeniedNotCorrupt) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  write_file(keys.keyring, path, {{}, pattern(100, 2), {}, {}, {}});
  Bytes file = read_file(path);
  file[8] = 9;
  replace_file(path, file);

  const auto reader = SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, path);

  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().fault, Fault::Denied);
}

TEST(SealedFile, SaysThatItIsMissing) {
  const Keys keys;

  const auto reader =
      SealedFileReader::open(keys.keyring, Purpose::SpoolArchive, keys.dir.path / "none");

  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().fault, Fault::NotFound);
}

TEST(SealedFile, HoldsNothingInClear) {
  const Keys keys;
  const std::string_view marker = "MARKER^PLANTED";
  const Bytes planted(as_bytes(marker).begin(), as_bytes(marker).end());
  write_file(keys.keyring, keys.dir.path / "f", {planted, planted, planted, planted, planted});

  const Bytes file = read_file(keys.dir.path / "f");
  EXPECT_FALSE(testing::holds_bytes(file, planted));
}

TEST(SealedFileWriter, RemovesItsFileWhenItIsNotFinished) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  {
    SealedFileWriter writer(keys.keyring, path, random_id(), kCreated);
    writer.write(Section::Body, pattern(2'000'000, 1));
    ASSERT_TRUE(std::filesystem::exists(path));
  }

  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SealedFileWriter, NeverTouchesAFileThatIsThereAlready) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  replace_file(path, as_bytes("precious"));

  EXPECT_THROW(SealedFileWriter(keys.keyring, path, random_id(), kCreated), std::system_error);

  EXPECT_EQ(read_file(path).size(), 8U);
}

/// RLIMIT_FSIZE gives EFBIG from write() as a full disk gives ENOSPC. Ends the process with 0 when
/// all is as promised.
[[noreturn]] void write_beyond_the_limit(const Keyring& keys, const std::filesystem::path& path) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1'000'000, 1'000'000};
  setrlimit(RLIMIT_FSIZE, &limit);
  SealedFileWriter writer(keys, path, random_id(), kCreated);
  bool thrown = false;
  try {
    writer.write(Section::Body, pattern(3'000'000, 1));
  } catch (const std::system_error&) {
    thrown = true;
  }
  const bool removed = !std::filesystem::exists(path);
  bool refused = false;
  try {
    writer.finish(Purpose::SpoolArchive, {});
  } catch (const std::logic_error&) {
    refused = true;
  }
  _exit(thrown && removed && refused ? 0 : 1);
}

TEST(SealedFileWriter, RemovesItsFileAtOnceWhenTheDiskIsFull) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  EXPECT_EXIT(write_beyond_the_limit(keys.keyring, path), ::testing::ExitedWithCode(0), "");
}

TEST(SealedFileWriter, CanBeReadByNobodyBeforeItsPurposeIsSaid) {
  const Keys keys;
  const auto path = keys.dir.path / "f";
  SealedFileWriter writer(keys.keyring, path, random_id(), kCreated);
  writer.write(Section::Body, pattern(10'000'000, 1));
  const Bytes begun = read_file(path);

  EXPECT_GT(begun.size(), 9'000'000U);
  EXPECT_TRUE(std::all_of(begun.begin(), begun.begin() + kHead, [](Byte b) { return b == 0; }));
  writer.write(Section::Trailer, pattern(10, 2));
  writer.finish(Purpose::Quarantine, {});
  EXPECT_FALSE(read_file_content(keys.keyring, path));
  const auto held = read_file_content(keys.keyring, path, Purpose::Quarantine);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->body, pattern(10'000'000, 1));
}

TEST(SealedFileWriter, RefusesSectionsOutOfOrder) {
  const Keys keys;
  SealedFileWriter writer(keys.keyring, keys.dir.path / "f", random_id(), kCreated);
  writer.write(Section::Header, pattern(10, 1));

  EXPECT_THROW(writer.write(Section::Body, pattern(10, 1)), std::logic_error);
  EXPECT_THROW(writer.write(Section::End, pattern(10, 1)), std::logic_error);
}

TEST(SealedFileWriter, MakesItsFileForItsOwnerOnly) {
  const Keys keys;
  write_file(keys.keyring, keys.dir.path / "f", {});

  struct stat info {};
  ASSERT_EQ(::stat((keys.dir.path / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

}  // namespace
}  // namespace dosigate
