// A disk that is low, full, or broken: refused in time, nothing acknowledged lost, said in the
// status, and over when there is room again. On real file systems; where this process may not
// mount one, the tests are skipped and say why.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/phantom.h"
#include "support/raw_scu.h"
#include "support/small_disk.h"
#include "support/temp_dir.h"
#include "wire/custody.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
const std::vector<RawScu::Context> kContexts{{1, kCt, {kExplicit}}};
constexpr std::uint64_t kMiB = 1U << 20U;

/// A node, an archive and a sender around a disk that a test puts under the state directory.
class Around {
 public:
  Around(const std::filesystem::path& directory, const std::string& min_free_gb)
      : directory_(directory),
        archive_(directory / "archive"),
        node_(directory / "node", {.archive_port = archive_.port(), .min_free_gb = min_free_gb}) {}

  Phantom written(unsigned seed, unsigned ct_slices) {
    Phantom out = write_phantom(
        {.directory = directory_ / std::to_string(seed), .seed = seed, .ct_slices = ct_slices});
    book_.sent(out, 1);
    return out;
  }
  /// storescu; its exit code.
  std::optional<int> send(const Phantom& phantom) {
    Process sender = started(phantom);
    const auto code = sender.wait(std::chrono::seconds(60));
    hear(sender);
    return code;
  }
  Process started(const Phantom& phantom) {
    std::vector<std::filesystem::path> files;
    for (const auto& file : phantom.files) files.push_back(file.path);
    auto argv = storescu_arguments(node_.port(), files);
    argv.insert(argv.begin() + 1, "-d");
    return {argv, directory_ / ("sender-" + std::to_string(++senders_))};
  }
  void hear(const Process& sender) {
    sender_said_ = sender.output();
    book_.acknowledged(acknowledged_uids(sender_said_));
  }
  void expect_nothing_lost() {
    EXPECT_TRUE(eventually([&] {
      const auto totals = node_.totals();
      return totals.queued == 0 && totals.delivered == totals.received - totals.duplicate;
    })) << node_.dosigate({"status"}).output;
    ArchiveCensus census(book_);
    for (const auto& file : archive_.files()) (void)census.look_at(file);
    EXPECT_THAT(census.faults(), IsEmpty());
    EXPECT_TRUE(node_.totals().add_up());
  }
  std::string status() const { return node_.dosigate({"status"}).output; }

  const std::filesystem::path directory_;
  CustodyBook book_;
  StoreScp archive_;
  NodeProcess node_;
  std::string sender_said_;
  int senders_ = 0;
};

