// Key rotation while the queue is in use.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/spool_home.h"

namespace dosigate::testing {
namespace {

struct Rotating {
  TempDir dir;
  SpoolHome home{dir.path};
  Secret next = random_secret();

  void begin() { ASSERT_TRUE(home.keys.begin_rotation(public_half(next))); }
  void finish() {
    ASSERT_TRUE(home.keys.key_file_written(public_half(next)));
    ASSERT_TRUE(home.keys.finish_rotation());
  }
};

TEST(SpoolRewrap, EverythingInTheQueueIsReadAndSentWithoutTheOldKey) {
  Rotating node;
  for (int i = 0; i < 5; ++i) node.home.put("2.25.1" + std::to_string(i), {"A"}, 50);
  node.begin();
  node.home.put("2.25.2", {"A"}, 50);  // under the newest already

  const auto done = node.home.spool->rewrap();

  ASSERT_TRUE(done);
  EXPECT_EQ(*done, 5U);
  EXPECT_EQ(*node.home.spool->rewrap(), 0U);
  node.finish();
  EXPECT_EQ(node.home.spool->pairs_to_move(10).size(), 6U);
  auto claimed = node.home.spool->claim("A", 10);
  ASSERT_EQ(claimed.size(), 6U);
  for (const auto& one : claimed) EXPECT_TRUE(one.read([](ByteView) { return true; }));
}

TEST(SpoolRewrap, AFileThatCannotBeIsSaidAfterAllOthersAreDone) {
  Rotating node;
  std::vector<InstanceId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(node.home.put("2.25.1" + std::to_string(i)));
  std::filesystem::resize_file(node.home.file_of(ids[0]), 50);
  node.begin();

  const auto done = node.home.spool->rewrap();

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::Corrupt);
  std::filesystem::remove(node.home.file_of(ids[0]));
  EXPECT_EQ(*node.home.spool->rewrap(), 0U);
}

TEST(SpoolRewrap, NothingThatIsPutMeanwhileIsLeftUnderTheOldKey) {
  Rotating node;
  std::atomic<bool> stop{false};
  std::atomic<int> count{0};
  std::vector<std::jthread> senders;
  for (int sender = 0; sender < 3; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; !stop; ++i) {
        node.home.put("2.25." + std::to_string(sender + 1) + std::to_string(1'000 + i));
        ++count;
      }
    });
  }
  while (count < 20) std::this_thread::yield();

  node.begin();
  const auto done = node.home.spool->rewrap();
  node.finish();
  stop = true;
  senders.clear();

  ASSERT_TRUE(done) << done.error().detail;
  auto claimed = node.home.spool->claim("A", 100'000);
  EXPECT_EQ(claimed.size(), static_cast<std::size_t>(count));
  for (const auto& one : claimed) EXPECT_TRUE(one.read([](ByteView) { return true; }));
}

TEST(SpoolRewrap, PairsWaitUntilTheMapHasThem) {
  Rotating node;
  node.home.put("2.25.1");
  EXPECT_FALSE(node.home.spool->pairs_waiting()) << "it has none";
  const InstanceId id = node.home.put("2.25.2", {"A"}, 50);
  EXPECT_TRUE(node.home.spool->pairs_waiting());
  node.home.spool->pairs_refused({id});
  EXPECT_TRUE(node.home.spool->pairs_waiting()) << "a later start offers them again";

  node.home.spool->pairs_moved({id});

  EXPECT_FALSE(node.home.spool->pairs_waiting());
}

}  // namespace
}  // namespace dosigate::testing
