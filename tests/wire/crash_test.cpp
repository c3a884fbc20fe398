// The promise of custody: what the senders were told is stored arrives, wherever the node dies.
//
// DOSIGATE_KILLS (50), DOSIGATE_SEED (random, printed) and DOSIGATE_CT_SLICES (16, of a series) in
// the environment make it longer or repeat it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <random>
#include <regex>
#include <thread>

#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/custody.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;
using Paths = std::vector<std::filesystem::path>;

unsigned long number_from(const char* variable, unsigned long otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

std::vector<std::string> with_debug(std::vector<std::string> argv) {
  argv.insert(argv.begin() + 1, "-d");
  return argv;
}

Paths paths_of(const Phantom& phantom) {
  Paths out;
  for (const PhantomFile& file : phantom.files) out.push_back(file.path);
  return out;
}

/// storescu and dcmsend at once, each with files of its own; every success they hear goes into the
/// book.
class Senders {
 public:
  Senders(const NodeProcess& node, const std::filesystem::path& logs, const Paths& by_storescu,
          const Paths& by_dcmsend)
      : storescu_(with_debug(storescu_arguments(node.port(), by_storescu)), logs / "storescu.log"),
        dcmsend_(with_debug(dcmsend_arguments(node.port(), by_dcmsend)), logs / "dcmsend.log") {}

  bool running() { return storescu_.running() || dcmsend_.running(); }
  /// False when one had to be killed.
  bool end(CustodyBook& book, std::chrono::seconds patience = std::chrono::seconds(60)) {
    bool both = true;
    for (Process* sender : {&storescu_, &dcmsend_}) {
      both = sender->wait(patience).has_value() && both;
      book.acknowledged(acknowledged_uids(sender->output()));
    }
    return both;
  }
  std::string output() const { return storescu_.output() + dcmsend_.output(); }

 private:
  Process storescu_, dcmsend_;
};

/// Four persons who come again and again with new studies.
class Persons {
 public:
  Persons(std::filesystem::path directory, CustodyBook& book)
      : directory_(std::move(directory)), book_(book) {}

  Phantom next_visit(unsigned ct_slices) {
    const unsigned person = 1 + visits_ % 4;
    ++visits_;
    Phantom phantom = write_phantom({.directory = directory_ / std::to_string(visits_),
                                     .patient = person,
                                     .seed = visits_,
                                     .ct_slices = ct_slices});
    book_.sent(phantom, person);
    planted_.insert(planted_.end(), phantom.planted.begin(), phantom.planted.end());
    return phantom;
  }
  const std::vector<Planted>& planted() const { return planted_; }

 private:
  std::filesystem::path directory_;
  CustodyBook& book_;
  std::vector<Planted> planted_;
  unsigned visits_ = 0;
};

/// What must hold at the end.
/// @param in_doubt  custody that may have been taken although no sender heard of it: one answer for
///                  each association that was cut off.
void expect_exact(const NodeProcess& node, const StoreScp& archive, const CustodyBook& book,
                  std::uint64_t in_doubt) {
  ArchiveCensus census(book);
  for (const auto& file : archive.files()) (void)census.look_at(file);
  EXPECT_THAT(census.faults(), IsEmpty());
  const auto totals = node.totals();
  EXPECT_TRUE(totals.add_up());
  EXPECT_GE(totals.received, book.answers());
  EXPECT_LE(totals.received, book.answers() + in_doubt);
  EXPECT_EQ(totals.delivered + totals.duplicate + totals.quarantined, totals.received);
  EXPECT_EQ(totals.parked, 0U);
  EXPECT_GE(census.size(), book.acknowledged().size());
  EXPECT_LE(census.size(), book.acknowledged().size() + in_doubt);
  EXPECT_EQ(archive.files().size(), census.size()) << "an instance lies there twice";
}

/// A copy of a file as an archive would have it, after a change.
void archive(const std::filesystem::path& from, const std::filesystem::path& to,
             const std::function<void(DcmDataset&)>& change) {
  DcmFileFormat format;
  if (format.loadFile(from.c_str()).bad()) throw std::runtime_error("cannot read the phantom");
  change(*format.getDataset());
  if (format.saveFile(to.c_str(), format.getDataset()->getOriginalXfer()).bad())
    throw std::runtime_error("cannot write");
}

// The judge of everything below.
TEST(ArchiveCensus, SeesWhatIsLostWhatIsChangedAndWhoIsTwo) {
  TempDir dir;
  CustodyBook book;
  const Phantom phantom =
      write_phantom({.directory = dir.path / "sent", .ct_slices = 4, .ct_only = true});
  book.sent(phantom, 1);
  for (const PhantomFile& file : phantom.files) book.acknowledged({file.sop_instance_uid});
  const auto pseudonym = [](const char* name) {
    return [name](DcmDataset& data) { data.putAndInsertString(DCM_PatientID, name); };
  };
  archive(phantom.files[0].path, dir.path / "0", pseudonym("A"));
  archive(phantom.files[1].path, dir.path / "1", pseudonym("A"));
  archive(phantom.files[2].path, dir.path / "2", [](DcmDataset& data) {
    DcmElement* pixels = nullptr;
    Uint16* values = nullptr;
    ASSERT_TRUE(data.findAndGetElement(DCM_PixelData, pixels).good());
    ASSERT_TRUE(pixels->getUint16Array(values).good());
    values[1'000] ^= 1U;
  });
  archive(phantom.files[3].path, dir.path / "3", pseudonym("A"));
  std::filesystem::resize_file(dir.path / "3", std::filesystem::file_size(dir.path / "3") - 100);

  ArchiveCensus census(book);
  EXPECT_TRUE(census.look_at(dir.path / "0"));
  EXPECT_TRUE(census.look_at(dir.path / "1"));
  EXPECT_FALSE(census.look_at(dir.path / "2")) << "one bit of one pixel";
  EXPECT_FALSE(census.look_at(dir.path / "3")) << "cut short";
  EXPECT_EQ(census.faults().size(), 4U) << "two lost, two files nobody sent";

  archive(phantom.files[2].path, dir.path / "2", pseudonym("A"));
  archive(phantom.files[3].path, dir.path / "3", pseudonym("B"));
  EXPECT_TRUE(census.look_at(dir.path / "2"));
  EXPECT_TRUE(census.look_at(dir.path / "3"));
  EXPECT_THAT(census.faults(), ::testing::ElementsAre("person 1 has 2 pseudonyms"));
}

class Kills {
 public:
  Kills()
      : seed_(number_from("DOSIGATE_SEED", std::random_device()())),
        random_(seed_),
        ct_slices_(static_cast<unsigned>(number_from("DOSIGATE_CT_SLICES", 16))) {
    std::cout << "DOSIGATE_SEED=" << seed_ << std::endl;
  }

  void run(unsigned long kills) {
    Phantom earlier = persons_.next_visit(ct_slices_);
    for (unsigned long kill = 0; kill < kills && !::testing::Test::HasFailure(); ++kill) {
      if (below(6) == 0) {
        // While it starts, or recovers from the kill before.
        node_.launch();
        pause_up_to(400);
        node_.kill();
        continue;
      }
      // Every third time the archive is away, so that a backlog goes through several deaths.
      archive_is(below(3) != 0);
      node_.start();
      const Phantom visit = persons_.next_visit(ct_slices_),
                    other = persons_.next_visit(ct_slices_);
      // Repeated ones among new ones: some of them are queued, some delivered, some unknown.
      Paths mixed = paths_of(visit);
      const Paths before = paths_of(earlier);
      mixed.insert(mixed.begin() + static_cast<long>(mixed.size() / 3), before.begin(),
                   before.begin() + static_cast<long>(before.size() / 2));
      Senders senders(node_, dir_.path, mixed, paths_of(other));
      if (below(4) == 0) {  // in the middle of forwarding, when all was received
        EXPECT_TRUE(eventually([&] { return !senders.running(); })) << senders.output();
      }
      pause_up_to(700);
      if (senders.running()) ++while_sending_;
      node_.kill();
      in_the_spool_ += spool_files();
      EXPECT_TRUE(senders.end(book_)) << "a sender hangs:\n" << senders.output();
      earlier = other;
    }
    archive_is(true);
    node_.start();
    (void)node_.dosigate({"queue", "retry", "--all"});
    ASSERT_TRUE(node_.settles());
    expect_exact(node_, archive_, book_, 2 * while_sending_);
    std::cout << kills << " kills, " << while_sending_ << " of them while sending, "
              << in_the_spool_ << " files in the spool at them; " << book_.answers()
              << " successes heard for " << book_.acknowledged().size()
              << " instances; ledger: received " << node_.totals().received << ", duplicate "
              << node_.totals().duplicate << std::endl;
    EXPECT_GE(while_sending_, kills / 4)
        << "too few of the kills hit a sender: make the load longer";
    EXPECT_GE(in_the_spool_, kills) << "too little was queued when the node was killed";
    EXPECT_EQ(node_.stop(), 0);
  }

 private:
  void archive_is(bool there) {
    if (there && !archive_there_) archive_.start();
    if (!there && archive_there_) archive_.stop();
    archive_there_ = there;
  }
  std::uint64_t spool_files() const {
    std::uint64_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             node_.directory() / "state" / "archive" / "spool"))
      count += entry.path().extension() == ".dsg" && entry.file_size() > 0 ? 1U : 0U;
    return count;
  }
  unsigned long below(unsigned long end) { return random_() % end; }
  void pause_up_to(unsigned long ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(below(ms)));
  }

  const unsigned long seed_;
  std::mt19937_64 random_;
  const unsigned ct_slices_;
  TempDir dir_;
  CustodyBook book_;
  Persons persons_{dir_.path / "sent", book_};
  StoreScp archive_{dir_.path / "archive"};
  NodeProcess node_{dir_.path / "node", {.archive_port = archive_.port()}};
  std::uint64_t while_sending_ = 0, in_the_spool_ = 0;
  bool archive_there_ = true;
};

