// The second disk: what a restore needs, and what happens when it is away, torn, old or new.

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "map_fixture.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void put(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// Resolves three patients and gives their pseudonyms.
std::vector<std::string> three_patients(const Node& node) {
  std::vector<std::string> out;
  const auto map = node.open();
  for (const std::string n : {"1", "2", "3"}) {
    out.push_back(
        resolve(
            *map,
            Source().id("PID-70" + n).study("1.2.70." + n).name("P" + n + "NAME").serial("SN-" + n))
            .pseudonym);
  }
  return out;
}

/// An empty map with the same keyring, as a restore without a backup begins.
void empty_the_map(const Node& node) {
  fs::remove_all(node.settings.directory);
  PseudonymMap::Settings without = node.settings;
  without.journal_directory.clear();
  ASSERT_TRUE(PseudonymMap::create(without, *node.keys).has_value());
}

TEST(Journal, AloneMakesTheSameMapAgain) {
  Node node;
  const auto before = three_patients(node);
  empty_the_map(node);

  const auto after = three_patients(node);

  EXPECT_EQ(after, before);
  EXPECT_EQ(node.open()->totals().patients, 3);
  EXPECT_EQ(node.open()->totals().devices, 3);
}

TEST(Journal, ThatBeginsLateBeginsWithEverythingInTheMap) {
  Node node;
  node.settings.journal_directory.clear();
  const auto before = three_patients(node);
  node.settings.journal_directory = node.dir.path / "late";
  fs::create_directory(node.settings.journal_directory);
  { node.open(); }
  empty_the_map(node);

  EXPECT_EQ(three_patients(node), before);
}

TEST(Journal, CatchesUpWithWhatHappenedWhileItWasSwitchedOff) {
  Node node;
  const auto before = three_patients(node);
  std::string fourth;
  {
    PseudonymMap::Settings without = node.settings;
    without.journal_directory.clear();
    auto map = PseudonymMap::open(without, *node.keys);
    ASSERT_TRUE(map.has_value());
    fourth = resolve(**map, Source().id("PID-704").study("1.2.70.4")).pseudonym;
  }
  { node.open(); }
  empty_the_map(node);

  EXPECT_EQ(three_patients(node), before);
  const auto map = node.open();
  EXPECT_EQ(resolve(*map, Source().id("PID-704").study("1.2.70.4")).pseudonym, fourth);
  EXPECT_EQ(map->totals().patients, 4);
}

TEST(Journal, LosesATornLastRecordAndNothingElse) {
  Node node;
  const auto before = three_patients(node);
  const std::string whole = content(node.journal());
  for (const std::string& tail :
       {std::string("\x40"), std::string("\x40\0\0\0\xBF\xFF\xFF\xFFsome bytes", 18),
        std::string(5000, '\0'), std::string(512, '\0') + std::string(100, 'x'),
        std::string("\x40\0\0\0\0\0\0\0", 8) + std::string(100, 'x')}) {
    put(node.journal(), whole + tail);

    EXPECT_EQ(three_patients(node), before);
    EXPECT_EQ(content(node.journal()), whole);
  }
}

TEST(Journal, WithoutABlockBeforeItsLastRecordIsRefused) {
  Node node;
  three_patients(node);
  std::string damaged = content(node.journal());
  damaged.replace(200, 64, std::string(64, '\0'));
  put(node.journal(), damaged);

  EXPECT_FALSE(PseudonymMap::open(node.settings, *node.keys).has_value());
  EXPECT_EQ(content(node.journal()), damaged) << "nothing is cut off";
}

TEST(Journal, DamagedBeforeItsEndIsRefused) {
  Node node;
  three_patients(node);
  const std::string whole = content(node.journal());
  for (const std::size_t at : {whole.size() / 2, std::size_t{80}}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    put(node.journal(), damaged);

    const auto map = PseudonymMap::open(node.settings, *node.keys);

    ASSERT_FALSE(map.has_value());
    EXPECT_EQ(map.error().fault, Fault::Corrupt);
    EXPECT_EQ(content(node.journal()), damaged) << "nothing is cut away";
  }
}

TEST(Journal, OlderThanTheMapIsRefused) {
  Node node;
  { resolve(*node.open(), Source()); }
  const std::string old = content(node.journal());
  three_patients(node);
  put(node.journal(), old);

  const auto map = PseudonymMap::open(node.settings, *node.keys);

  ASSERT_FALSE(map.has_value());
  EXPECT_EQ(map.error().fault, Fault::Corrupt);
}

TEST(Journal, OfAnotherKeyringIsRefused) {
  Node node;
  Node other;
  three_patients(node);
  three_patients(other);
  fs::copy_file(other.journal(), node.journal(), fs::copy_options::overwrite_existing);

  EXPECT_EQ(PseudonymMap::open(node.settings, *node.keys).error().fault, Fault::Conflict);
}

TEST(Journal, WhoseDirectoryIsNotThereMakesTheMapUnavailable) {
  Node node;
  three_patients(node);
  fs::rename(node.settings.journal_directory, node.dir.path / "elsewhere");

  const auto away = PseudonymMap::open(node.settings, *node.keys);
  fs::create_directory(node.settings.journal_directory);
  const auto empty_mount_point = PseudonymMap::open(node.settings, *node.keys);

  ASSERT_FALSE(away.has_value());
  EXPECT_EQ(away.error().fault, Fault::Unavailable);
  EXPECT_NE(away.error().detail.find("journal_dir"), std::string::npos);
  ASSERT_FALSE(empty_mount_point.has_value());
  EXPECT_EQ(empty_mount_point.error().fault, Fault::Unavailable);
  EXPECT_FALSE(fs::exists(node.journal()));
}

TEST(Journal, LostForGoodIsBegunAnewAfterOneStartWithoutIt) {
  Node node;
  const auto before = three_patients(node);
  fs::remove(node.journal());
  PseudonymMap::Settings without = node.settings;
  without.journal_directory.clear();
  ASSERT_TRUE(PseudonymMap::open(without, *node.keys).has_value());

  ASSERT_EQ(three_patients(node), before);
  empty_the_map(node);

  EXPECT_EQ(three_patients(node), before);
}

TEST(Journal, ThatCannotBeWrittenStopsNewPatientsButNotKnownOnes) {
  Node node;
  const auto map = node.open();
  resolve(*map, Source());
  // /dev/full would need a path; a file size limit gives the same error from the same call.
  struct rlimit old {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = old;
  small.rlim_cur = fs::file_size(node.journal()) + 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);

  const auto refused = map->resolve(site_a(), Source().id("PID-2").study("1.2.3.2").value);
  const auto known = map->resolve(site_a(), Source().value);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  const auto healed = map->resolve(site_a(), Source().id("PID-2").study("1.2.3.2").value);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, Fault::Unavailable);
  EXPECT_TRUE(known.has_value());
  EXPECT_TRUE(healed.has_value());
}

}  // namespace
}  // namespace dosigate::testing
