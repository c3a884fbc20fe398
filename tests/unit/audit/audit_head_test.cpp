// The chain against a head that was kept elsewhere: what the file alone cannot show.

#include "dosigate/audit/audit_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "dosigate/audit/audit_log.h"
#include "dosigate/base/durable_file.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using testing::Keys;

struct Kept : ::testing::Test {
  Keys keys;
  std::filesystem::path directory = keys.dir.path / "audit";
  std::filesystem::path file = directory / "audit.jsonl";

  std::unique_ptr<AuditLog> open() const {
    auto log = AuditLog::open(directory, keys.keyring);
    if (!log) throw std::runtime_error(log.error().detail);
    return std::move(*log);
  }
  int written = 0;  // in every line, so that no two are alike even within one millisecond
  AuditHead fill(int lines) {
    const auto log = open();
    for (int i = 0; i < lines; ++i) log->record("e", "a", {{"nth", std::to_string(++written)}});
    return log->head();
  }
  Result<AuditHead> verified(const std::vector<AuditHead>& heads) const {
    return AuditLog::verify_file(file, keys.keyring, heads);
  }
  void cut_to(std::size_t lines) const {
    const Bytes all = read_file(file);
    std::size_t size = 0;
    for (; lines > 0; --lines) size = std::string_view(as_text(all)).find('\n', size) + 1;
    ASSERT_EQ(::truncate(file.c_str(), static_cast<off_t>(size)), 0);
  }
};

TEST_F(Kept, HeadsOfBeforeHoldHoweverLongTheRecordHasGrown) {
  const AuditHead three = fill(3), five = fill(2);
  fill(1);

  const auto now = verified({five, three, five});

  ASSERT_TRUE(now) << now.error().detail;
  EXPECT_EQ(now->number, 6U);
  EXPECT_TRUE(open()->verify({three, *now}));
}

TEST_F(Kept, LinesCutOffFromTheEndWhileNoNodeRanAreNoticed) {
  const AuditHead head = fill(5);
  cut_to(4);
  ASSERT_TRUE(verified({})) << "the file alone does not show it";

  const auto now = verified({head});

  ASSERT_FALSE(now);
  EXPECT_EQ(now.error().fault, Fault::Corrupt);
  EXPECT_THAT(now.error().detail, HasSubstr("ends at line 4, and had line 5"));
  EXPECT_FALSE(open()->verify({head}));
}

TEST_F(Kept, ARecordBegunAnewIsNoticedAlsoWhenItHasGrownLongerThanTheOldOne) {
  const AuditHead head = fill(3);
  std::filesystem::remove(file);
  fill(9);

  const auto now = verified({head});

  ASSERT_FALSE(now);
  EXPECT_THAT(now.error().detail, HasSubstr("line 3 is another one"));
}

TEST_F(Kept, AnEndWrittenAgainAfterACutIsNoticed) {
  const AuditHead head = fill(5);
  cut_to(3);
  fill(4);

  EXPECT_FALSE(verified({head}));
}

TEST_F(Kept, AnEmptyOrMissingRecordDoesNotHoldAHead) {
  const AuditHead head = fill(1);
  cut_to(0);
  EXPECT_FALSE(verified({head}));
  std::filesystem::remove(file);
  EXPECT_EQ(verified({head}).error().fault, Fault::NotFound);
}

TEST(AuditHead, IsReadAsItIsPrinted) {
  const AuditHead head{12, std::string(64, 'e')};

  EXPECT_EQ(text_of(head), "12:" + std::string(64, 'e'));
  EXPECT_EQ(parse_audit_head(text_of(head)), head);
  EXPECT_EQ(parse_audit_head("12:" + std::string(64, 'E')), head);
  const std::string e(64, 'e');
  const std::vector<std::string> wrong{"",
                                       "12",
                                       "12:",
                                       "0:" + e,
                                       "-1:" + e,
                                       "12:" + e.substr(1),
                                       "12 :" + e,
                                       "12:" + e + "e",
                                       "12:" + e.substr(1) + "g",
                                       "99999999999999999999:" + e};
  for (const std::string& bad : wrong) EXPECT_FALSE(parse_audit_head(bad)) << bad;
}

}  // namespace
}  // namespace dosigate
