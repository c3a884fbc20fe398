// Requests that wait for a second person: durable, sealed, for a limited time.

#include "approvals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dosigate/base/durable_file.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using ::testing::SizeIs;

class ApprovalsTest : public ::testing::Test {
 protected:
  Approvals open() {
    return {file_, keys_.keyring, [this] { return WallTime(std::chrono::seconds(now_)); }};
  }
  static Approvals::Request wanted() {
    Approvals::Request out;
    out.path = "/api/v1/map/forget";
    out.what = "forget the person of DSG-MARKER";
    out.reason = "she asks";
    out.actor = "ana";
    out.uid = 1000;
    out.body = {{"pseudonym", "DSG-MARKER"}};
    return out;
  }

  testing::Keys keys_;
  testing::TempDir dir_;
  std::filesystem::path file_ = dir_.path / "approvals";
  std::int64_t now_ = 1'795'861'800;
};

TEST_F(ApprovalsTest, OutliveARestart) {
  std::string id;
  {
    Approvals approvals = open();
    const auto filed = approvals.file(wanted(), std::chrono::hours(2));
    ASSERT_TRUE(filed);
    id = filed->id;
  }
  Approvals again = open();

  const auto found = again.find(id);

  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, "/api/v1/map/forget");
  EXPECT_EQ(found->actor, "ana");
  EXPECT_EQ(found->uid, 1000U);
  EXPECT_EQ(found->reason, "she asks");
  EXPECT_EQ(found->until, now_ + 7200);
  EXPECT_EQ(found->body.at("pseudonym"), "DSG-MARKER");
}

TEST_F(ApprovalsTest, LieOnTheDiskSealedAndForThisUserAlone) {
  Approvals approvals = open();
  ASSERT_TRUE(approvals.file(wanted(), std::chrono::hours(2)));

  EXPECT_FALSE(testing::holds_bytes(read_file(file_), as_bytes("MARKER")));
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(ApprovalsTest, EndWithTheirTime) {
  Approvals approvals = open();
  const std::string id = approvals.file(wanted(), std::chrono::hours(2))->id;

  now_ += 7199;
  EXPECT_TRUE(approvals.find(id));
  now_ += 1;
  EXPECT_EQ(approvals.find(id).error().fault, Fault::NotFound);
  EXPECT_FALSE(std::filesystem::exists(file_)) << "nothing of it stays on the disk";
}

TEST_F(ApprovalsTest, OfAClockThatWasWrongDoNotWaitForYears) {
  Approvals approvals = open();
  const std::string id = approvals.file(wanted(), std::chrono::hours(2))->id;

  now_ -= 86'400;

  EXPECT_FALSE(approvals.find(id));
}

TEST_F(ApprovalsTest, AreGoneWhenCarriedOut) {
  Approvals approvals = open();
  const std::string id = approvals.file(wanted(), std::chrono::hours(2))->id;
  const std::string other = approvals.file(wanted(), std::chrono::hours(2))->id;
  ASSERT_NE(id, other);

  approvals.remove(id);

  EXPECT_FALSE(open().find(id));
  EXPECT_TRUE(open().find(other));
}

TEST_F(ApprovalsTest, AreBounded) {
  Approvals approvals = open();
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(approvals.file(wanted(), std::chrono::hours(2)));

  EXPECT_EQ(approvals.file(wanted(), std::chrono::hours(2)).error().fault, Fault::Busy);
  EXPECT_THAT(approvals.waiting(), SizeIs(64));
}

TEST_F(ApprovalsTest, ComeUnderTheNewKeyInARotation) {
  Approvals approvals = open();
  const std::string id = approvals.file(wanted(), std::chrono::hours(2))->id;
  const Secret next = random_secret();
  ASSERT_TRUE(keys_.keyring.begin_rotation(public_half(next)));
  ASSERT_TRUE(keys_.keyring.key_file_written(public_half(next)));

  approvals.seal_anew();
  ASSERT_TRUE(keys_.keyring.finish_rotation());

  EXPECT_TRUE(open().find(id));
}

TEST_F(ApprovalsTest, OfADamagedFileHaveToBeAskedForAgainAndStopNobody) {
  ASSERT_TRUE(open().file(wanted(), std::chrono::hours(2)));
  Bytes bytes = read_file(file_);
  bytes[bytes.size() / 2] ^= 1U;
  replace_file(file_, bytes);

  Approvals approvals = open();

  EXPECT_THAT(approvals.waiting(), SizeIs(0));
  EXPECT_TRUE(approvals.file(wanted(), std::chrono::hours(2)));
}

}  // namespace
}  // namespace dosigate
