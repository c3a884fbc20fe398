// Peers that hold places, memory or threads: nobody else has to wait for them.

#include <future>
#include <utility>

#include "receiving_node.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using testing::kCtStorage;
using testing::kExplicit;
using testing::kVerification;
using testing::RawScu;
using testing::ReceivingNode;

const std::vector<RawScu::Context> kContexts{{1, kCtStorage, {kExplicit}},
                                             {3, kVerification, {kExplicit}}};

AssociationServer::Settings with(const std::function<void(AssociationServer::Settings&)>& change) {
  AssociationServer::Settings settings;
  change(settings);
  return settings;
}

RawScu open(const ReceivingNode& node, const std::string& from = "") {
  RawScu scu(node.port(), from);
  const auto answer = scu.associate("DOSIGATE", "RAW", kContexts);
  EXPECT_TRUE(answer && answer->type == 2);
  return scu;
}

bool aborted(RawScu& scu, std::chrono::milliseconds deadline = 10s) {
  const auto pdu = scu.receive(deadline);
  return pdu && pdu->type == 7;
}

bool echoes(RawScu& scu) {
  scu.send(RawScu::p_data(3, true, true, RawScu::plain_command(0x0030, kVerification)));
  const auto answer = scu.receive(5s);
  return answer && RawScu::status_of(*answer) == 0;
}

void begin_instance(RawScu& scu, std::size_t bytes) {
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
  while (bytes > 0) {
    const std::size_t part = std::min<std::size_t>(bytes, 16'000);
    scu.send(RawScu::p_data(1, false, false, Bytes(part)));
    bytes -= part;
  }
}

void until_idle(ReceivingNode& node, unsigned count) {
  ASSERT_TRUE(node.eventually([&] { return node.server().counters().idle == count; }));
}
void until_receiving(ReceivingNode& node, unsigned count) {
  ASSERT_TRUE(node.eventually([&] { return node.server().counters().receiving == count; }));
}

TEST(Availability, TheLongestIdleIsAbortedForOneThatComesAndOnlyWhenPlacesAreScarce) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 3; }));
  RawScu first = open(node);
  until_idle(node, 1);  // one after the other: an answer is sent before its thread is idle
  RawScu second = open(node);
  until_idle(node, 2);
  RawScu third = open(node);
  until_idle(node, 3);
  EXPECT_TRUE(echoes(first));  // now the second one is silent the longest
  EXPECT_EQ(node.server().counters().sent_away_idle, 0U) << "nothing is scarce";

  RawScu fourth = open(node);

  EXPECT_TRUE(aborted(second));
  EXPECT_TRUE(echoes(first));
  EXPECT_TRUE(echoes(third));
  EXPECT_TRUE(echoes(fourth));
  EXPECT_EQ(node.server().counters().sent_away_idle, 1U);
  EXPECT_TRUE(node.server().counters().since_sent_away.has_value());
}

TEST(Availability, ThenTheOneWhoseHalfSentInstanceIsStalledTheLongest) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 2; }));
  RawScu first = open(node), second = open(node);
  begin_instance(first, 5000);
  until_receiving(node, 1);
  begin_instance(second, 5000);
  until_receiving(node, 2);

  RawScu third = open(node);

  EXPECT_TRUE(aborted(first));
  EXPECT_TRUE(echoes(third));
  EXPECT_EQ(node.server().counters().sent_away_stalled, 1U);
  second.send(RawScu::p_data(1, false, true, Bytes(10)));
  const auto stored = second.receive();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(RawScu::status_of(*stored), 0x0000);
}

TEST(Availability, AStalledOneStaysWhileThereIsAnIdleOne) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 2; }));
  RawScu stalled = open(node);
  begin_instance(stalled, 5000);
  until_receiving(node, 1);
  RawScu idle = open(node);
  until_idle(node, 1);
  std::this_thread::sleep_for(2100ms);  // less is a pause

  RawScu third = open(node);

  EXPECT_TRUE(aborted(idle));
  EXPECT_TRUE(echoes(third));
  EXPECT_EQ(node.server().counters().sent_away_stalled, 0U);
}

TEST(Availability, AnAddressThatHoldsALargeShareLosesItBeforeTheOthers) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 16; }));
  RawScu camera = open(node, "127.0.0.2");
  until_idle(node, 1);
  std::vector<RawScu> many;
  for (unsigned i = 0; i < 15; ++i) {
    many.push_back(open(node, "127.0.0.3"));
    until_idle(node, 2 + i);
  }

  RawScu another = open(node, "127.0.0.4");

  EXPECT_TRUE(aborted(many[0]));
  EXPECT_TRUE(echoes(another));
  EXPECT_TRUE(echoes(camera)) << "idle for longer, but alone";
}

