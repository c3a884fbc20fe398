// Tokens for HTTP: what is kept of them, who is let in, and what a damaged file means.

#include "tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "dosigate/app/access.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNow = 1'800'000'000, kDay = 86'400;

class TokensTest : public ::testing::Test {
 protected:
  Tokens open() {
    return Tokens(file_, [this] { return WallTime(std::chrono::seconds(now_)); });
  }
  Tokens::Token wish(const std::string& name, std::int64_t days = 30) const {
    Tokens::Token out;
    out.name = name;
    out.rights = right_bit(Right::Deidentify);
    out.expires = now_ + days * kDay;
    out.made_by = "ana";
    out.maker_uid = 1000;
    return out;
  }
  std::string content() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(file_) << text; }

  testing::TempDir dir_;
  std::filesystem::path file_ = dir_.path / "tokens.json";
  std::int64_t now_ = kNow;
};

TEST_F(TokensTest, OneIsFoundByWhatWasShownAndByNothingElse) {
  auto tokens = open();
  const auto made = tokens.add(wish("viewer"));
  ASSERT_TRUE(made);
  EXPECT_THAT(made->text, ::testing::MatchesRegex("dsgt_[0-9a-f]{64}"));

  const auto found = tokens.find(made->text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "viewer");
  EXPECT_EQ(found->rights, right_bit(Right::Deidentify));
  EXPECT_EQ(found->maker_uid, 1000U);
  for (const std::string& other :
       {std::string(), std::string("viewer"), made->text + "0", made->text.substr(1),
        made->text.substr(0, made->text.size() - 1), to_hex(found->hash)})
    EXPECT_EQ(tokens.find(other).error().fault, Fault::NotFound) << other;
}

TEST_F(TokensTest, TheFileHoldsNoTokenAndIsTheOwnersAlone) {
  auto tokens = open();
  const auto made = tokens.add(wish("viewer"));
  ASSERT_TRUE(made);

  EXPECT_THAT(content(), AllOf(HasSubstr("viewer"), HasSubstr(to_hex(sha256(as_bytes(made->text)))),
                               Not(HasSubstr("dsgt_")), Not(HasSubstr(made->text.substr(5)))));
  struct stat now {};
  ASSERT_EQ(::stat(file_.c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777U, 0600U);
}

TEST_F(TokensTest, OneOutlivesARestart) {
  const auto made = open().add(wish("viewer"));
  ASSERT_TRUE(made);
  auto again = open();
  const auto found = again.find(made->text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->made_by, "ana");
  EXPECT_EQ(found->expires, kNow + 30 * kDay);
}

TEST_F(TokensTest, OneThatHasExpiredLetsNobodyIn) {
  auto tokens = open();
  const auto made = tokens.add(wish("viewer", 1));
  ASSERT_TRUE(made);
  now_ += kDay - 1;
  EXPECT_TRUE(tokens.find(made->text));
  now_ += 1;
  const auto late = tokens.find(made->text);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, Fault::Denied);
  EXPECT_THAT(late.error().detail, HasSubstr("\"viewer\" has expired"));
}

TEST_F(TokensTest, ARevokedOneLetsNobodyInNorDoThoseItMade) {
  auto tokens = open();
  const auto parent = tokens.add(wish("parent"));
  auto child_wish = wish("child"), grandchild_wish = wish("grandchild");
  child_wish.made_by = "token:parent";
  grandchild_wish.made_by = "token:child";
  const auto child = tokens.add(child_wish), grandchild = tokens.add(grandchild_wish);
  const auto other = tokens.add(wish("other"));
  ASSERT_TRUE(parent && child && grandchild && other);

  const auto gone = tokens.revoke("parent");
  ASSERT_TRUE(gone);
  EXPECT_THAT(*gone, ElementsAre("parent", "child", "grandchild"));
  for (const auto& made : {*parent, *child, *grandchild}) {
    EXPECT_FALSE(tokens.find(made.text));
    EXPECT_FALSE(open().find(made.text)) << "nor after a restart";
  }
  EXPECT_TRUE(tokens.find(other->text));
  EXPECT_EQ(tokens.revoke("parent").error().fault, Fault::NotFound);
  EXPECT_EQ(tokens.add(child_wish).error().fault, Fault::Denied) << "by a token that is gone";
}

TEST_F(TokensTest, ANameIsTakenOnceAndIsAPlainWord) {
  auto tokens = open();
  ASSERT_TRUE(tokens.add(wish("viewer")));
  EXPECT_EQ(tokens.add(wish("viewer")).error().fault, Fault::Conflict);
  for (const char* bad : {"", "a b", "a/b", ".a", "ç", "a:b"})
    EXPECT_EQ(tokens.add(wish(bad)).error().fault, Fault::Invalid) << bad;
  EXPECT_EQ(tokens.add(wish(std::string(65, 'a'))).error().fault, Fault::Invalid);
}

TEST_F(TokensTest, TheDayOfTheLastUseIsWrittenOnceADay) {
  const auto made = open().add(wish("viewer"));
  ASSERT_TRUE(made);
  auto tokens = open();
  EXPECT_EQ(tokens.list()->at(0).last_used, 0);
  ASSERT_TRUE(tokens.find(made->text));
  const std::int64_t day = kNow - kNow % kDay;
  EXPECT_EQ(open().list()->at(0).last_used, day);
  const auto before = std::filesystem::last_write_time(file_);
  now_ += 60;
  ASSERT_TRUE(tokens.find(made->text));
  EXPECT_EQ(std::filesystem::last_write_time(file_), before);
  now_ += kDay;
  ASSERT_TRUE(tokens.find(made->text));
  EXPECT_EQ(open().list()->at(0).last_used, day + kDay);
}

TEST_F(TokensTest, ADamagedFileLetsNobodyInAndIsNotWrittenOver) {
  const auto made = open().add(wish("viewer"));
  ASSERT_TRUE(made);
  const std::string good = content();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string out = good;
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  for (const std::string& bad :
       {std::string(), good.substr(0, good.size() / 2), std::string("[]"),
        with("deidentify", "everything"), with("\"sha256\":\"", "\"sha256\":\"00"),
        with("\"expires\":", "\"expired\":"), with("\"viewer\"", "\"a/b\"")}) {
    write(bad);
    auto tokens = open();
    EXPECT_THAT(tokens.trouble(), HasSubstr("`dosigate token add`")) << bad;
    EXPECT_EQ(tokens.find(made->text).error().fault, Fault::Unavailable) << bad;
    EXPECT_EQ(tokens.add(wish("new")).error().fault, Fault::Unavailable);
    EXPECT_EQ(tokens.revoke("viewer").error().fault, Fault::Unavailable);
    EXPECT_FALSE(tokens.list());
    EXPECT_EQ(content(), bad);
  }
}

}  // namespace
}  // namespace dosigate
