#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/offline_map.h"
#include "app/offline_run.h"
#include "offline_files.h"

namespace dosigate::offline {
namespace {

namespace fs = std::filesystem;
using testing::ct_slice;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::part10;
using testing::slice;
using testing::TempDir;
using testing::write_file;

/// An engine over a map, and runs of it.
class Bench {
 public:
  explicit Bench(Result<OfflineMap> map) : map_(std::move(*map)) {
    Deidentifier::Settings settings;
    settings.profile = *Profile::load({}, "dosimetry");
    settings.site.code = "TST";
    engine = std::make_unique<Deidentifier>(std::move(settings), map_.map());
  }
  RunResult run(const fs::path& in, const fs::path& out, unsigned jobs,
                const std::atomic<bool>& stop = false) {
    RunSettings settings{*engine, map_.map(), map_.is_kept(), out};
    settings.jobs = jobs;
    return run_offline(settings, *list_input(in), stop, [](std::size_t, std::size_t) {});
  }
  PseudonymMap& map() { return map_.map(); }

 private:
  OfflineMap map_;

 public:
  std::unique_ptr<Deidentifier> engine;
};

std::vector<Outcome> outcomes(const RunResult& result) {
  std::vector<Outcome> out;
  for (const Fate& fate : result.fates) out.push_back(fate.outcome);
  return out;
}

/// The same instance with another weight: an input of dosimetry.
Bytes other_weight(const std::string& number) {
  return part10(ct_slice()
                    .with(DCM_SOPInstanceUID, "1.2.3." + number)
                    .with(DCM_PatientWeight, "99")
                    .received());
}

/// The same instance, only numbered otherwise.
Bytes other_number(const std::string& number) {
  return part10(ct_slice()
                    .with(DCM_SOPInstanceUID, "1.2.3." + number)
                    .with(DCM_InstanceNumber, "47110815")
                    .received());
}

TEST(OfflineRun, TheEarlierOfTwoEqualInstancesIsWrittenWhateverTheJobs) {
  for (const unsigned jobs : {1U, 4U}) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      TempDir dir;
      Bench bench(OfflineMap::throwaway());
      write_file(dir.path / "in" / "a", slice("1"));
      write_file(dir.path / "in" / "b", other_number("1"));
      write_file(dir.path / "in" / "c", other_weight("1"));
      write_file(dir.path / "in" / "d", slice("2"));

      const RunResult result = bench.run(dir.path / "in", dir.path / "out", jobs);

      ASSERT_THAT(outcomes(result),
                  ElementsAre(Outcome::Cleaned, Outcome::Same, Outcome::Held, Outcome::Cleaned))
          << jobs << " jobs: " << result.fates[1].reason << " " << result.fates[1].detail;
      EXPECT_EQ(result.fates[2].reason, "revision") << jobs;
      const std::string written = testing::content_of(dir.path / "out" / result.fates[0].file);
      EXPECT_EQ(written.find("47110815"), std::string::npos) << "the later one was written";
    }
  }
}

TEST(OfflineRun, AMapOfItsOwnRemembersWhatItHasSeen) {
  TempDir dir;
  ASSERT_TRUE(OfflineMap::create(dir.path / "map"));
  write_file(dir.path / "first" / "a", slice("1"));
  write_file(dir.path / "second" / "a", other_weight("1"));
  write_file(dir.path / "second" / "b", slice("1"));
  RunResult first, second;
  {
    Bench bench(OfflineMap::open(dir.path / "map", nullptr));
    first = bench.run(dir.path / "first", dir.path / "out1", 1);
    EXPECT_GT(bench.map().totals().uid_pairs, 0);
  }
  Bench bench(OfflineMap::open(dir.path / "map" / "map.db", nullptr));
  second = bench.run(dir.path / "second", dir.path / "out2", 4);

  EXPECT_THAT(outcomes(second), ElementsAre(Outcome::Held, Outcome::Cleaned));
  EXPECT_EQ(second.fates[1].file, first.fates[0].file);
  EXPECT_EQ(testing::content_of(dir.path / "out1" / first.fates[0].file),
            testing::content_of(dir.path / "out2" / second.fates[1].file));
}

TEST(OfflineRun, StoppedItSaysWhatItHasNotReached) {
  TempDir dir;
  Bench bench(OfflineMap::throwaway());
  write_file(dir.path / "in" / "a", slice("1"));
  const std::atomic<bool> stop{true};

  const RunResult result = bench.run(dir.path / "in", dir.path / "out", 2, stop);

  EXPECT_THAT(outcomes(result), ElementsAre(Outcome::NotReached));
  EXPECT_TRUE(is_failure(result.fates[0].outcome));
}

TEST(OfflineRun, EndsAtAnOutputThatCannotBeWritten) {
  TempDir dir;
  Bench bench(OfflineMap::throwaway());
  for (const char* number : {"1", "2", "3"}) write_file(dir.path / "in" / number, slice(number));
  write_file(dir.path / "out", {});  // a file where a folder should be

  const RunResult result = bench.run(dir.path / "in", dir.path / "out", 1);

  EXPECT_NE(result.broken, "");
  EXPECT_THAT(outcomes(result),
              ElementsAre(Outcome::NotReached, Outcome::NotReached, Outcome::NotReached));
}

TEST(OfflineMap, AThrowawayOneIsPrivateAndGoesWithItsObject) {
  const auto folders = [] {
    std::vector<fs::path> out;
    for (const fs::path& place : {fs::path("/dev/shm"), fs::temp_directory_path()}) {
      if (!fs::is_directory(place)) continue;
      for (const auto& entry : fs::directory_iterator(place)) {
        if (entry.path().filename().string().starts_with("dosigate-map-"))
          out.push_back(entry.path());
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  const auto before = folders();
  {
    const auto map = OfflineMap::throwaway();
    ASSERT_TRUE(map);
    EXPECT_FALSE(map->is_kept());
    const auto during = folders();
    ASSERT_EQ(during.size(), before.size() + 1);
    for (const fs::path& folder : during)
      EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all) << folder;
  }
  EXPECT_EQ(folders(), before);
}

TEST(OfflineMap, SaysWhatIsMissing) {
  TempDir dir;
  ASSERT_TRUE(OfflineMap::create(dir.path / "map"));
  const auto again = OfflineMap::create(dir.path / "map");
  const auto nowhere = OfflineMap::open(dir.path / "nowhere", nullptr);
  const auto busy = OfflineMap::open(dir.path / "map", nullptr);
  const auto twice = OfflineMap::open(dir.path / "map", nullptr);

  EXPECT_THAT(again.error().detail, HasSubstr("exists"));
  EXPECT_THAT(nowhere.error().detail, HasSubstr("--create-map"));
  ASSERT_TRUE(busy);
  EXPECT_EQ(twice.error().fault, Fault::Unavailable);
}

TEST(OfflineMap, IsReadableByItsOwnerOnly) {
  TempDir dir;
  ASSERT_TRUE(OfflineMap::create(dir.path / "map"));

  EXPECT_EQ(fs::status(dir.path / "map").permissions(), fs::perms::owner_all);
  for (const auto& entry : fs::directory_iterator(dir.path / "map"))
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all),
              fs::perms::none)
        << entry.path();
}

}  // namespace
}  // namespace dosigate::offline