// More than there are places come all the time: who has just come has time to begin.
TEST(Availability, WhoHasJustComeIsNotSentAwayForTheNext) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 20; }));
  std::vector<RawScu> stalled;
  for (unsigned i = 0; i < 18; ++i) {
    stalled.push_back(open(node, "127.0.1." + std::to_string(i + 1)));
    begin_instance(stalled.back(), 100);
  }
  std::vector<RawScu> honest;
  for (int i = 0; i < 2; ++i) honest.push_back(open(node));
  std::vector<RawScu> later;
  for (int i = 0; i < 10; ++i) later.push_back(open(node, "127.0.2." + std::to_string(i + 1)));

  EXPECT_EQ(honest[0].store(1, kCtStorage, "2.25.1", Bytes(50)), 0x0000);
  EXPECT_EQ(honest[1].store(1, kCtStorage, "2.25.2", Bytes(50)), 0x0000);
}

TEST(Availability, AnAddressWithItsShareLosesItsOwnAndNobodyElses) {
  ReceivingNode node(with([](auto& s) { s.max_associations_per_address = 2; }));
  RawScu camera = open(node, "127.0.0.2");
  RawScu first = open(node, "127.0.0.3");
  until_idle(node, 2);
  RawScu second = open(node, "127.0.0.3");
  until_idle(node, 3);

  RawScu third = open(node, "127.0.0.3");

  EXPECT_TRUE(aborted(first));
  EXPECT_TRUE(echoes(camera));
  EXPECT_TRUE(echoes(second));
  EXPECT_TRUE(echoes(third));
}

TEST(Availability, WhoHasBroughtInstancesMayPauseForAMomentAndTheNextIsToldToComeAgain) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 1; }));
  RawScu working = open(node);
  EXPECT_EQ(working.store(1, kCtStorage, "2.25.1", Bytes(50)), 0x0000);

  RawScu next(node.port());
  const auto answer = next.associate("DOSIGATE", "RAW", kContexts);

  ASSERT_TRUE(answer && answer->type == 3);
  EXPECT_EQ(answer->body, (Bytes{0, 2, 3, 2}));
  EXPECT_EQ(working.store(1, kCtStorage, "2.25.2", Bytes(50)), 0x0000);
  EXPECT_EQ(node.server().counters().rejected, 1U);
  EXPECT_EQ(node.refusals(1).size(), 1U);
}

TEST(Availability, AHandlerAtWorkIsNeverCutOff) {
  std::promise<void> let_go;
  std::shared_future<void> gate(let_go.get_future());
  std::atomic<bool> inside{false};
  ReceivingNode node(with([](auto& s) { s.max_associations = 1; }),
                     [&](ReceivedInstance) -> AssociationServer::Answer {
                       inside = true;
                       gate.wait();
                       return {0x0000, {}};
                     });
  RawScu working = open(node);
  auto stored = std::async(std::launch::async,
                           [&] { return working.store(1, kCtStorage, "2.25.1", Bytes(10)); });
  ASSERT_TRUE(node.eventually([&] { return inside.load(); }));

  RawScu next(node.port());
  const auto answer = next.associate("DOSIGATE", "RAW", kContexts);
  let_go.set_value();

  EXPECT_TRUE(answer && answer->type == 3);
  EXPECT_EQ(stored.get(), 0x0000);
}

TEST(Availability, AByteNowAndThenInsideAPduIsEnded) {
  ReceivingNode node(with([](auto& s) {
    s.min_bytes_per_s = 100;
    s.rate_window = 1s;
  }));
  RawScu scu = open(node);
  const Bytes pdu = RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1"));
  std::jthread trickle([&](const std::stop_token& stop) {
    for (std::size_t i = 0; i < pdu.size() && !stop.stop_requested(); ++i) {
      scu.send(ByteView(pdu).subspan(i, 1));
      std::this_thread::sleep_for(50ms);
    }
  });

  EXPECT_TRUE(aborted(scu, 5s));
  EXPECT_EQ(node.server().counters().too_slow, 1U);
}

TEST(Availability, SmallPdvsNowAndThenInsideAnInstanceAreEnded) {
  ReceivingNode node(with([](auto& s) {
    s.min_bytes_per_s = 500;
    s.rate_window = 1s;
  }));
  RawScu scu = open(node);
  begin_instance(scu, 1000);
  std::jthread trickle([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      scu.send(RawScu::p_data(1, false, false, Bytes(2)));
      std::this_thread::sleep_for(100ms);
    }
  });

  EXPECT_TRUE(aborted(scu, 6s));
  EXPECT_EQ(node.server().counters().too_slow, 1U);
}

