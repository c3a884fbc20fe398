#include "dosigate/base/durable_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <system_error>

#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST(DurableFile, ReplacesAFileAsAWhole) {
  const TempDir dir;
  replace_file(dir.path / "f", Bytes(10'000, Byte{1}));

  replace_file(dir.path / "f", as_bytes("short"));

  EXPECT_EQ(as_text(read_file(dir.path / "f")), "short");
  EXPECT_EQ(mode_of(dir.path / "f"), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path), {}), 1);
}

TEST(DurableFile, ATemporaryFileLeftByACrashIsNoObstacle) {
  const TempDir dir;
  create_new_file(dir.path / "f.new");

  replace_file(dir.path / "f", as_bytes("x"));

  EXPECT_EQ(as_text(read_file(dir.path / "f")), "x");
}

TEST(DurableFile, DoesNotReadMoreThanTheLimit) {
  const TempDir dir;
  replace_file(dir.path / "f", Bytes(100));

  EXPECT_EQ(read_file(dir.path / "f", 100).size(), 100U);
  EXPECT_THROW(read_file(dir.path / "f", 99), std::system_error);
}

TEST(DurableFile, NamesPathAndStepWhenItFails) {
  const TempDir dir;
  try {
    open_for_reading(dir.path / "missing");
    FAIL() << "opened a file that is not there";
  } catch (const std::system_error& broken) {
    EXPECT_NE(std::string(broken.what()).find("missing"), std::string::npos);
    EXPECT_NE(std::string(broken.what()).find("open"), std::string::npos);
  }
}

TEST(DurableFile, ANewFileNeverReplacesAnOldOne) {
  const TempDir dir;
  create_new_file(dir.path / "f");

  EXPECT_THROW(create_new_file(dir.path / "f"), std::system_error);
}

TEST(DurableFile, SaysWhenAFileEndsBeforeTheBytesAskedFor) {
  const TempDir dir;
  replace_file(dir.path / "f", as_bytes("abcdef"));
  const FileDescriptor file = open_for_reading(dir.path / "f");
  Bytes into(3);

  EXPECT_TRUE(read_exactly_at(file.get(), into, 3, "f"));
  EXPECT_EQ(as_text(into), "def");
  EXPECT_FALSE(read_exactly_at(file.get(), into, 4, "f"));
}

TEST(DurableFile, MakesDirectoriesForTheirOwnerOnlyAndLeavesExistingOnes) {
  const TempDir dir;
  ASSERT_EQ(::chmod(dir.path.c_str(), 0750), 0);

  make_private_directory(dir.path / "a" / "b");

  EXPECT_EQ(mode_of(dir.path), 0750U);
  EXPECT_EQ(mode_of(dir.path / "a"), 0700U);
  EXPECT_EQ(mode_of(dir.path / "a" / "b"), 0700U);
}

}  // namespace
}  // namespace dosigate