TEST(KillMinusNine, LosesNothingAcknowledgedAtAnyMoment) {
  Kills().run(number_from("DOSIGATE_KILLS", 50));
}

/// Steps that nobody passes who only sends: of a key rotation (key_rotation_test.cpp), of
/// corrections and forgetting (story_cut_off_test.cpp, unit/identity/forget_test.cpp), of backup
/// and restore (unit/app/restore_test.cpp).
bool is_told_elsewhere(const std::string& name) {
  for (const char* of : {"key.", "keyring.", "map.reseal", "sealed-file.", "journal.", "backup.",
                         "restore.", "spool.after-ledger-withdrawn", "map.before-forget-commit"})
    if (name.starts_with(of)) return true;
  return false;
}

/// Names that the daemon's own steps go through. Read from the source, so that a new step is tested
/// from the day it is written.
std::vector<std::string> fail_points() {
  static const std::regex call("fail_point\\(\"([^\"]+)\"\\)");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(DOSIGATE_SOURCE_DIR) / "src")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (std::sregex_iterator hit(text.begin(), text.end(), call), end; hit != end; ++hit)
      if (!is_told_elsewhere((*hit)[1])) names.insert((*hit)[1]);
  }
  return {names.begin(), names.end()};
}

/// A screen copy with a name on it, which the node holds.
PhantomFile held_copy_of(const PhantomFile& file, const std::filesystem::path& path) {
  DcmFileFormat format;
  if (format.loadFile(file.path.c_str()).bad()) throw std::runtime_error("cannot read the phantom");
  DcmDataset& data = *format.getDataset();
  const std::string uid = file.sop_instance_uid + ".7";
  data.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
  data.putAndInsertString(DCM_SOPInstanceUID, uid.c_str());
  data.putAndInsertString(DCM_BurnedInAnnotation, "YES");
  if (format.saveFile(path.c_str(), EXS_LittleEndianExplicit).bad())
    throw std::runtime_error("cannot write");
  return {path, file.study, file.series, UID_SecondaryCaptureImageStorage, uid};
}