TEST(Availability, ASlowButSteadySenderIsServed) {
  ReceivingNode node(with([](auto& s) {
    s.min_bytes_per_s = 500;
    s.rate_window = 1s;
  }));
  RawScu scu = open(node);
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
  for (int i = 0; i < 12; ++i) {
    scu.send(RawScu::p_data(1, false, i == 11, Bytes(1000)));
    std::this_thread::sleep_for(250ms);
  }

  const auto answer = scu.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(RawScu::status_of(*answer), 0x0000);
}

TEST(Availability, MemoryIsTakenFromHalfSentInstancesThatAreStalled) {
  ReceivingNode node(with([](auto& s) { s.memory_budget_bytes = 4U << 20U; }));
  std::vector<RawScu> hostile;
  for (int i = 0; i < 4; ++i) {
    hostile.push_back(open(node, "127.0.0.3"));
    begin_instance(hostile.back(), 1'000'000);
  }
  ASSERT_TRUE(node.eventually([&] { return node.server().counters().memory > 3'900'000; }));
  RawScu honest = open(node);

  EXPECT_EQ(honest.store(1, kCtStorage, "2.25.2", Bytes(1'500'000)), 0x0000);

  EXPECT_GE(node.server().counters().sent_away_for_memory, 1U);
  EXPECT_TRUE(aborted(hostile[0])) << "stalled the longest";
}

/// Sends instance after instance and reads no answer, until both buffers are full of them.
void fill_with_answers(const RawScu& mute) {
  Bytes many;
  for (int i = 0; i < 100; ++i) {
    for (const Bytes& pdu :
         {RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")),
          RawScu::p_data(1, false, true, Bytes(2))})
      many.insert(many.end(), pdu.begin(), pdu.end());
  }
  ByteView left(many);
  auto last = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - last < 700ms) {
    const std::size_t sent = mute.try_send(left);
    left = left.subspan(sent);
    if (left.empty()) left = many;
    if (sent > 0) {
      last = std::chrono::steady_clock::now();
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
}

AssociationServer::Answer taken(ReceivedInstance) { return {0x0000, {}}; }

TEST(Availability, APeerThatTakesNoAnswerLosesItsPlaceWhenPlacesAreScarce) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 1; }), taken);
  RawScu mute = open(node);
  fill_with_answers(mute);
  // It has brought instances, so a pause of two seconds is granted from the last of them on.
  std::uint64_t before = 0;
  EXPECT_TRUE(node.eventually(
      [&] {
        const auto now = node.server().counters().instances;
        if (now == std::exchange(before, now)) return true;
        std::this_thread::sleep_for(2500ms);
        return false;
      },
      60s));

  RawScu next = open(node);

  EXPECT_TRUE(echoes(next));
  EXPECT_EQ(node.server().counters().sent_away_stalled, 1U);
}

TEST(Availability, APeerThatTakesNoAnswerIsEndedByTheDimseTimeout) {
  ReceivingNode node(with([](auto& s) { s.dimse_timeout = 2s; }), taken);
  RawScu mute = open(node);
  fill_with_answers(mute);
  EXPECT_EQ(node.server().counters().active, 1U);

  EXPECT_TRUE(node.eventually([&] { return node.server().counters().active == 0; }, 20s));
  EXPECT_EQ(node.server().counters().aborted, 1U);
}

TEST(Availability, EndlessEmptyPdvsOfADataSetAreAborted) {
  ReceivingNode node;
  RawScu scu = open(node);
  begin_instance(scu, 100);
  for (int i = 0; i < 101; ++i) scu.send(RawScu::p_data(1, false, false, {}));

  EXPECT_TRUE(aborted(scu));
}

TEST(Availability, EndlessEchoesEnd) {
  ReceivingNode node;
  RawScu scu = open(node);
  std::size_t answered = 0;
  while (answered < 10'100 && echoes(scu)) ++answered;

  EXPECT_EQ(answered, 10'001U);
}

TEST(Availability, ThreadsComeWhenTheyAreNeededAndTenAssociationsOfOnePeerRunAtOnce) {
  std::promise<void> let_go;
  std::shared_future<void> gate(let_go.get_future());
  std::atomic<int> inside{0};
  ReceivingNode node({}, [&](ReceivedInstance) -> AssociationServer::Answer {
    ++inside;
    gate.wait();
    return {0x0000, {}};
  });
  std::vector<std::future<std::optional<std::uint16_t>>> sending;
  for (int i = 0; i < 10; ++i) {
    sending.push_back(std::async(std::launch::async, [&node, i] {
      RawScu scu = open(node);
      return scu.store(1, kCtStorage, "2.25." + std::to_string(i), Bytes(100));
    }));
  }

  EXPECT_TRUE(node.eventually([&] { return inside == 10; }));
  let_go.set_value();
  for (auto& one : sending) EXPECT_EQ(one.get(), 0x0000);
}

}  // namespace
}  // namespace dosigate
