// Key rotation: the data key of a file gets another wrapping, and nothing else changes.

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/sealed_file.h"
#include "fixture.h"

namespace dosigate::testing {
namespace {

constexpr auto kPurpose = Purpose::SpoolArchive;

struct Sealed : Keys {
  std::filesystem::path file = dir.path / "file";
  Bytes body = Bytes(200'000, 'b');
  InstanceId id = random_id();
  Secret next = random_secret();

  Sealed() {
    SealedFileWriter writer(keyring, file, id, 77);
    writer.write(Section::Body, body);
    writer.finish(kPurpose, Bytes(9, 'c'));
  }
  void begin_rotation() { ASSERT_TRUE(keyring.begin_rotation(public_half(next))); }
  Bytes content() const { return read_file(file); }
  Result<SealedFileReader> open() const { return SealedFileReader::open(keyring, kPurpose, file); }
};

Bytes body_of(const SealedFileReader& reader) {
  auto out = reader.read_all(Section::Body, 1U << 20U);
  return out ? *out : Bytes();
}

TEST(SealedFileRewrap, ChangesTheHeadOnlyAndTheOldKeyIsNoLongerNeeded) {
  Sealed sealed;
  const Bytes before = sealed.content();
  sealed.begin_rotation();

  const auto done = rewrap_sealed_file(sealed.keyring, kPurpose, sealed.file);

  ASSERT_TRUE(done);
  EXPECT_TRUE(*done);
  const Bytes after = sealed.content();
  ASSERT_EQ(after.size(), before.size());
  EXPECT_FALSE(std::equal(before.begin(), before.begin() + 112, after.begin()));
  EXPECT_TRUE(std::equal(before.begin() + 112, before.end(), after.begin() + 112));
  ASSERT_TRUE(sealed.keyring.key_file_written(public_half(sealed.next)));
  ASSERT_TRUE(sealed.keyring.finish_rotation());
  const auto reader = sealed.open();
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->id(), sealed.id);
  EXPECT_EQ(reader->created_unix(), 77U);
  EXPECT_EQ(reader->card(), Bytes(9, 'c'));
  EXPECT_EQ(body_of(*reader), sealed.body);
}

TEST(SealedFileRewrap, WithoutItTheFileIsLostWithTheOldKey) {
  Sealed sealed;
  sealed.begin_rotation();
  ASSERT_TRUE(sealed.keyring.key_file_written(public_half(sealed.next)));
  ASSERT_TRUE(sealed.keyring.finish_rotation());

  EXPECT_EQ(sealed.open().error().fault, Fault::Denied);
  EXPECT_EQ(rewrap_sealed_file(sealed.keyring, kPurpose, sealed.file).error().fault, Fault::Denied);
}

TEST(SealedFileRewrap, OfAFileUnderTheNewestKeyDoesNothing) {
  Sealed sealed;
  const Bytes before = sealed.content();

  const auto done = rewrap_sealed_file(sealed.keyring, kPurpose, sealed.file);

  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(sealed.content(), before);
}

TEST(SealedFileRewrap, AReaderThatOpenedItBeforeGoesOn) {
  Sealed sealed;
  const auto reader = sealed.open();
  ASSERT_TRUE(reader);
  sealed.begin_rotation();

  ASSERT_TRUE(rewrap_sealed_file(sealed.keyring, kPurpose, sealed.file));

  EXPECT_EQ(body_of(*reader), sealed.body);
}

TEST(SealedFileRewrap, WhatIsIncompleteDamagedOrOfAnotherPurposeIsNotTouched) {
  Sealed sealed;
  sealed.begin_rotation();
  EXPECT_EQ(rewrap_sealed_file(sealed.keyring, Purpose::Quarantine, sealed.file).error().fault,
            Fault::Corrupt);
  std::filesystem::resize_file(sealed.file, std::filesystem::file_size(sealed.file) - 1);
  const Bytes before = sealed.content();

  EXPECT_EQ(rewrap_sealed_file(sealed.keyring, kPurpose, sealed.file).error().fault,
            Fault::Corrupt);

  EXPECT_EQ(sealed.content(), before);
  EXPECT_EQ(rewrap_sealed_file(sealed.keyring, kPurpose, sealed.dir.path / "none").error().fault,
            Fault::NotFound);
}

}  // namespace
}  // namespace dosigate::testing
