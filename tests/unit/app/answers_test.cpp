#include "app/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/crypto/hash.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(ApiBody& body) {
  std::string out;
  EXPECT_TRUE(body.read([&](ByteView piece) {
    out += as_text(piece);
    return true;
  }));
  EXPECT_EQ(body.length(), out.size());
  return out;
}

class AnswersTest : public ::testing::Test {
 protected:
  AnswersTest() {
    const Secret master = random_secret();
    EXPECT_TRUE(Keyring::create(dir_.path / "keyring", master));
    keys_ = std::make_unique<Keyring>(std::move(*Keyring::open(dir_.path / "keyring", master)));
  }
  std::filesystem::path folder() const { return dir_.path / "answers"; }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder()), {}));
  }
  static void keep_an_answer(const Answers::Key& key) {
    Answers::Draft draft = key.draft();
    const auto body = draft.finish({});
    draft.keep();
  }
  TempDir dir_;
  std::unique_ptr<Keyring> keys_;
};

TEST_F(AnswersTest, AnAnswerGoesWhenItWasSent) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  Answers::Draft draft = answers.draft();
  draft.write(as_bytes("MARIA"));

  auto body = draft.finish({});
  EXPECT_EQ(text_of(*body), "MARIA");
  EXPECT_EQ(files(), 1U);
  body.reset();

  EXPECT_EQ(files(), 0U);
}

TEST_F(AnswersTest, NothingLiesInTheClear) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  Answers::Draft draft = answers.draft();
  draft.write(as_bytes("MARIA DA SILVA"));
  const auto body = draft.finish({});

  for (const auto& file : std::filesystem::directory_iterator(folder()))
    EXPECT_THAT(content_of(file.path()), ::testing::Not(::testing::HasSubstr("MARIA")));
}

TEST_F(AnswersTest, ADraftThatIsGivenUpLeavesNothing) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  {
    Answers::Draft draft = answers.draft();
    draft.write(Bytes(1'000'000));
    EXPECT_EQ(files(), 1U);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(AnswersTest, UnderAKeyItIsGivenAgainAcrossARestart) {
  {
    Answers answers(folder(), *keys_, std::chrono::hours(1));
    const auto key = *answers.key("token:a", "1");
    EXPECT_FALSE(key->given());
    Answers::Draft draft = key->draft();
    draft.write(as_bytes("answer"));
    const auto body = draft.finish({200, "application/zip", {{"X", "y"}}, "digest"});
    draft.keep();
    Answers::Draft lost = answers.draft();
    lost.write(as_bytes("left by a crash"));
    std::filesystem::copy(folder(), dir_.path / "crashed");
  }
  std::filesystem::remove_all(folder());
  std::filesystem::rename(dir_.path / "crashed", folder());
  Answers answers(folder(), *keys_, std::chrono::hours(1));

  EXPECT_EQ(files(), 1U);
  const auto key = *answers.key("token:a", "1");
  const auto given = key->given();
  ASSERT_TRUE(given);
  EXPECT_EQ(given->head.content_type, "application/zip");
  EXPECT_EQ(given->head.request, "digest");
  EXPECT_EQ(given->head.headers.at(0).second, "y");
  EXPECT_EQ(text_of(*given->body), "answer");
  EXPECT_EQ(text_of(*given->body), "answer");
}

// What is in it does not count as given yet: a crash now makes it withdrawn.
TEST_F(AnswersTest, UnderAKeyWhatIsFinishedIsNotGivenAgainBeforeItIsKept) {
  {
    Answers answers(folder(), *keys_, std::chrono::hours(1));
    const auto key = *answers.key("token:a", "1");
    const auto body = key->draft().finish({});
    EXPECT_FALSE(key->given());
    std::filesystem::copy(folder(), dir_.path / "crashed");
  }
  EXPECT_EQ(files(), 0U);
  std::filesystem::remove_all(folder());
  std::filesystem::rename(dir_.path / "crashed", folder());

  Answers answers(folder(), *keys_, std::chrono::hours(1));

  EXPECT_FALSE((*answers.key("token:a", "1"))->given());
  EXPECT_EQ(files(), 0U);
}

TEST_F(AnswersTest, WhatWasBegunBeforeAPersonIsForgottenIsNotKept) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  const auto key = *answers.key("token:a", "1");
  Answers::Draft draft = key->draft();
  const auto body = draft.finish({});

  answers.clear();
  draft.keep();

  EXPECT_FALSE(key->given());
}

TEST_F(AnswersTest, AKeyIsOfOneClient) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  {
    const auto key = *answers.key("token:a", "1");
    keep_an_answer(*key);
  }
  EXPECT_FALSE((*answers.key("token:b", "1"))->given());
  EXPECT_TRUE((*answers.key("token:a", "1"))->given());
}

TEST_F(AnswersTest, OneRequestOfAKeyAtATime) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  auto first = answers.key("token:a", "1");
  EXPECT_EQ(answers.key("token:a", "1").error().fault, Fault::Conflict);
  EXPECT_TRUE(answers.key("token:a", "2"));
  first->reset();
  EXPECT_TRUE(answers.key("token:a", "1"));
}

TEST_F(AnswersTest, AreAllGoneWhenAPersonIsForgotten) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  keep_an_answer(**answers.key("token:a", "1"));
  keep_an_answer(**answers.key("token:b", "2"));

  answers.clear();

  EXPECT_EQ(files(), 0U);
}

TEST_F(AnswersTest, ExpiresWhenItsTimeIsOver) {
  Answers answers(folder(), *keys_, std::chrono::hours(1));
  keep_an_answer(**answers.key("token:a", "1"));
  for (const auto& file : std::filesystem::directory_iterator(folder()))
    std::filesystem::last_write_time(
        file.path(), std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));

  EXPECT_FALSE((*answers.key("token:a", "1"))->given());
  answers.expire();

  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace dosigate
