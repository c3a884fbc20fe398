// While a crowd of hostile peers holds connections, associations and half-sent instances, an honest
// C-ECHO is answered and an honest C-STORE finishes, with the configuration as it comes. Honest are
// real programs: echoscu and storescu.
//
// Each figure is the median of several runs of the program, its start included: a machine under
// load delays one or two of them, but not half of them. The longest is printed as well.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include <boost/json.hpp>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/crowd.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds kEchoBound = 2s;
constexpr int kEchoes = 9;
constexpr std::size_t kParallel = 10;
constexpr unsigned kSlices = 8;

/// 200 idle connections, 50 writers of one byte a second, 60 idle associations, 40 half-sent
/// instances; these with more than half of the default memory budget of 512 MiB.
const Crowd::Size kCrowd{.idle_connections = 200,
                         .trickling_requests = 25,
                         .trickling_messages = 25,
                         .idle_associations = 60,
                         .half_sent = 40,
                         .half_sent_bytes = 8'000'000};

std::string one_address(unsigned) { return "127.0.0.1"; }  // that of the honest peers, too
std::string many_addresses(unsigned number) {
  return "127.1." + std::to_string(number / 250 % 250) + "." + std::to_string(number % 250 + 1);
}

class Availability : public ::testing::Test {
 protected:
  void SetUp() override { node_.start(); }

  /// One after the other; every one has to be answered.
  milliseconds median_echo(const std::string& when) {
    std::vector<milliseconds> times;
    for (int i = 0; i < kEchoes; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      const Finished echo =
          run({"echoscu", "-aet", "ECHOSCU", "-aec", "DOSIGATE", "127.0.0.1", node_.port_text()});
      times.push_back(
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin));
      EXPECT_EQ(echo.code, 0) << when << ": " << echo.output;
      std::this_thread::sleep_for(milliseconds(500));
    }
    std::sort(times.begin(), times.end());
    std::cout << when << ": C-ECHO median " << times[kEchoes / 2].count() << " ms, longest "
              << times.back().count() << " ms\n";
    return times[kEchoes / 2];
  }

  /// A PACS with ten associations at a time, each with a study of its own.
  void expect_stores(const std::string& when) {
    std::vector<std::vector<std::filesystem::path>> studies(kParallel);
    for (auto& files : studies) {
      const unsigned number = ++patients_;
      const Phantom phantom = write_phantom({.directory = dir_.path / std::to_string(number),
                                             .patient = number,
                                             .seed = number,
                                             .ct_slices = kSlices,
                                             .ct_only = true});
      for (const auto& file : phantom.files) files.push_back(file.path);
    }
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<Process>> senders;
    for (std::size_t i = 0; i < kParallel; ++i)
      senders.push_back(std::make_unique<Process>(storescu_arguments(node_.port(), studies[i]),
                                                  dir_.path / ("sender-" + std::to_string(i))));
    for (auto& sender : senders)
      EXPECT_EQ(sender->wait(120s), 0) << when << ": " << sender->output();
    const auto took = std::chrono::steady_clock::now() - begin;
    std::cout << when << ": " << kParallel << " x " << kSlices << " instances stored in "
              << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
  }

  std::uint64_t network(const char* part, const char* what) const {
    return node_.status().at("network").at(part).at(what).to_number<std::uint64_t>();
  }

  void withstands(const std::string& name, const Crowd::Address& address) {
    (void)median_echo(name + ", before");
    RawScu camera(node_.port(), "127.9.9.9");
    ASSERT_EQ(camera.associate("DOSIGATE", "CAMERA", kContexts)->type, 2);
    const Crowd crowd(node_.port(), kCrowd, address);
    ASSERT_TRUE(eventually(
        [&] {
          return network("pending", "now") >= 225 && network("associations", "now") >= 120 &&
                 network("associations", "receiving") >= 40;
        },
        60s))
        << node_.dosigate({"status"}).output;
    std::cout << node_.dosigate({"status"}).output.substr(0, 1000) << "\n";

    EXPECT_LT(median_echo(name), kEchoBound);
    expect_stores(name);
    EXPECT_LT(median_echo(name + ", later"), kEchoBound);

    EXPECT_GE(network("associations", "now"), 100U) << "the crowd is still there";
    camera.send(RawScu::p_data(3, true, true, RawScu::plain_command(0x0030, kVerification)));
    const auto alive = camera.receive();
    ASSERT_TRUE(alive.has_value()) << "nothing was scarce for the camera, and yet it was cut off";
    EXPECT_EQ(RawScu::status_of(*alive), 0x0000);
    std::cout << node_.dosigate({"status"}).output.substr(0, 1000) << "\n";
  }

  static constexpr const char* kVerification = "1.2.840.10008.1.1";
  const std::vector<RawScu::Context> kContexts{
      {1, "1.2.840.10008.5.1.4.1.1.2", {"1.2.840.10008.1.2.1"}},
      {3, kVerification, {"1.2.840.10008.1.2.1"}}};
  TempDir dir_;
  unsigned patients_ = 0;
  NodeProcess node_{dir_.path / "node", {.log_level = "info"}};
};

TEST_F(Availability, ACrowdAtTheAddressOfTheHonestPeersDelaysNobody) {
  withstands("one address", one_address);
}

TEST_F(Availability, ACrowdOfManyAddressesDelaysNobody) {
  withstands("many addresses", many_addresses);
}

TEST_F(Availability, HalfSentInstancesThatWantAllOfTheMemoryDelayNobody) {
  const Crowd crowd(node_.port(), {.half_sent = 40, .half_sent_bytes = 14U << 20U}, many_addresses);
  ASSERT_TRUE(eventually([&] { return network("since_start", "evicted_for_memory") >= 10; }, 60s))
      << node_.dosigate({"status"}).output;

  expect_stores("no memory left");
  EXPECT_LT(median_echo("no memory left"), kEchoBound);
  std::cout << node_.dosigate({"status"}).output.substr(0, 1000) << "\n";
}

TEST_F(Availability, MoreIdleAndStalledAssociationsThanThereArePlacesDelayNobody) {
  const Crowd crowd(node_.port(),
                    {.idle_connections = 600, .idle_associations = 150, .half_sent = 150},
                    many_addresses);
  ASSERT_TRUE(eventually([&] { return network("since_start", "evicted_idle") >= 100; }, 60s))
      << node_.dosigate({"status"}).output;

  EXPECT_LT(median_echo("twice the places"), kEchoBound);
  expect_stores("twice the places");

  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("network-crowded"));
  EXPECT_LE(network("associations", "now"), 160U);
  EXPECT_LE(network("pending", "now"), 512U);
  const boost::json::value status = node_.status();
  EXPECT_LE(status.at("network").at("addresses").as_array().size(), 10U);
  std::cout << node_.dosigate({"status"}).output.substr(0, 1000) << "\n";
}

}  // namespace
}  // namespace dosigate::testing