class FailPoint : public ::testing::TestWithParam<std::string> {};

TEST_P(FailPoint, LosesNothingAndTheNextStartFinishesTheWork) {
  TempDir dir;
  CustodyBook book;
  Persons persons(dir.path / "sent", book);
  const Phantom one = persons.next_visit(3), other = persons.next_visit(3);
  StoreScp archive(dir.path / "archive");
  NodeProcess node(dir.path / "node", {.archive_port = archive.port()});
  PhantomFile held = held_copy_of(one.files.back(), dir.path / "held.dcm");
  book.held(held.sop_instance_uid);
  Paths with_held = paths_of(one);
  with_held.insert(with_held.begin(), held.path);

  // The daemon may die while it starts, while it receives or while it forwards.
  bool died = false;
  try {
    node.start({"DOSIGATE_FAIL_POINT=" + GetParam()});
    Senders senders(node, dir.path, with_held, paths_of(other));
    EXPECT_TRUE(senders.end(book)) << senders.output();
    died = node.ends_within(std::chrono::seconds(10));
    if (!died) node.stop();
  } catch (const std::runtime_error&) {
    died = true;
  }
  EXPECT_TRUE(died) << "nothing that this test does passes " << GetParam();
  node.start();
  EXPECT_TRUE(node.settles());
  ArchiveCensus after_the_death(book);
  for (const auto& file : archive.files()) (void)after_the_death.look_at(file);
  EXPECT_THAT(after_the_death.faults(), IsEmpty());

  // The senders try again, as a PACS does: now everything is there, once.
  Senders again(node, dir.path, with_held, paths_of(other));
  EXPECT_TRUE(again.end(book)) << again.output();
  ASSERT_TRUE(node.settles());
  EXPECT_EQ(book.acknowledged().size(), one.files.size() + other.files.size());
  expect_exact(node, archive, book, 2);
  EXPECT_GE(node.totals().quarantined, 1U);
  EXPECT_EQ(node.stop(), 0);
  EXPECT_THAT(leak_lines(dir.path / "node", persons.planted(), {}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, FailPoint, ::testing::ValuesIn(fail_points()), [](const auto& point) {
      std::string name = point.param;
      std::replace_if(
          name.begin(), name.end(),
          [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace dosigate::testing
