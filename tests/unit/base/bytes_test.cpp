#include "dosigate/base/bytes.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

TEST(Bytes, Base32GivesBackWhatWentIn) {
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes in(size);
    for (std::size_t i = 0; i < size; ++i) in[i] = static_cast<Byte>(i * 37 + size);

    EXPECT_EQ(from_base32(to_base32(in)), in);
  }
}

TEST(Bytes, Base32ReadsWhatAPersonTypes) {
  const Bytes in = {0x08, 0x42, 0x10, 0x84, 0x21};
  std::string typed = to_base32(in);  // all ones
  ASSERT_EQ(typed, "11111111");

  EXPECT_EQ(from_base32("1l I-L i111"), in);
  EXPECT_FALSE(from_base32("1111U111"));
}

TEST(Bytes, AFieldNeverRunsIntoTheNext) {
  const Bytes packed = Packer().text("ab").u32(7).bytes(as_bytes("c")).i64(-417).take();

  Unpacker in(packed);
  EXPECT_EQ(in.text(), "ab");
  EXPECT_EQ(in.u32(), 7U);
  EXPECT_EQ(in.bytes(), Bytes{'c'});
  EXPECT_EQ(in.i64(), -417);
  EXPECT_TRUE(in.done());
}

TEST(Bytes, ATruncatedFieldIsNoticed) {
  Bytes packed = Packer().text("abcdef").take();
  packed.pop_back();

  Unpacker in(packed);
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(in.done());
}

}  // namespace
}  // namespace dosigate
