// Options of a destination at the end of a slow link, with the real daemon between real peers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <fstream>
#include <iostream>

#include <boost/json.hpp>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A window of an hour that begins in two hours, by the clock on the wall.
std::string hours_ahead() {
  const auto clock = [](int hours) {
    const std::time_t at = std::time(nullptr) + hours * 3600;
    std::tm local{};
    ::localtime_r(&at, &local);
    std::array<char, 8> text{};
    std::strftime(text.data(), text.size(), "%H:%M", &local);
    return std::string(text.data());
  };
  return clock(2) + "-" + clock(3);
}

class SlowLink : public ::testing::Test {
 protected:
  NodeProcess& node(NodeProcess::Settings settings = {}) {
    node_ = std::make_unique<NodeProcess>(dir_.path / "node", std::move(settings));
    plain_ = content_of(config());
    return *node_;
  }
  std::filesystem::path config() const { return node_->directory() / "dosigate.toml"; }
  /// Further lines of the destination "archive", in place of those before.
  void with(const std::string& lines) {
    std::string text = plain_;
    const std::string name = "name = \"archive\"\n";
    text.insert(text.find(name) + name.size(), lines + "\n");
    std::ofstream(config()) << text;
  }
  void reload() {
    const Finished done = node_->dosigate({"reload"});
    ASSERT_EQ(done.code, 0) << done.output;
  }
  void send() {
    std::vector<std::filesystem::path> paths;
    for (const PhantomFile& file : phantom_.files) paths.push_back(file.path);
    const Finished sent = run(storescu_arguments(node_->port(), paths), std::chrono::seconds(90));
    ASSERT_EQ(sent.code, 0) << sent.output;
  }
  boost::json::value destination() const { return node_->status().at("destinations").at(0); }
  std::string state() const { return std::string(destination().at("state").as_string()); }
  std::uint64_t number(const char* field) const {
    return boost::json::value_to<std::uint64_t>(destination().at(field));
  }
  /// Files in an uncompressed syntax of what may be compressed: what dcmtk makes of it.
  void decompress(const std::filesystem::path& from, bool rle) {
    const auto to = dir_.path / "native";
    std::filesystem::create_directories(to);
    for (const auto& entry : std::filesystem::directory_iterator(from)) {
      const Finished done = run({rle ? "dcmdrle" : "dcmdjpls", entry.path().string(),
                                 (to / entry.path().filename()).string() + ".dcm"});
      ASSERT_EQ(done.code, 0) << done.output;
    }
  }
  std::size_t count_in(const std::filesystem::path& directory, const std::string& syntax) {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      const Finished dump = run({"dcmdump", "+P", "TransferSyntaxUID", entry.path().string()});
      out += dump.output.find(syntax) != std::string::npos ? 1U : 0U;
    }
    return out;
  }

  TempDir dir_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  std::unique_ptr<NodeProcess> node_;
  std::string plain_;
};

TEST_F(SlowLink, OutsideItsHoursAllIsQueuedAndAReloadOpensThem) {
  node();
  with("hours = [\"" + hours_ahead() + "\"]");
  node_->start();

  send();

  EXPECT_EQ(state(), "waiting");
  EXPECT_THAT(std::string(destination().at("state_text").as_string()), HasSubstr("opens at"));
  EXPECT_EQ(node_->totals().queued, phantom_.files.size());
  EXPECT_THAT(node_->dosigate({"status"}).output, HasSubstr("outside its hours"));
  EXPECT_TRUE(std::filesystem::is_empty(node_->arrived()));

  with("");
  reload();
  ASSERT_TRUE(node_->settles());
  EXPECT_EQ(node_->totals().delivered, phantom_.files.size());
  EXPECT_EQ(state(), "up");
}

TEST_F(SlowLink, ARejectionNoteWaitsForTheHoursToo) {
  node();
  node_->start();
  send();
  ASSERT_TRUE(node_->settles());
  with("hours = \"" + hours_ahead() + "\"");
  reload();
  std::string uid;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(node_->arrived()))
    if (entry.is_directory() && entry.path().filename().string().starts_with("2.25."))
      uid = entry.path().filename().string();
  ASSERT_FALSE(uid.empty());

  const Finished withdrawn =
      node_->dosigate({"study", "withdraw", uid, "--code", "quality", "--reason", "a test"});

  ASSERT_EQ(withdrawn.code, 0) << withdrawn.output;
  EXPECT_EQ(node_->totals().queued, 1U);
  EXPECT_EQ(state(), "waiting");
  with("");
  reload();
  ASSERT_TRUE(node_->settles());
  EXPECT_TRUE(eventually(
      [&] { return node_->status().at("withdrawals").at("open") == boost::json::value(0); }));
}

