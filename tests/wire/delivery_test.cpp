// Every stock sender sends the same study set to the real daemon, and a folder receives it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::IsEmpty;

std::vector<std::filesystem::path> paths_of(const Phantom& phantom) {
  std::vector<std::filesystem::path> out;
  for (const PhantomFile& file : phantom.files) out.push_back(file.path);
  return out;
}

class StockSenders : public ::testing::TestWithParam<StockSender> {};

TEST_P(StockSenders, DeliverEveryInstanceDeidentifiedAndComputable) {
  if (find_program(GetParam().program).empty())
    GTEST_SKIP() << GetParam().program << " is not installed";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  NodeProcess node(dir.path / "node", {});
  node.start();

  const Finished sent = GetParam().send(node.port(), paths_of(phantom));

  EXPECT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(node.settles());
  EXPECT_THAT(faults_of(phantom, node.arrived()), IsEmpty()) << node.log();
  if (!GetParam().rewrites_numbers) {
    EXPECT_THAT(new_dciodvfy_errors(phantom, node.arrived()), IsEmpty());
  }
  const auto totals = node.totals();
  EXPECT_TRUE(totals.add_up());
  EXPECT_EQ(totals.delivered, phantom.files.size());
  EXPECT_EQ(totals.refused, 0U);
  EXPECT_EQ(node.stop(), 0);
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {dir.path / "sent"}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, StockSenders, ::testing::ValuesIn(stock_senders()),
                         [](const auto& sender) { return sender.param.name; });

TEST(OrthancOnBothSides, EveryInstanceIsFoundByThePseudonym) {
  if (find_program("Orthanc").empty()) GTEST_SKIP() << "Orthanc is not installed";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  const Orthanc archive(dir.path / "archive");
  NodeProcess node(dir.path / "node",
                   {.archive_port = archive.dicom_port(), .archive_ae = "ORTHANC"});
  node.start();
  const Orthanc sender(dir.path / "sender", node.port());
  for (const PhantomFile& file : phantom.files) sender.upload(file.path);

  for (const std::string& instance : sender.instances())
    sender.post("/modalities/gateway/store", instance);

  ASSERT_TRUE(node.settles());
  EXPECT_EQ(node.totals().delivered, phantom.files.size());
  const auto all = archive.instances();
  ASSERT_EQ(all.size(), phantom.files.size());
  std::filesystem::create_directory(dir.path / "downloaded");
  for (const std::string& id : all) archive.download(id, dir.path / "downloaded" / (id + ".dcm"));
  EXPECT_THAT(faults_of(phantom, dir.path / "downloaded"), IsEmpty());
  EXPECT_THAT(new_dciodvfy_errors(phantom, dir.path / "downloaded"), IsEmpty());
  const Arrival arrival = match_arrival(phantom.files, dir.path / "downloaded");
  ASSERT_EQ(arrival.pseudonyms.size(), 1U);
  EXPECT_EQ(archive.instances_of(*arrival.pseudonyms.begin()).size(), phantom.files.size());
  EXPECT_EQ(node.stop(), 0);
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {dir.path / "sent", dir.path / "sender"}),
              IsEmpty());
}

TEST(ArchiveAway, WhatWasAcknowledgedMeanwhileArrivesWhenItIsBack) {
  if (find_program("Orthanc").empty()) GTEST_SKIP() << "Orthanc is not installed";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  Orthanc archive(dir.path / "archive");
  NodeProcess node(dir.path / "node",
                   {.archive_port = archive.dicom_port(), .archive_ae = "ORTHANC"});
  node.start();
  archive.stop();

  const Finished sent = run(storescu_arguments(node.port(), paths_of(phantom)));
  ASSERT_EQ(sent.code, 0) << sent.output;
  const auto away = node.totals();
  const bool said = eventually([&] {
    const auto status = node.status();
    return !status.at("destinations").at(0).at("last_error").is_null() &&
           status.at("destinations").at(0).at("last_error") != "";
  });
  archive.start();
  const Finished retry = node.dosigate({"queue", "retry", "--all"});

  EXPECT_EQ(away.queued, phantom.files.size());
  EXPECT_TRUE(said) << "status names no error of the destination";
  EXPECT_EQ(retry.code, 0) << retry.output;
  ASSERT_TRUE(node.settles());
  EXPECT_EQ(node.totals().delivered, phantom.files.size());
  EXPECT_EQ(archive.instances().size(), phantom.files.size());
}

}  // namespace
}  // namespace dosigate::testing
