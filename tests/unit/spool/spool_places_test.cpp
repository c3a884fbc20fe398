// Files that are made before their instances come.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "support/disk_layer.h"
#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

using Kind = DiskStep::Kind;

class SpoolPlaces : public ::testing::Test {
 protected:
  Result<SpoolPut> put(SpoolPlace& place, const std::string& sop) const {
    return put(place.id(), place, sop);
  }
  Result<SpoolPut> put(const InstanceId& id, SpoolPlace& place, const std::string& sop) const {
    const CleanInstance instance = SpoolHome::instance(sop);
    const Bytes print(32, 1);
    return home.spool->put({.id = id,
                            .instance = instance,
                            .fingerprint = print,
                            .sealed_pairs = {},
                            .destinations = {"A"},
                            .place = &place});
  }
  std::size_t count(Kind kind, const std::string& in) const {
    const auto steps = DiskRecording::steps();
    return static_cast<std::size_t>(std::ranges::count_if(steps, [&](const DiskStep& step) {
      return step.kind == kind && step.path.string().find(in) != std::string::npos;
    }));
  }
  DiskFault::Plan failing(Kind kind, const std::string& in) const {
    return {.root = home.path, .error = EIO, .path = in, .kind = kind};
  }

  TempDir dir;
  SpoolHome home{dir.path};
};

TEST_F(SpoolPlaces, HaveADurableEntryBeforeTheirInstanceComes) {
  auto first = home.spool->place();
  {
    const DiskRecording recording(home.path);
    auto second = home.spool->place();
    ASSERT_TRUE(put(second, "2.25.1"));
    EXPECT_EQ(count(Kind::SyncDirectory, "/spool/"), 0U);
    EXPECT_EQ(count(Kind::Sync, ".dsg"), 1U);
    EXPECT_EQ(count(Kind::Create, ".dsg"), 0U);
  }
  EXPECT_TRUE(std::filesystem::is_empty(home.file_of(first.id())));
  ASSERT_TRUE(put(first, "2.25.2"));

  EXPECT_EQ(home.spool->files(), 2U);
  EXPECT_EQ(home.spool->claim("A", 10).size(), 2U);
}

TEST_F(SpoolPlaces, AreMadeWithOneSyncForMany) {
  const DiskRecording recording(home.path);

  for (int i = 0; i < 20; ++i) {
    auto place = home.spool->place();
    ASSERT_TRUE(put(place, "2.25.1" + std::to_string(i)));
  }

  EXPECT_EQ(count(Kind::SyncDirectory, "/spool/"), 1U);
  EXPECT_EQ(count(Kind::Sync, ".dsg"), 20U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(SpoolPlaces, GoBackWhenNothingWasPutThere) {
  auto before = home.spool->place();
  ASSERT_TRUE(put(before, "2.25.1"));
  InstanceId unused{};
  {
    auto place = home.spool->place();
    unused = place.id();
    ASSERT_EQ(*put(place, "2.25.1"), SpoolPut::Duplicate);
  }

  auto again = home.spool->place();

  EXPECT_EQ(again.id(), unused);
  ASSERT_EQ(*put(again, "2.25.2"), SpoolPut::Queued);
}

TEST_F(SpoolPlaces, LeaveNothingBehind) {
  {
    auto place = home.spool->place();
    EXPECT_GT(home.files_on_disk(), 1U);
    std::vector<SpoolPlace> many;
    for (int i = 0; i < 100; ++i) many.push_back(home.spool->place());
  }
  EXPECT_LE(home.files_on_disk(), 32U);

  home.restart();

  EXPECT_EQ(home.files_on_disk(), 0U);
}

TEST_F(SpoolPlaces, AreRemovedAndNotCountedAfterACrash) {
  auto kept = home.spool->place();
  ASSERT_TRUE(put(kept, "2.25.1"));
  const auto unused = home.spool->place();
  TempDir crashed;
  std::filesystem::copy(home.path, crashed.path / "home", std::filesystem::copy_options::recursive);

  SpoolHome after(crashed.path / "home");

  EXPECT_EQ(after.files_on_disk(), 1U);
  EXPECT_EQ(after.spool->recovered().removed_incomplete, 0U);
  EXPECT_EQ(after.spool->claim("A", 10).size(), 1U);
}

TEST_F(SpoolPlaces, ThatSomebodyRemovedAreNotUsed) {
  const InstanceId first = [&] { return home.spool->place().id(); }();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path / "archive"))
    if (entry.path().extension() == ".dsg") std::filesystem::remove(entry.path());

  auto place = home.spool->place();

  EXPECT_NE(place.id(), first);
  ASSERT_TRUE(put(place, "2.25.1"));
  EXPECT_TRUE(std::filesystem::exists(home.file_of(place.id())));
}

TEST_F(SpoolPlaces, TakeTheirOwnInstanceOnly) {
  auto one = home.spool->place(), other = home.spool->place();

  EXPECT_THROW((void)put(one.id(), other, "2.25.1"), std::logic_error);
}

TEST_F(SpoolPlaces, KeepNothingOfWhatCouldNotBeSynced) {
  auto place = home.spool->place();
  {
    const DiskFault fault(failing(Kind::Sync, ".dsg"));
    EXPECT_THROW((void)put(place, "2.25.1"), std::system_error);
    ASSERT_EQ(DiskFault::failed(), 1U);
  }

  EXPECT_FALSE(std::filesystem::exists(home.file_of(place.id())));
  auto next = home.spool->place();
  EXPECT_NE(next.id(), place.id());
  EXPECT_EQ(*put(next, "2.25.1"), SpoolPut::Queued);
}

TEST_F(SpoolPlaces, AreNotGivenOutWhenTheirEntriesCouldNotBeSynced) {
  {
    const DiskFault fault(failing(Kind::SyncDirectory, "/spool/"));
    EXPECT_THROW((void)home.spool->place(), std::system_error);
    ASSERT_EQ(DiskFault::failed(), 1U);
  }

  EXPECT_EQ(home.files_on_disk(), 0U);
  auto place = home.spool->place();
  EXPECT_EQ(*put(place, "2.25.1"), SpoolPut::Queued);
}

}  // namespace
}  // namespace dosigate::testing
