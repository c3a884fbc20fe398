// The same patient keeps the same pseudonym, whoever sends, however many at once, and after a
// restart.

#include <gtest/gtest.h>

#include <algorithm>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

std::vector<std::filesystem::path> some(const Phantom& phantom, std::size_t part, std::size_t of) {
  std::vector<std::filesystem::path> out;
  for (std::size_t i = part; i < phantom.files.size(); i += of)
    out.push_back(phantom.files[i].path);
  return out;
}

TEST(OnePatient, KeepsOnePseudonymOverEightAssociationsAtOnce) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent", .ct_slices = 16});
  NodeProcess node(dir.path / "node", {});
  node.start();

  std::vector<std::unique_ptr<Process>> senders;
  for (std::size_t part = 0; part < 8; ++part)
    senders.push_back(
        std::make_unique<Process>(storescu_arguments(node.port(), some(phantom, part, 8)),
                                  dir.path / ("sender" + std::to_string(part))));

  for (auto& sender : senders)
    EXPECT_EQ(sender->wait(std::chrono::seconds(60)), 0) << sender->output();
  ASSERT_TRUE(node.settles());
  const Arrival arrival = match_arrival(phantom.files, node.arrived());
  EXPECT_TRUE(arrival.missing.empty());
  EXPECT_EQ(arrival.pseudonyms.size(), 1U);
  EXPECT_TRUE(prove_intervals(arrival.pairs).failures.empty());
}

TEST(OnePatient, KeepsPseudonymAndStudyUidsAcrossARestart) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  NodeProcess node(dir.path / "node", {});
  node.start();
  // Every study has files in both halves.
  ASSERT_EQ(run(storescu_arguments(node.port(), some(phantom, 0, 2))).code, 0);
  ASSERT_TRUE(node.settles());
  ASSERT_EQ(node.stop(), 0);

  node.start();
  ASSERT_EQ(run(storescu_arguments(node.port(), some(phantom, 1, 2))).code, 0);

  ASSERT_TRUE(node.settles());
  const Arrival arrival = match_arrival(phantom.files, node.arrived());
  EXPECT_TRUE(arrival.missing.empty());
  EXPECT_EQ(arrival.pseudonyms.size(), 1U);
  std::set<std::string> studies;
  for (const auto& [before, after] : arrival.pairs)
    studies.insert(value_of(after->data(), DCM_StudyInstanceUID));
  EXPECT_EQ(studies.size(), 3U);
  EXPECT_TRUE(prove_intervals(arrival.pairs).failures.empty());
}

TEST(OnePatient, IsTheSameWithAndWithoutTheIssuerOfTheSite) {
  TempDir dir;
  const Phantom with = write_phantom({.directory = dir.path / "with", .seed = 1, .issuer = true});
  const Phantom without =
      write_phantom({.directory = dir.path / "without", .seed = 2, .issuer = false});
  NodeProcess node(dir.path / "node", {.site = "issuers = [\"HOSPMARKER\"]"});
  node.start();

  ASSERT_EQ(run(storescu_arguments(node.port(), some(with, 0, 1))).code, 0);
  ASSERT_EQ(run(storescu_arguments(node.port(), some(without, 0, 1))).code, 0);

  ASSERT_TRUE(node.settles());
  const Arrival arrival = match_arrival(with.files, node.arrived());
  EXPECT_EQ(arrival.arrived.size(), with.files.size() + without.files.size());
  EXPECT_EQ(arrival.pseudonyms.size(), 1U);
}

TEST(TwoPatients, GetTwoPseudonymsAndTwoOffsets) {
  TempDir dir;
  const Phantom one = write_phantom({.directory = dir.path / "one", .patient = 1});
  const Phantom two = write_phantom({.directory = dir.path / "two", .patient = 2});
  NodeProcess node(dir.path / "node", {});
  node.start();

  ASSERT_EQ(run(storescu_arguments(node.port(), some(one, 0, 1))).code, 0);
  ASSERT_EQ(run(storescu_arguments(node.port(), some(two, 0, 1))).code, 0);

  ASSERT_TRUE(node.settles());
  std::map<std::string, std::set<std::string>> dates;  // by pseudonym
  for (const auto& file : match_arrival({}, node.arrived()).arrived)
    dates[value_of(file->data(), DCM_PatientID)].insert(value_of(file->data(), DCM_StudyDate));
  ASSERT_EQ(dates.size(), 2U);
  EXPECT_NE(dates.begin()->second, dates.rbegin()->second);
}

}  // namespace
}  // namespace dosigate::testing