TEST_F(SlowLink, APauseHoldsOverKillRestartReloadAndALostQueueUntilItIsResumed) {
  node();
  node_->start();
  const Finished paused =
      node_->dosigate({"queue", "pause", "archive", "--reason", "the line is mended"});
  ASSERT_EQ(paused.code, 0) << paused.output;

  send();

  const auto holds = [&](const char* after) {
    const auto there = destination();
    EXPECT_EQ(there.at("state").as_string(), "paused") << after;
    EXPECT_EQ(there.at("paused").at("reason").as_string(), "the line is mended") << after;
    EXPECT_FALSE(there.at("paused").at("by").as_string().empty()) << after;
    EXPECT_EQ(node_->totals().queued, phantom_.files.size()) << after;
    EXPECT_EQ(node_->totals().delivered, 0U) << after;
    EXPECT_TRUE(std::filesystem::is_empty(node_->arrived())) << after;
  };
  holds("the pause");
  with("max_attempts = 7");  // another forwarder takes over
  reload();
  holds("a reload");
  node_->kill();
  std::filesystem::remove(node_->directory() / "state" / "archive" / "queue.db");
  node_->start();
  holds("a kill and a lost queue");
  EXPECT_EQ(node_->dosigate({"queue", "retry", "--all"}).code, 0);
  holds("a retry");
  const Finished check = node_->dosigate({"check"});
  EXPECT_EQ(check.code, 1);
  EXPECT_THAT(check.output, HasSubstr("destination-paused archive: paused since"));
  EXPECT_THAT(check.output, Not(HasSubstr("the line is mended")));
  EXPECT_THAT(node_->dosigate({"status"}).output, HasSubstr("(the line is mended)"));
  EXPECT_EQ(node_->dosigate({"queue", "pause", "archive", "--reason", "again"}).code, 1);
  EXPECT_EQ(node_->dosigate({"queue", "pause", "nobody", "--reason", "x"}).code, 1);

  ASSERT_EQ(node_->dosigate({"queue", "resume", "archive"}).code, 0);

  ASSERT_TRUE(node_->settles());
  EXPECT_EQ(node_->totals().delivered, phantom_.files.size());
  EXPECT_THAT(faults_of(phantom_, node_->arrived()), IsEmpty());
  EXPECT_TRUE(destination().at("paused").is_null());
  EXPECT_EQ(node_->dosigate({"queue", "resume", "archive"}).code, 1);
  const std::string audit = content_of(node_->directory() / "state" / "audit" / "audit.jsonl");
  EXPECT_THAT(audit, HasSubstr("queue.pause"));
  EXPECT_THAT(audit, HasSubstr("queue.resume"));
}

TEST_F(SlowLink, TheBandwidthOfTheConfigurationIsKept) {
  const StoreScp archive(dir_.path / "archive");
  node({.archive_port = archive.port()});
  with("max_kbit_s = 800");
  node_->start();
  const auto begun = std::chrono::steady_clock::now();

  send();

  ASSERT_TRUE(node_->settles(std::chrono::seconds(120)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto bits = static_cast<double>(number("bytes_sent")) * 8;
  EXPECT_EQ(archive.files().size(), phantom_.files.size());
  EXPECT_GT(bits, 1e6);
  EXPECT_GE(took.count(), bits / 800e3 * 0.95);
}

class CompressedFor : public SlowLink, public ::testing::WithParamInterface<const char*> {
 protected:
  bool rle() const { return std::string(GetParam()) == "rle"; }
  void expect_compressed(const std::filesystem::path& files) {
    EXPECT_GT(count_in(files, rle() ? "RLELossless" : "JPEGLSLossless"), 0U);
    EXPECT_GT(number("bytes_saved"), 0U);
    EXPECT_GT(number("compressed"), 0U);
    EXPECT_THAT(node_->dosigate({"status"}).output, HasSubstr("images compressed"));
    decompress(files, rle());
    EXPECT_THAT(faults_of(phantom_, dir_.path / "native"), IsEmpty());
    std::cout << "sent " << number("bytes_sent") << ", saved " << number("bytes_saved") << ", "
              << number("compressed") << " compressed, " << number("not_compressed")
              << " in vain\n";
  }
};

TEST_P(CompressedFor, Storescp) {
  const StoreScp archive(dir_.path / "archive");
  node({.archive_port = archive.port()});
  with("compress = \"" + std::string(GetParam()) + "\"");
  node_->start();

  send();

  ASSERT_TRUE(node_->settles());
  expect_compressed(dir_.path / "archive" / "files");
}

TEST_P(CompressedFor, Orthanc) {
  if (find_program("Orthanc").empty()) GTEST_SKIP() << "Orthanc is not installed";
  const Orthanc archive(dir_.path / "archive");
  node({.archive_port = archive.dicom_port(), .archive_ae = "ORTHANC"});
  with("compress = \"" + std::string(GetParam()) + "\"");
  node_->start();

  send();

  ASSERT_TRUE(node_->settles());
  std::filesystem::create_directory(dir_.path / "downloaded");
  for (const std::string& id : archive.instances()) {
    archive.download(id, dir_.path / "downloaded" / (id + ".dcm"));
  }
  expect_compressed(dir_.path / "downloaded");
}

INSTANTIATE_TEST_SUITE_P(Each, CompressedFor, ::testing::Values("jpeg-ls", "rle"),
                         [](const auto& p) {
                           return std::string(p.param) == "rle" ? "Rle" : "JpegLs";
                         });

}  // namespace
}  // namespace dosigate::testing
