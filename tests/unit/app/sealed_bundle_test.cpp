#include "sealed_bundle.h"

#include <sys/stat.h>

#include <fstream>

#include <gmock/gmock.h>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/seal.h"
#include "support/temp_dir.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class BundleTest : public ::testing::Test {
 protected:
  BundleWriter writer() {
    return {keys_.keyring, keys_.dir.path / "keyring", out_.path, "dosigate-backup", now_};
  }
  std::filesystem::path written(const std::vector<std::pair<std::string, std::string>>& entries) {
    BundleWriter bundle = writer();
    for (const auto& [name, content] : entries) {
      bundle.begin(name);
      bundle.write(as_bytes(content));
    }
    auto folder = bundle.finish({"backup", "GATE"});
    EXPECT_TRUE(folder);
    return folder ? *folder : std::filesystem::path();
  }
  /// Body and card of our own making, for what a writer would never write.
  std::filesystem::path forged(const Bytes& body, const std::string& entries) {
    const auto folder = out_.path / "forged";
    std::filesystem::create_directory(folder);
    SealedFileWriter file(keys_.keyring, folder / "bundle.dsb", random_id(), 1);
    file.write(Section::Body, body);
    file.finish(Purpose::Backup,
                as_bytes(R"({"format":1,"kind":"backup","version":"0","node":"X","created":1,)"
                         R"("facts":{},"entries":[)" +
                         entries + "]}"));
    return folder;
  }
  using Content = std::vector<std::pair<std::string, std::string>>;
  Result<Content> content_of(const std::filesystem::path& folder) {
    auto bundle = BundleReader::open(keys_.keyring, folder);
    if (!bundle) return bundle.error();
    Content out;
    auto read = bundle->read([&](const std::string& name, ByteView piece) {
      if (piece.empty()) out.emplace_back(name, "");
      out.back().second += as_text(piece);
    });
    if (!read) return read.error();
    return out;
  }

  testing::Keys keys_;
  testing::TempDir out_;
  WallTime now_{std::chrono::seconds(1'795'861'800)};
};

Bytes entry(const std::string& name, const std::string& content) {
  Packer out;
  out.text(name);
  if (!content.empty()) out.text(content);
  return out.u32(0).take();
}

TEST_F(BundleTest, GivesBackWhatWasPutIn) {
  const auto folder = written({{"identity/map.db", "MAP"}, {"empty", ""}, {"ledger.db", "LEDGER"}});

  const auto content = content_of(folder);

  EXPECT_EQ(folder.filename(), "dosigate-backup-20261128T103000Z");
  ASSERT_TRUE(content);
  EXPECT_THAT(*content, ElementsAre(Pair("identity/map.db", "MAP"), Pair("empty", ""),
                                    Pair("ledger.db", "LEDGER")));
}

TEST_F(BundleTest, OpensWithTheRecoveryKeyAndTheKeyringThatLiesInIt) {
  const auto folder = written({{"a", "A"}});

  const auto keys = Keyring::open_with_recovery(folder / "keyring", keys_.recovery);

  ASSERT_TRUE(keys);
  EXPECT_TRUE(BundleReader::open(*keys, folder));
}

TEST_F(BundleTest, DoesNotOpenWithAnotherKeyring) {
  const auto folder = written({{"a", "A"}});
  const testing::Keys others;

  EXPECT_FALSE(Keyring::open_with_recovery(folder / "keyring", others.recovery));
  EXPECT_EQ(BundleReader::open(others.keyring, folder).error().fault, Fault::Corrupt);
}

TEST_F(BundleTest, ShowsNothingOfItsContentAndIsClosedToOthers) {
  const auto folder = written({{"assigned.csv", "MARKER^ONE"}});

  const Bytes file = read_file(folder / "bundle.dsb");
  struct stat info {};
  ASSERT_EQ(::stat(folder.c_str(), &info), 0);

  EXPECT_FALSE(testing::holds_bytes(file, as_bytes("MARKER")));
  EXPECT_FALSE(testing::holds_bytes(file, as_bytes("assigned")));
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(BundleTest, EveryChangedByteIsNoticed) {
  const auto folder = written({{"a", std::string(5000, 'x')}});
  const Bytes whole = read_file(folder / "bundle.dsb");

  for (std::size_t at = 0; at < whole.size(); at += 97) {
    Bytes changed = whole;
    changed[at] ^= 0x40U;
    replace_file(folder / "bundle.dsb", changed);
    EXPECT_FALSE(content_of(folder)) << "byte " << at;
  }
}

TEST_F(BundleTest, ATruncatedOneIsRefusedAtOnce) {
  const auto folder = written({{"a", std::string(200'000, 'x')}});
  Bytes file = read_file(folder / "bundle.dsb");
  file.resize(file.size() / 2);
  replace_file(folder / "bundle.dsb", file);

  EXPECT_EQ(BundleReader::open(keys_.keyring, folder).error().fault, Fault::Corrupt);
}

TEST_F(BundleTest, NamesThatLeadOutOfAFolderAreRefused) {
  for (const char* name :
       {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\nb", "a/.."}) {
    EXPECT_FALSE(is_entry_name(name)) << name;
    BundleWriter bundle = writer();
    EXPECT_THROW(bundle.begin(name), std::invalid_argument) << name;
  }
  EXPECT_TRUE(is_entry_name("profiles/our-own.toml"));
  EXPECT_FALSE(is_entry_name(std::string(201, 'a')));

  const auto folder = forged(entry("../x", "X"), R"({"name":"../x","bytes":1})");
  EXPECT_EQ(BundleReader::open(keys_.keyring, folder).error().fault, Fault::Corrupt);
}

TEST_F(BundleTest, AnEntryThatIsNotTheOneOfTheCardIsRefused) {
  EXPECT_EQ(content_of(forged(entry("b", "X"), R"({"name":"a","bytes":1})")).error().fault,
            Fault::Corrupt);
}

TEST_F(BundleTest, MoreLessOrTwiceWhatTheCardSaysIsRefused) {
  const auto refused = [&](const Bytes& body, const std::string& entries) {
    const auto content = content_of(forged(body, entries));
    std::filesystem::remove_all(out_.path / "forged");
    return !content && content.error().fault == Fault::Corrupt;
  };
  const std::string one = R"({"name":"a","bytes":1})";
  Bytes cut = entry("a", "X");
  cut.resize(cut.size() - 2);
  Bytes two = entry("a", "X");
  const Bytes second = entry("b", "Y");
  two.insert(two.end(), second.begin(), second.end());

  EXPECT_FALSE(refused(entry("a", "X"), one));
  EXPECT_TRUE(refused(cut, one));
  EXPECT_TRUE(refused(entry("a", "XX"), one));
  EXPECT_TRUE(refused({}, one));
  EXPECT_TRUE(refused(two, one));
  EXPECT_TRUE(refused(two, one + "," + one));
  EXPECT_TRUE(refused(Packer().text("a").u32(0x7FFFFFFF).take(), one));
}

TEST_F(BundleTest, OfANewerFormatSaysWhichProgramOpensIt) {
  const auto folder = out_.path / "newer";
  std::filesystem::create_directory(folder);
  SealedFileWriter file(keys_.keyring, folder / "bundle.dsb", random_id(), 1);
  file.finish(Purpose::Backup, as_bytes(R"({"format":2,"version":"9.1.0"})"));

  const auto opened = BundleReader::open(keys_.keyring, folder);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::Conflict);
  EXPECT_THAT(opened.error().detail, HasSubstr("9.1.0"));
}

TEST_F(BundleTest, LargeEntriesAreNeverInMemoryAsAWhole) {
  constexpr std::uint64_t kSize = 96U << 20U;
  const auto large = keys_.dir.path / "large";
  std::ofstream(large).close();
  std::filesystem::resize_file(large, kSize);
  BundleWriter bundle = writer();
  bundle.add_file("large", large);
  bundle.add_file("beginning", large, 7);
  const auto folder = bundle.finish({"backup", "GATE"});
  ASSERT_TRUE(folder);
  const auto opened = BundleReader::open(keys_.keyring, *folder);
  ASSERT_TRUE(opened);

  std::size_t longest = 0;
  std::map<std::string, std::uint64_t> bytes;
  ASSERT_TRUE(opened->read([&](const std::string& name, ByteView piece) {
    longest = std::max(longest, piece.size());
    bytes[name] += piece.size();
  }));

  EXPECT_LE(longest, 1U << 20U);
  EXPECT_THAT(bytes, ElementsAre(Pair("beginning", 7), Pair("large", kSize)));
}

TEST_F(BundleTest, TwoOfOneSecondHaveTwoNames) {
  EXPECT_EQ(written({{"a", "A"}}).filename(), "dosigate-backup-20261128T103000Z");
  EXPECT_EQ(written({{"a", "A"}}).filename(), "dosigate-backup-20261128T103000Z-2");
}

TEST_F(BundleTest, ThatWasNotFinishedLeavesNothing) {
  {
    BundleWriter bundle = writer();
    bundle.begin("a");
    bundle.write(as_bytes("A"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(out_.path));
}

TEST_F(BundleTest, IsNotFinishedWhenTheKeyringChangedMeanwhile) {
  {
    BundleWriter bundle = writer();
    bundle.begin("a");
    replace_file(keys_.dir.path / "keyring", as_bytes("another one"));

    const auto folder = bundle.finish({"backup", "GATE"});

    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().fault, Fault::Busy);
  }
  EXPECT_TRUE(std::filesystem::is_empty(out_.path));
}

TEST_F(BundleTest, GoesIntoADirectoryThatIsThereOutsideOfTheState) {
  const auto state = out_.path / "state";
  std::filesystem::create_directories(state / "inside");
  std::filesystem::create_directories(out_.path / "state-2");
  std::filesystem::create_directory_symlink(state / "inside", out_.path / "link");

  EXPECT_TRUE(bundle_directory(out_.path, state));
  EXPECT_TRUE(bundle_directory(out_.path / "state-2", state));
  EXPECT_EQ(bundle_directory("backups", state).error().fault, Fault::Invalid);
  EXPECT_EQ(bundle_directory(out_.path / "away", state).error().fault, Fault::NotFound);
  EXPECT_EQ(bundle_directory(state, state).error().fault, Fault::Invalid);
  EXPECT_EQ(bundle_directory(state / "inside", state).error().fault, Fault::Invalid);
  EXPECT_EQ(bundle_directory(out_.path / "link", state).error().fault, Fault::Invalid);
}

}  // namespace
}  // namespace dosigate
