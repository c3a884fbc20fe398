#include <algorithm>
#include <cstdio>

#include "receiving_node.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using testing::find_program;
using testing::InstanceFile;
using testing::ReceivingNode;
using testing::run;
using testing::write_ct;

/// Skips where DCMTK's tools are not installed; the wire tests of the whole node insist on them.
class StockPeers : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"echoscu", "storescu", "dcmsend"}) {
      if (find_program(tool).empty()) GTEST_SKIP() << tool << " is not installed";
    }
  }
  testing::TempDir dir_;
};

TEST_F(StockPeers, EchoIsAnsweredAgainAndAgain) {
  ReceivingNode node;
  for (int i = 0; i < 5; ++i) {
    const auto echo =
        run({"echoscu", "-aec", "DOSIGATE", "--repeat", "3", "127.0.0.1", node.port_text()});
    ASSERT_EQ(echo.code, 0) << echo.output;
  }

  EXPECT_EQ(node.server().counters().echoes, 15U);
  EXPECT_EQ(node.server().counters().associations, 5U);
  EXPECT_TRUE(node.eventually([&] { return node.server().counters().active == 0; }));
  EXPECT_EQ(node.server().counters().aborted, 0U);
}

TEST_F(StockPeers, StorescuDeliversExactlyTheBytesOfTheDataSet) {
  ReceivingNode node;
  const InstanceFile first = write_ct(dir_.path, 1, 512), second = write_ct(dir_.path, 2);

  const auto store = run({"storescu", "-aet", "CAMERA", "-aec", "DOSIGATE", "127.0.0.1",
                          node.port_text(), first.path, second.path});

  ASSERT_EQ(store.code, 0) << store.output;
  auto& received = node.received(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_TRUE(received[0].data_set == first.data_set);
  EXPECT_TRUE(received[1].data_set == second.data_set);
  EXPECT_EQ(received[0].sop_class_uid, testing::kCtStorage);
  EXPECT_EQ(received[0].sop_instance_uid.reveal(), first.sop_instance_uid);
  EXPECT_EQ(received[0].transfer_syntax_uid, testing::kExplicit);
  EXPECT_EQ(received[0].origin.calling_ae, "CAMERA");
  EXPECT_EQ(received[0].origin.called_ae, "DOSIGATE");
  EXPECT_EQ(received[0].origin.address, "127.0.0.1");
  EXPECT_EQ(received[0].origin.route, "test-route");
}

TEST_F(StockPeers, DcmsendDeliversExactlyTheBytesOfTheDataSet) {
  ReceivingNode node;
  const InstanceFile file = write_ct(dir_.path, 1, 256);

  const auto sent = run({"dcmsend", "-aec", "DOSIGATE", "127.0.0.1", node.port_text(), file.path});

  ASSERT_EQ(sent.code, 0) << sent.output;
  auto& received = node.received(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_TRUE(received[0].data_set == file.data_set);
}

TEST_F(StockPeers, AnUnknownCalledAeIsRejectedWithThatReason) {
  ReceivingNode node;

  const auto echo = run({"echoscu", "-v", "-aec", "OTHER", "127.0.0.1", node.port_text()});

  EXPECT_NE(echo.code, 0);
  EXPECT_NE(echo.output.find("Called AE Title Not Recognized"), std::string::npos) << echo.output;
  const auto refusals = node.refusals(1);
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].origin.called_ae, "OTHER");
  EXPECT_TRUE(refusals[0].origin.route.empty());
}

TEST_F(StockPeers, AnUnknownCallingAeIsRejectedWithThatReason) {
  ReceivingNode node;

  const auto echo =
      run({"echoscu", "-v", "-aet", "STRANGER", "-aec", "DOSIGATE", "127.0.0.1", node.port_text()});

  EXPECT_NE(echo.code, 0);
  EXPECT_NE(echo.output.find("Calling AE Title Not Recognized"), std::string::npos) << echo.output;
  EXPECT_EQ(node.server().counters().rejected, 1U);
}

TEST_F(StockPeers, EightAssociationsAtOnceLoseAndMixNothing) {
  ReceivingNode node;
  constexpr std::size_t kPeers = 8, kEach = 10;
  std::vector<InstanceFile> files;
  std::vector<std::unique_ptr<testing::Process>> peers;
  for (unsigned peer = 0; peer < kPeers; ++peer) {
    std::vector<std::string> argv{"storescu", "-aec", "DOSIGATE", "127.0.0.1", node.port_text()};
    for (unsigned i = 0; i < kEach; ++i) {
      files.push_back(write_ct(dir_.path, peer * 100 + i, 128));
      argv.push_back(files.back().path);
    }
    peers.push_back(
        std::make_unique<testing::Process>(argv, dir_.path / ("out" + std::to_string(peer))));
  }
  for (auto& peer : peers) ASSERT_EQ(peer->wait(60s), 0) << peer->output();

  auto& received = node.received(kPeers * kEach);
  ASSERT_EQ(received.size(), kPeers * kEach);
  for (const auto& file : files) {
    const auto found = std::find_if(received.begin(), received.end(), [&](const auto& one) {
      return one.sop_instance_uid.reveal() == file.sop_instance_uid;
    });
    ASSERT_NE(found, received.end());
    EXPECT_TRUE(found->data_set == file.data_set);
  }
}

// Printed, not judged: a loaded machine is slow as well. With Nagle against delayed acknowledgement
// it is 40 ms or more an instance.
TEST_F(StockPeers, TellsWhatOneInstanceCostsWithAnUnmodifiedStorescu) {
  ReceivingNode node;
  constexpr unsigned kCount = 50;
  std::vector<std::string> argv{"storescu", "-aec", "DOSIGATE", "127.0.0.1", node.port_text()};
  for (unsigned i = 0; i < kCount; ++i) argv.push_back(write_ct(dir_.path, i).path);

  const auto begin = std::chrono::steady_clock::now();
  const auto store = run(argv, 60s);
  const auto ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin);

  ASSERT_EQ(store.code, 0) << store.output;
  EXPECT_EQ(node.server().counters().instances, kCount);
  std::printf("%.2f ms an instance, start of storescu included\n", ms.count() / kCount);
}

}  // namespace
}  // namespace dosigate
