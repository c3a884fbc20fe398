#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

#include "shared_sync.h"
#include "support/disk_layer.h"
#include "support/spool_home.h"
#include "support/temp_dir.h"

namespace dosigate::testing {
namespace {

using Kind = DiskStep::Kind;

/// A disk on which threads that run together meet at its syncs.
constexpr std::chrono::milliseconds kSlow{10};

std::size_t directory_syncs() {
  const auto steps = DiskRecording::steps();
  return static_cast<std::size_t>(std::ranges::count(steps, Kind::SyncDirectory, &DiskStep::kind));
}

void at_once(unsigned count, const std::function<void(unsigned)>& does) {
  std::latch ready(count);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      does(i);
    });
  }
}

TEST(SharedSync, ServesThoseWhoCameWhileOneRanTogether) {
  TempDir dir;
  SharedSync shared;
  const DiskRecording recording(dir.path, kSlow);

  at_once(32, [&](unsigned) { shared.sync(dir.path); });

  EXPECT_GE(directory_syncs(), 1U);
  EXPECT_LT(directory_syncs(), 32U);
}

TEST(SharedSync, NobodyReturnsBeforeASyncThatBeganAfterItsEntry) {
  TempDir dir;
  SharedSync shared;
  const DiskRecording recording(dir.path);

  at_once(16, [&](unsigned i) {
    const auto name = dir.path / std::to_string(i);
    (void)create_new_file(name);
    shared.sync(dir.path);
    DiskRecording::mark(name);
  });

  const auto steps = DiskRecording::steps();
  for (auto said = steps.begin(); said != steps.end(); ++said) {
    if (said->kind != Kind::Mark) continue;
    const auto made = std::find_if(steps.begin(), said, [&](const DiskStep& step) {
      return step.kind == Kind::Create && step.path == said->path;
    });
    ASSERT_NE(made, said);
    EXPECT_TRUE(std::any_of(made, said, [](const DiskStep& step) {
      return step.kind == Kind::SyncDirectory;
    })) << said->path;
  }
}

TEST(SharedSync, AFailureIsToldToEverybodyWhoWaitedForItAndToNobodyElse) {
  TempDir dir;
  SharedSync shared;
  std::atomic<unsigned> told = 0;
  {
    DiskFault::Plan plan;
    plan.root = dir.path;
    plan.error = EIO;
    plan.kind = Kind::SyncDirectory;
    plan.lasting = true;
    const DiskFault fault(plan);
    at_once(8, [&](unsigned) {
      try {
        shared.sync(dir.path);
      } catch (const std::system_error&) {
        ++told;
      }
    });
  }
  EXPECT_EQ(told, 8U);

  EXPECT_NO_THROW(shared.sync(dir.path));
}

TEST(SharedSync, IsWhatParallelPutsOfASpoolUse) {
  TempDir dir;
  SpoolHome home(dir.path);
  const DiskRecording recording(dir.path, kSlow);
  constexpr unsigned kThreads = 8, kEach = 8;

  at_once(kThreads, [&](unsigned thread) {
    for (unsigned i = 0; i < kEach; ++i)
      home.put("2.25.1" + std::to_string(thread) + "0" + std::to_string(i), {"A"}, 0);
  });

  EXPECT_EQ(home.spool->files(), kThreads * kEach);
  EXPECT_LT(directory_syncs(), kThreads * kEach) << "each put made a sync of its own";
}

}  // namespace
}  // namespace dosigate::testing
