// study.json beside the files of a folder destination.

#include "forward/study_cards.h"

#include <atomic>

#include "dosigate/base/durable_file.h"
#include "fixture.h"

namespace dosigate::testing {
namespace {

std::string content(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? std::string(as_text(read_file(file))) : "";
}

class Cards : public Forwarding {
 protected:
  Destination folder() const {
    Destination to;
    to.name = "A";
    to.kind = Destination::Kind::Folder;
    to.path = dir.path / "folder";
    return to;
  }
  std::filesystem::path card() const {
    return dir.path / "folder" / "DSG-T-0000-0000-000" / "2.25.100" / "study.json";
  }
  std::filesystem::path marker() const { return dir.path / "folder" / ".study-json" / "2.25.100"; }
};

TEST_F(Cards, ACardIsWrittenBesideTheFilesAndTheLastOneKnowsThemAll) {
  std::atomic<int> calls = 0;
  const ArchiveForwarder forwarder(folder(), *home.spool, [&](const std::string& study) {
    ++calls;
    return study + " " + std::to_string(home.ledger->totals().received);
  });
  put(40);

  ASSERT_TRUE(all_delivered(40));

  EXPECT_TRUE(eventually([&] { return content(card()) == "2.25.100 40"; })) << content(card());
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(marker()); }));
  EXPECT_LT(calls, 20) << "a card for every instance";
}

TEST_F(Cards, ACardThatACrashLeftBehindIsWrittenAtTheNextStart) {
  {
    StudyCards before(dir.path / "folder", [](const std::string&) { return std::string("old"); });
    before.arriving("DSG-T-0000-0000-000", "2.25.100");
    make_private_directory(card().parent_path());
  }
  ASSERT_TRUE(std::filesystem::exists(marker()));

  const ArchiveForwarder forwarder(folder(), *home.spool,
                                   [](const std::string&) { return std::string("new"); });

  EXPECT_TRUE(eventually([&] { return content(card()) == "new"; }));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(marker()); }));
}

TEST_F(Cards, AStudyOfWhichNothingIsKnownGetsNone) {
  const ArchiveForwarder forwarder(folder(), *home.spool,
                                   [](const std::string&) { return std::string(); });
  put(1);

  ASSERT_TRUE(all_delivered(1));

  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(marker()); }));
  EXPECT_FALSE(std::filesystem::exists(card()));
}

TEST_F(Cards, ACardThatCannotBeWrittenDoesNotHoldUpTheInstances) {
  std::atomic<bool> broken = true;
  const ArchiveForwarder forwarder(folder(), *home.spool, [&](const std::string&) {
    if (broken) throw std::runtime_error("the ledger cannot be read");
    return std::string("now");
  });
  put(3);

  ASSERT_TRUE(all_delivered(3));
  EXPECT_TRUE(std::filesystem::exists(marker()));
  broken = false;

  EXPECT_TRUE(eventually([&] { return content(card()) == "now"; })) << "not tried again";
}

TEST_F(Cards, OneThatCanNeverBeWrittenDoesNotKeepTheOthersWaiting) {
  StudyCards cards(dir.path / "folder", [](const std::string& study) {
    if (study == "2.25.1") throw std::runtime_error("the ledger cannot be read");
    return study;
  });
  make_private_directory(card().parent_path());
  make_private_directory(card().parent_path().parent_path() / "2.25.1");
  cards.arriving("DSG-T-0000-0000-000", "2.25.1");
  cards.arriving("DSG-T-0000-0000-000", "2.25.100");

  for (int i = 0; i < 2; ++i) cards.write(StudyCards::Which::All);

  EXPECT_EQ(content(card()), "2.25.100");
}

TEST_F(Cards, AWorkerThatStopsWritesWhatIsBehind) {
  std::atomic<int> calls = 0;
  {
    const ArchiveForwarder forwarder(folder(), *home.spool,
                                     [&](const std::string&) { return std::to_string(++calls); });
    put(2);
    ASSERT_TRUE(all_delivered(2));
  }

  EXPECT_EQ(content(card()), std::to_string(calls));
  EXPECT_FALSE(std::filesystem::exists(marker()));
}

}  // namespace
}  // namespace dosigate::testing
