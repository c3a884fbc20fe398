// An instance that is larger than what is held is handed on as it comes.

#include <dosigate/dicom/walker.h>

#include <future>

#include "receiving_node.h"
#include "unit/dicom/builder.h"

namespace dosigate::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHeld = 100'000;

/// What a passage was given, and how it ended.
struct Seen {
  std::mutex mutex;
  unsigned begun = 0, gone = 0;
  Bytes pixels;
  std::optional<ReceivedInstance> finished;
};

class Recording final : public AssociationServer::Passage {
 public:
  explicit Recording(Seen& seen, bool fails) : seen_(seen), fails_(fails) {}
  ~Recording() override {
    const std::lock_guard lock(seen_.mutex);
    ++seen_.gone;
  }
  void pixels(ByteView piece) override {
    if (fails_) throw std::runtime_error("the disk is full");
    const std::lock_guard lock(seen_.mutex);
    seen_.pixels.insert(seen_.pixels.end(), piece.begin(), piece.end());
  }
  AssociationServer::Answer finish(ReceivedInstance instance) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.finished = std::move(instance);
    return {0xB000, "finished"};
  }

 private:
  Seen& seen_;
  const bool fails_;
};

class LargeReceive : public ::testing::Test {
 protected:
  AssociationServer::Begin begin() {
    return
        [this](
            const ReceivedInstance& begun) -> Result<std::unique_ptr<AssociationServer::Passage>> {
          if (refuse_) return fail(Fault::Busy, "no room");
          EXPECT_EQ(begun.origin.calling_ae, "RAW");
          EXPECT_EQ(begun.passed->at, begun.data_set.size());
          const std::lock_guard lock(seen_.mutex);
          ++seen_.begun;
          return std::make_unique<Recording>(seen_, fails_);
        };
  }
  ReceivingNode make_node() {
    AssociationServer::Settings settings;
    settings.held_bytes = kHeld;
    settings.max_instance_bytes = 10U << 20U;
    settings.memory_budget_bytes = 1U << 20U;
    return ReceivingNode(settings, nullptr, begin());
  }
  static RawScu open(const ReceivingNode& node, const char* syntax = kExplicit) {
    RawScu scu(node.port());
    EXPECT_TRUE(scu.associate("DOSIGATE", "RAW", {{1, kCtStorage, {syntax}}}));
    return scu;
  }
  static Bytes image(std::size_t pixels, bool encapsulated = false) {
    Wire wire = small_header();
    if (encapsulated) {
      wire.header(kPixels, "OB", Wire::kUndefined).fragment("");
      for (std::size_t at = 0; at < pixels; at += 1'000) wire.fragment(std::string(1'000, 'f'));
      wire.end_sequence();
    } else {
      std::string value(pixels, '\0');
      for (std::size_t i = 0; i < pixels; ++i) value[i] = static_cast<char>(i % 251);
      wire.element(kPixels, "OW", value);
    }
    wire.element(0x7FE10010, "LO", "MADE UP CREATOR").element(0x7FE11001, "LO", "afterwards");
    return wire.bytes;
  }
  Bytes whole() {
    const std::lock_guard lock(seen_.mutex);
    if (!seen_.finished || !seen_.finished->passed) return {};
    Bytes out = seen_.finished->data_set;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(seen_.finished->passed->at),
               seen_.pixels.begin(), seen_.pixels.end());
    return out;
  }

  bool refuse_ = false, fails_ = false;
  Seen seen_;
};

TEST_F(LargeReceive, PassesPixelsAndKeepsWhatStandsAroundThemWhateverThePduSize) {
  for (const bool encapsulated : {false, true}) {
    for (const std::size_t fragment : {901U, 16'000U, 100'000U}) {
      seen_.pixels.clear();
      seen_.finished.reset();
      auto node = make_node();
      RawScu scu = open(node, encapsulated ? kHtj2k : kExplicit);
      const Bytes sent = image(3'000'000, encapsulated);

      EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", sent, fragment), 0xB000) << fragment;

      EXPECT_TRUE(whole() == sent) << fragment;
      EXPECT_TRUE(scu.release());
      EXPECT_TRUE(node.received(0).empty());
    }
  }
}

TEST_F(LargeReceive, OnlyWhenItIsLargerThanWhatIsHeld) {
  auto node = make_node();
  RawScu scu = open(node);

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", image(kHeld / 2)), 0x0000);

  EXPECT_EQ(node.received(1).size(), 1U);
  EXPECT_EQ(seen_.begun, 0U);
}

TEST_F(LargeReceive, WithoutPixelDataItIsHeldWhole) {
  auto node = make_node();
  RawScu scu = open(node);
  Wire wire = small_header();
  wire.element(0x00420011, "OB", std::string(300'000, 'd'));

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", wire.bytes), 0x0000);

  ASSERT_EQ(node.received(1).size(), 1U);
  EXPECT_TRUE(node.received(1)[0].data_set == wire.bytes);
  EXPECT_FALSE(node.received(1)[0].passed);
}

TEST_F(LargeReceive, ABrokenOneIsRefusedAndNothingOfItFinished) {
  auto node = make_node();
  RawScu scu = open(node);
  Bytes cut = image(1'000'000);
  cut.resize(700'000);
  Bytes more = image(1'000'000);
  more.insert(more.end(), 20, Byte{1});

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", cut), 0xC000);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.2", more), 0xC000);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.3", image(1'000)), 0x0000) << "the association goes on";

  EXPECT_EQ(seen_.begun, 2U);
  EXPECT_EQ(seen_.gone, 2U);
  EXPECT_FALSE(seen_.finished);
  EXPECT_EQ(node.refusals(2).size(), 2U);
}

TEST_F(LargeReceive, WhatItsPassageThrowsOrRefusesIsOneAnswer) {
  auto node = make_node();
  RawScu scu = open(node);
  fails_ = true;

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", image(1'000'000)), 0xA700);
  refuse_ = true;
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.2", image(1'000'000)), 0xA700);

  EXPECT_EQ(seen_.begun, 1U);
  EXPECT_EQ(seen_.gone, 1U);
  EXPECT_TRUE(scu.release());
}

TEST_F(LargeReceive, OneThatBreaksOffIsGone) {
  auto node = make_node();
  {
    RawScu scu = open(node);
    scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
    const Bytes all = image(1'000'000);
    for (std::size_t at = 0; at < 600'000; at += 16'000)
      scu.send(RawScu::p_data(1, false, false, ByteView(all).subspan(at, 16'000)));
    ASSERT_TRUE(node.eventually([&] {
      const std::lock_guard lock(seen_.mutex);
      return seen_.begun == 1;
    }));
  }

  EXPECT_TRUE(node.eventually([&] {
    const std::lock_guard lock(seen_.mutex);
    return seen_.gone == 1;
  }));
  EXPECT_FALSE(seen_.finished);
}

TEST_F(LargeReceive, ManyAtOnceFitIntoABudgetThatNoneOfThemWouldFitInto) {
  auto node = make_node();
  const Bytes sent = image(3'000'000);
  std::vector<std::future<std::optional<std::uint16_t>>> senders;
  for (int i = 0; i < 2; ++i) {
    senders.push_back(std::async(std::launch::async, [&] {
      RawScu scu = open(node);
      return scu.store(1, kCtStorage, "2.25.1", sent);
    }));
  }

  for (auto& sender : senders) EXPECT_EQ(sender.get(), 0xB000);
}

}  // namespace
}  // namespace dosigate::testing
