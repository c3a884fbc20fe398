// Who may speak: titles and addresses that no route has are told so before their contexts are read,
// counted, and logged without drowning the log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include <boost/json.hpp>

#include "dosigate/net/caller.h"
#include "support/raw_scu.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
const std::vector<RawScu::Context> kContexts{{1, kCt, {"1.2.840.10008.1.2.1"}}};
const Bytes kCallingUnknown{0, 1, 1, 3}, kCalledUnknown{0, 1, 1, 7};  // PS3.8 Table 9-21

std::string route(const std::string& lines, const std::string& network = "") {
  return lines + "\n[network]\nrefused_log_interval_s = 4\n" + network;
}

class AllowList : public ::testing::Test {
 protected:
  NodeProcess& start(const std::string& further) {
    node_ = std::make_unique<NodeProcess>(
        dir_.path / "node", NodeProcess::Settings{.route = further, .log_level = "info"});
    node_->start();
    return *node_;
  }
  /// The whole answer to a request; 2 is an acceptance.
  std::optional<RawScu::Pdu> ask(const std::string& called, const std::string& calling,
                                 const std::string& from = "127.0.0.1") {
    RawScu scu(node_->port(), from);
    return scu.associate(called, calling, kContexts);
  }
  std::uint64_t since_start(const char* what) const {
    return node_->status().at("network").at("since_start").at(what).to_number<std::uint64_t>();
  }
  std::vector<std::string> log_lines(const std::string& with) const {
    std::vector<std::string> out;
    std::istringstream in(node_->log());
    for (std::string line; std::getline(in, line);)
      if (line.find(with) != std::string::npos) out.push_back(line);
    return out;
  }

  TempDir dir_;
  std::unique_ptr<NodeProcess> node_;
};

TEST_F(AllowList, UnlistedTitlesAndAddressesAreRejectedWithTheirReason) {
  start(route("called_ae = [\"GATE\"]\ncalling_ae = [\"CAMERA\"]\nfrom = [\"127.0.0.0/30\"]\n"));

  EXPECT_EQ(ask("GATE", "CAMERA", "127.0.0.2")->type, 2);
  EXPECT_EQ(ask("OTHER", "CAMERA")->body, kCalledUnknown);
  EXPECT_EQ(ask("GATE", "STRANGER")->body, kCallingUnknown);
  EXPECT_EQ(ask("GATE", "CAMERA", "127.0.0.4")->body, kCallingUnknown) << "beyond the /30";
  RawScu titles_only(node_->port());
  titles_only.send(
      ByteView(RawScu::association_request("GATE", "STRANGER", kContexts)).first(kTitlesEnd));
  EXPECT_EQ(titles_only.receive(5s)->body, kCallingUnknown) << "its contexts were waited for";

  EXPECT_EQ(since_start("refused"), 4U);
  const boost::json::value status = node_->status();
  EXPECT_EQ(status.at("refused_peers").as_array().size(), 3U);
}

TEST_F(AllowList, TenThousandRefusalsMakeFewLinesThatTellHowManyThereWere) {
  constexpr int kThreads = 4, kEach = 2500;
  start(route("calling_ae = [\"CAMERA\"]\n"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("DOSIGATE", "NEW CAMERA", "127.7.7.7")->type, 3);

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string calling = "\"%s{}" + std::to_string(t * kEach + i);
        (void)ask("DOSIGATE", calling,
                  "127.2." + std::to_string(t) + "." + std::to_string(1 + i % 200));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(since_start("refused"), 3U + kThreads * kEach);

  // The sum of all that the log tells, some intervals later.
  const auto told = [&] {
    std::uint64_t sum = log_lines("refused called=").size();
    for (const auto& line : log_lines("times="))
      sum += std::stoull(line.substr(line.find("times=") + 6));
    return sum;
  };
  EXPECT_TRUE(eventually([&] { return told() == 3U + kThreads * kEach; }, 40s)) << told();
  std::cout << "10,003 refusals, log lines: " << log_lines("refused").size() << "\n";
  EXPECT_LT(log_lines("refused").size(), 400U);

  const boost::json::value status = node_->status();
  const auto& peers = status.at("refused_peers").as_array();
  EXPECT_LE(peers.size(), 64U);
  const bool camera_listed = std::any_of(peers.begin(), peers.end(), [](const auto& peer) {
    return peer.at("calling_ae") == "NEW CAMERA" && peer.at("count") == 3;
  });
  EXPECT_TRUE(camera_listed) << "pushed out by ten thousand names that were tried once";
  static const std::regex whole(
      R"re(.*refused called=\S+ calling=("(\\.|[^"\\])*"|\S+) address=[0-9.]+ why="[a-zA-Z ]+")re");
  for (const auto& line : log_lines("refused called="))
    EXPECT_TRUE(std::regex_match(line, whole)) << line;
}

TEST_F(AllowList, AReloadDecidesAboutNewAssociationsAndRunningOnesGoOn) {
  start(route("calling_ae = [\"CAMERA\"]\n"));
  RawScu running(node_->port());
  ASSERT_EQ(running.associate("DOSIGATE", "CAMERA", kContexts)->type, 2);

  const auto file = node_->directory() / "dosigate.toml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  text.replace(text.find("\"CAMERA\""), 8, "\"SCANNER\"");
  std::ofstream(file) << text;
  node_->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return !log_lines("configuration reloaded").empty(); }));

  EXPECT_EQ(ask("DOSIGATE", "CAMERA")->body, kCallingUnknown);
  EXPECT_EQ(ask("DOSIGATE", "SCANNER")->type, 2);
  const auto answer = running.store(1, kCt, "2.25.1", Bytes(10));
  EXPECT_TRUE(answer.has_value()) << "the running association was cut off";
}

TEST_F(AllowList, AnAddressThatNothingInTheConfigurationHasMayBeClosedUnread) {
  start(route("from = [\"127.0.0.1\"]\n", "unlisted_addresses = \"close\"\n"));
  RawScu stranger(node_->port(), "127.0.0.9");

  EXPECT_TRUE(stranger.peer_closes(5s));
  EXPECT_EQ(ask("DOSIGATE", "ANY", "127.0.0.1")->type, 2);

  EXPECT_EQ(since_start("unlisted_address"), 1U);
  const Finished status = node_->dosigate({"status"});
  EXPECT_THAT(status.output, HasSubstr("1 of unlisted addresses"));
  EXPECT_THAT(status.output, HasSubstr("from = [\"127.0.0.9\"]"));
}

}  // namespace
}  // namespace dosigate::testing