TEST(LowDisk, IsRefusedAtTheAssociationAndBeforeAnythingIsWrittenAndRecoversByItself) {
  TempDir dir;
  const SmallDisk disk(dir.path / "node" / "state", 64 * kMiB);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  Around around(dir.path, "0.01");
  NodeProcess& node = around.node_;
  node.start();
  const Phantom first = around.written(1, 2);
  ASSERT_EQ(around.send(first), 0);
  ASSERT_TRUE(node.settles());
  RawScu open(node.port());
  ASSERT_EQ(open.associate("DOSIGATE", "CAMERA", kContexts)->type, 2);

  disk.fill(4 * kMiB);

  RawScu late(node.port());
  std::optional<RawScu::Pdu> answer;
  ASSERT_TRUE(eventually([&] {
    late = RawScu(node.port());
    answer = late.associate("DOSIGATE", "CAMERA", kContexts);
    return answer && answer->type == 3;
  }));
  EXPECT_EQ(answer->body, (Bytes{0, 2, 3, 2})) << "transient, local limit exceeded";
  // This one is no image at all: with room it would be held in quarantine, or refused as broken.
  EXPECT_EQ(open.store(1, kCt, "1.2.3.4", Bytes(100, 0)), 0xA700);
  EXPECT_EQ(node.totals().quarantined, 0U);
  EXPECT_EQ(node.totals().received, first.files.size());
  EXPECT_THAT(around.status(), HasSubstr("critical disk-low"));
  const Finished check = node.dosigate({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.output, HasSubstr("disk-low"));

  disk.make_room();

  const Phantom second = around.written(2, 2);
  EXPECT_TRUE(eventually([&] { return around.send(second) == 0; }));
  EXPECT_THAT(around.status(), Not(HasSubstr("critical disk-low")));
  around.expect_nothing_lost();
}

TEST(FullDisk, IsMetByEveryWriteAndNothingAcknowledgedIsLost) {
  TempDir dir;
  const SmallDisk disk(dir.path / "node" / "state", 64 * kMiB);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  Around around(dir.path, "0");  // no low-water mark: ENOSPC itself
  NodeProcess& node = around.node_;
  node.start();
  const Phantom many = around.written(1, 100);
  Process sender = around.started(many);
  ASSERT_TRUE(eventually([&] { return node.totals().received >= 30; }));

  disk.fill();

  sender.wait(std::chrono::seconds(60));
  around.hear(sender);
  EXPECT_THAT(around.sender_said_, HasSubstr("0xa700"));
  EXPECT_LT(around.book_.acknowledged().size(), many.files.size());
  EXPECT_THAT(around.status(), HasSubstr("cannot-store"));
  EXPECT_EQ(node.dosigate({"check"}).code, 2);
  EXPECT_EQ(around.send(around.written(2, 2)).value_or(0) != 0, true) << "still full";
  EXPECT_TRUE(node.running());

  disk.make_room();

  EXPECT_TRUE(eventually([&] { return around.send(many) == 0; })) << around.sender_said_;
  around.expect_nothing_lost();
  EXPECT_THAT(around.status(), Not(HasSubstr("cannot-store")));
  EXPECT_EQ(node.stop(), 0);
}

TEST(FullDisk, ANodeThatIsKilledOnItStartsAgainWhenThereIsRoom) {
  TempDir dir;
  const SmallDisk disk(dir.path / "node" / "state", 64 * kMiB);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  Around around(dir.path, "0");
  NodeProcess& node = around.node_;
  node.start();
  around.archive_.stop();
  const Phantom many = around.written(1, 60);
  Process sender = around.started(many);
  ASSERT_TRUE(eventually([&] { return node.totals().received >= 30; }));
  disk.fill();
  sender.wait(std::chrono::seconds(60));
  around.hear(sender);
  node.kill();

  // It either serves on what is there or says why it cannot; it makes nothing anew.
  node.launch();
  (void)eventually([&] { return !node.running() || node.dosigate({"check"}).code != 3; });
  if (!node.running()) {
    EXPECT_THAT(node.log(), ::testing::AnyOf(HasSubstr("make room"), HasSubstr("No space left"),
                                             HasSubstr("disk is full")));
  }
  node.kill();

  disk.make_room();
  node.start();
  around.archive_.start();
  (void)node.dosigate({"queue", "retry", "--all"});
  around.expect_nothing_lost();
  EXPECT_EQ(around.send(many), 0);
  around.expect_nothing_lost();
}

TEST(StruckDiskUnderTheNode, TurnsReadOnlyAndNothingAcknowledgedIsLost) {
  TempDir dir;
  const StruckDisk disk(dir.path / "image", dir.path / "node" / "state", 64 * kMiB);
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  Around around(dir.path, "0");
  NodeProcess& node = around.node_;
  node.start();
  const Phantom many = around.written(1, 60);
  Process sender = around.started(many);
  ASSERT_TRUE(eventually([&] { return node.totals().received >= 20; }));

  disk.strike();

  sender.wait(std::chrono::seconds(60));
  around.hear(sender);
  EXPECT_THAT(around.sender_said_, HasSubstr("0xa700"));
  EXPECT_THAT(node.dosigate({"check"}).output, HasSubstr("cannot-store"));
  EXPECT_TRUE(node.running());
  node.kill();
  node.launch();  // over a disk that stays read-only
  EXPECT_TRUE(node.ends_within(std::chrono::seconds(20)));
  EXPECT_THAT(node.log(), HasSubstr("ead-only file system"));

  disk.mend();

  node.start();
  EXPECT_EQ(around.send(many), 0);
  around.expect_nothing_lost();
  node.kill();
}

}  // namespace
}  // namespace dosigate::testing
