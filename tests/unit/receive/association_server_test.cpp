#include <future>
#include <stdexcept>

#include "receiving_node.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using testing::kCtStorage;
using testing::kExplicit;
using testing::kHtj2k;
using testing::kImplicit;
using testing::kJpegLossless;
using testing::kVerification;
using testing::RawScu;
using testing::ReceivingNode;

const std::vector<RawScu::Context> kCtContext{{1, kCtStorage, {kExplicit}}};

Bytes made_up_bytes(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>(i * 13);
  return bytes;
}

/// A peer with an open association.
RawScu open(const ReceivingNode& node, const std::vector<RawScu::Context>& contexts = kCtContext) {
  RawScu scu(node.port());
  const auto answer = scu.associate("DOSIGATE", "RAW", contexts);
  EXPECT_TRUE(answer && answer->type == 2);
  return scu;
}

bool aborted(RawScu& scu, std::chrono::milliseconds deadline = 10s) {
  const auto pdu = scu.receive(deadline);
  return pdu && pdu->type == 7;
}

AssociationServer::Settings with(const std::function<void(AssociationServer::Settings&)>& change) {
  AssociationServer::Settings settings;
  change(settings);
  return settings;
}

TEST(AssociationServer, NegotiatesByItsOwnTables) {
  ReceivingNode node;
  RawScu scu(node.port());

  const auto answer =
      scu.associate("DOSIGATE", "RAW",
                    {{1, kVerification, {kImplicit}},
                     {3, kCtStorage, {kJpegLossless, kImplicit, kExplicit}},
                     {5, kCtStorage, {kJpegLossless, kImplicit}},
                     {7, kCtStorage, {"1.2.3.4.5", kHtj2k}},
                     {9, "1.3.12.2.1107.5.9.1", {kExplicit}},           // Siemens, private
                     {11, "1.2.840.10008.5.1.4.1.2.2.1", {kExplicit}},  // Study Root FIND
                     {13, kCtStorage, {"1.2.3.4.5"}}});

  ASSERT_TRUE(answer && answer->type == 2);
  EXPECT_EQ(RawScu::transfer_syntax_of(*answer, 1), kImplicit);
  EXPECT_EQ(RawScu::transfer_syntax_of(*answer, 3), kExplicit);
  EXPECT_EQ(RawScu::transfer_syntax_of(*answer, 5), kImplicit);
  EXPECT_EQ(RawScu::transfer_syntax_of(*answer, 7), kHtj2k);
  for (const int id : {1, 3, 5, 7, 9}) {
    EXPECT_EQ(RawScu::result_of(*answer, static_cast<Byte>(id)), 0) << id;
  }
  EXPECT_EQ(RawScu::result_of(*answer, 11), 3);  // abstract syntax not supported
  EXPECT_EQ(RawScu::result_of(*answer, 13), 4);  // transfer syntaxes not supported
  EXPECT_TRUE(scu.release());
}

// It brought no instance: nothing of it is counted among those that were refused.
TEST(AssociationServer, AnAssociationWithoutAnAcceptableContextIsCountedAsOne) {
  ReceivingNode node;

  RawScu scu = open(node, {{1, kCtStorage, {"1.2.3.4.5"}}});

  EXPECT_TRUE(node.eventually([&] { return node.server().counters().without_context == 1; }));
  EXPECT_TRUE(node.refusals(0).empty());
}

TEST(AssociationServer, ReceivesHtj2kAndPrivateClassesUntouched) {
  ReceivingNode node;
  RawScu scu = open(node, {{1, kCtStorage, {kHtj2k}}, {3, "1.3.12.2.1107.5.9.1", {kExplicit}}});
  const Bytes first = made_up_bytes(300'001), second = made_up_bytes(10);

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", first), 0x0000);
  EXPECT_EQ(scu.store(3, "1.3.12.2.1107.5.9.1", "2.25.2", second), 0x0000);

  EXPECT_TRUE(scu.release());
  auto& received = node.received(2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].transfer_syntax_uid, kHtj2k);
  EXPECT_TRUE(received[0].data_set == first);
  EXPECT_EQ(received[1].sop_class_uid, "1.3.12.2.1107.5.9.1");
  EXPECT_TRUE(received[1].data_set == second);
}

TEST(AssociationServer, AFullPoolRejectsForTheMomentAndTakesTheNextWhenItIsFree) {
  ReceivingNode node(with([](auto& s) { s.max_associations = 1; }));
  RawScu first = open(node);
  EXPECT_EQ(first.store(1, kCtStorage, "2.25.1", made_up_bytes(10)), 0x0000);  // it works
  RawScu second(node.port());

  const auto answer = second.associate("DOSIGATE", "RAW", kCtContext);

  ASSERT_TRUE(answer && answer->type == 3);
  EXPECT_EQ(answer->body, (Bytes{0, 2, 3, 2}));
  EXPECT_TRUE(second.peer_closes(3s));
  EXPECT_EQ(node.refusals(1).size(), 1U);
  EXPECT_TRUE(first.release());
  first.close();
  ASSERT_TRUE(node.eventually([&] { return node.server().counters().active == 0; }));
  EXPECT_TRUE(open(node).release());
}

TEST(AssociationServer, AnotherApplicationContextIsRejected) {
  ReceivingNode node;
  RawScu scu(node.port());
  Bytes request = RawScu::association_request("DOSIGATE", "RAW", kCtContext);
  const auto at = as_text(request).find("1.2.840.10008.3.1.1.1");
  request[at + 20] = '2';

  scu.send(request);

  const auto answer = scu.receive();
  ASSERT_TRUE(answer && answer->type == 3);
  EXPECT_EQ(answer->body, (Bytes{0, 1, 1, 2}));
}

TEST(AssociationServer, AHandlerThatThrowsAnswersOutOfResourcesAndTheAssociationGoesOn) {
  int calls = 0;
  ReceivingNode node({}, [&](ReceivedInstance) -> AssociationServer::Answer {
    if (++calls == 1) throw std::runtime_error("disk");
    if (calls == 2) throw 7;
    return {0x0000, {}};
  });
  RawScu scu = open(node);

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", made_up_bytes(100)), 0xA700);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.2", made_up_bytes(100)), 0xA700);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.3", made_up_bytes(100)), 0x0000);
}

TEST(AssociationServer, StatusAndCommentOfTheHandlerReachThePeer) {
  ReceivingNode node({}, [](ReceivedInstance) -> AssociationServer::Answer {
    return {0x0124, "held by policy\n" + std::string(100, 'x')};
  });
  RawScu scu = open(node);
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1", 77)));
  scu.send(RawScu::p_data(1, false, true, made_up_bytes(10)));

  const auto answer = scu.receive();

  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(RawScu::status_of(*answer), 0x0124);
  EXPECT_EQ(RawScu::comment_of(*answer), "held by policy?" + std::string(49, 'x'));
}

TEST(AssociationServer, HalfAnInstanceNeverReachesTheHandler) {
  ReceivingNode node;
  const Bytes command = RawScu::store_command(kCtStorage, "2.25.1");
  const auto begin_instance = [&](RawScu& scu) {
    scu.send(RawScu::p_data(1, true, true, command));
    scu.send(RawScu::p_data(1, false, false, made_up_bytes(5000)));
  };
  RawScu closing = open(node), aborting = open(node), releasing = open(node),
         switching = open(node), interrupting = open(node);
  begin_instance(closing);
  closing.close();
  begin_instance(aborting);
  aborting.send(abort_pdu(0, 0));
  begin_instance(releasing);
  releasing.send(Bytes{5, 0, 0, 0, 0, 4, 0, 0, 0, 0});
  begin_instance(switching);
  switching.send(RawScu::p_data(3, false, true, made_up_bytes(10)));
  begin_instance(interrupting);
  interrupting.send(RawScu::p_data(1, true, true, command));

  EXPECT_TRUE(aborted(releasing));
  EXPECT_TRUE(aborted(switching));
  EXPECT_TRUE(aborted(interrupting));
  EXPECT_TRUE(node.eventually([&] { return node.server().counters().active == 0; }));
  EXPECT_EQ(node.server().counters().aborted, 5U);
  EXPECT_EQ(node.server().counters().instances, 0U);
  EXPECT_EQ(node.refusals(5).size(), 5U);
  EXPECT_TRUE(node.received(0).empty());
}

TEST(AssociationServer, AnInstanceThatStallsIsEndedByTheDimseTimeout) {
  ReceivingNode node(with([](auto& s) { s.dimse_timeout = 1s; }));
  RawScu scu = open(node);
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
  scu.send(RawScu::p_data(1, false, false, made_up_bytes(5000)));

  EXPECT_TRUE(aborted(scu, 5s));
  EXPECT_EQ(node.server().counters().instances, 0U);
}

TEST(AssociationServer, WrongLengthsInPDataAreAborted) {
  ReceivingNode node;
  const Bytes good = RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1"));
  for (const Byte claimed : {Byte{0}, Byte{1}, Byte{0x7F}, Byte{0xFF}}) {
    RawScu scu = open(node);
    Bytes lying = good;
    lying[6] = claimed;  // length of the PDV, most significant byte
    lying[7] = lying[8] = lying[9] = claimed;
    scu.send(lying);

    EXPECT_TRUE(scu.peer_closes(10s)) << int{claimed};
  }
  RawScu huge = open(node);
  huge.send(Bytes{4, 0, 0x7F, 0xFF, 0xFF, 0xFF});
  EXPECT_TRUE(huge.peer_closes(10s));
  EXPECT_TRUE(node.eventually([&] { return node.server().counters().active == 0; }));
  EXPECT_EQ(node.server().counters().instances, 0U);
}

TEST(AssociationServer, ABrokenCommandSetIsAborted) {
  ReceivingNode node;
  const Bytes command = RawScu::store_command(kCtStorage, "2.25.1");
  Bytes cut(command.begin(), command.end() - 3);
  Bytes four_gib = command;
  four_gib[4] = four_gib[5] = four_gib[6] = four_gib[7] = 0xFF;
  Bytes other_group = command;
  other_group[12] = 8;
  for (const Bytes& broken : {cut, four_gib, other_group, Bytes()}) {
    RawScu scu = open(node);
    scu.send(RawScu::p_data(1, true, true, broken));

    EXPECT_TRUE(aborted(scu));
  }
}

TEST(AssociationServer, TheSopClassMustBeThatOfTheContext) {
  ReceivingNode node;
  RawScu scu = open(node, {{1, kCtStorage, {kExplicit}}, {3, kVerification, {kExplicit}}});

  EXPECT_EQ(scu.store(1, "1.2.840.10008.5.1.4.1.1.4", "2.25.1", made_up_bytes(50)), 0xA900);
  EXPECT_EQ(scu.store(3, kVerification, "2.25.2", made_up_bytes(50)), 0x0122);
  EXPECT_EQ(scu.store(1, kCtStorage, std::string(65, '1'), made_up_bytes(50)), 0x0117);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.3", made_up_bytes(50)), 0x0000);

  EXPECT_EQ(node.received(1).size(), 1U);
  EXPECT_EQ(node.refusals(3).size(), 3U);
}

TEST(AssociationServer, OperationsItDoesNotKnowAreSaidToBeUnrecognised) {
  ReceivingNode node;
  RawScu scu = open(node);
  for (const int field : {0x0020, 0x0021, 0x0010, 0x0130, 0x0777}) {
    scu.send(RawScu::p_data(1, true, true,
                            RawScu::plain_command(static_cast<std::uint16_t>(field), kCtStorage)));
    const auto answer = scu.receive();

    ASSERT_TRUE(answer.has_value()) << field;
    EXPECT_EQ(RawScu::status_of(*answer), 0x0211) << field;
  }
  EXPECT_TRUE(scu.release());
}

// DCMTK 3.6.7 loses its place at the third PDV of a PDU and reads beyond its buffer.
TEST(AssociationServer, ACommandAndItsDataSetMayShareAPduWithTheNextCommand) {
  ReceivingNode node;
  RawScu scu = open(node, {{1, kCtStorage, {kExplicit}}, {3, kVerification, {kExplicit}}});
  Bytes body;
  for (const Bytes& pdu :
       {RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")),
        RawScu::p_data(1, false, true, made_up_bytes(99)),
        RawScu::p_data(3, true, true, RawScu::plain_command(0x0030, kVerification))}) {
    body.insert(body.end(), pdu.begin() + 6, pdu.end());
  }
  Bytes one{4, 0, 0, 0, static_cast<Byte>(body.size() >> 8U), static_cast<Byte>(body.size())};
  one.insert(one.end(), body.begin(), body.end());

  scu.send(one);

  for (int i = 0; i < 2; ++i) {
    const auto answer = scu.receive(3s);
    ASSERT_TRUE(answer.has_value()) << i;
    EXPECT_EQ(RawScu::status_of(*answer), 0x0000);
  }
  EXPECT_TRUE(node.received(1).at(0).data_set == made_up_bytes(99));
}

TEST(AssociationServer, AnInstanceOverTheLimitIsReadAndRefusedAndTheNextIsTaken) {
  ReceivingNode node(with([](auto& s) { s.max_instance_bytes = 100'000; }));
  RawScu scu = open(node);

  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", made_up_bytes(100'001)), 0xA700);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.2", made_up_bytes(100'000)), 0x0000);

  EXPECT_EQ(node.received(1).size(), 1U);
}

TEST(AssociationServer, APeerThatNeverEndsAnInstanceIsAborted) {
  ReceivingNode node(with([](auto& s) { s.max_instance_bytes = 10'000; }));
  RawScu scu = open(node);
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
  for (int i = 0; i < 50; ++i) scu.send(RawScu::p_data(1, false, false, made_up_bytes(16'000)));

  EXPECT_TRUE(aborted(scu));
}

TEST(AssociationServer, TheMemoryBudgetCountsInstancesThatAreBeingHandled) {
  std::promise<void> let_go;
  std::shared_future<void> gate(let_go.get_future());
  std::atomic<int> calls{0};
  ReceivingNode node(with([](auto& s) { s.memory_budget_bytes = 300'000; }),
                     [&](ReceivedInstance) -> AssociationServer::Answer {
                       if (++calls == 1) gate.wait();
                       return {0x0000, {}};
                     });
  RawScu first = open(node), second = open(node);
  auto held = std::async(std::launch::async, [&] {
    return first.store(1, kCtStorage, "2.25.1", made_up_bytes(200'000));
  });
  ASSERT_TRUE(node.eventually([&] { return calls == 1; }));

  EXPECT_EQ(second.store(1, kCtStorage, "2.25.2", made_up_bytes(200'000)), 0xA700);
  EXPECT_EQ(second.store(1, kCtStorage, "2.25.3", made_up_bytes(30'000)), 0x0000);
  let_go.set_value();
  EXPECT_EQ(held.get(), 0x0000);
  EXPECT_EQ(second.store(1, kCtStorage, "2.25.4", made_up_bytes(200'000)), 0x0000);
}

TEST(AssociationServer, AnIdleAssociationIsAbortedAfterItsTime) {
  ReceivingNode node(with([](auto& s) { s.idle_timeout = 2s; }));
  RawScu scu = open(node);
  EXPECT_EQ(scu.store(1, kCtStorage, "2.25.1", made_up_bytes(50)), 0x0000);

  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(aborted(scu, 6s));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1500ms);
}

TEST(AssociationServer, StopEndsIdleAssociationsAndRejectsNewOnes) {
  ReceivingNode node;
  RawScu idle = open(node);

  const auto begin = std::chrono::steady_clock::now();
  node.server().stop(10s);

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_TRUE(aborted(idle));
  RawScu late(node.port());
  const auto answer = late.associate("DOSIGATE", "RAW", kCtContext);
  ASSERT_TRUE(answer && answer->type == 3);
  EXPECT_EQ(answer->body, (Bytes{0, 2, 3, 1}));
}

TEST(AssociationServer, StopLetsTheInstanceInHandFinishAndKeepsItsDeadline) {
  std::promise<void> let_go;
  std::shared_future<void> gate(let_go.get_future());
  std::atomic<bool> inside{false};
  ReceivingNode node({}, [&](ReceivedInstance) -> AssociationServer::Answer {
    inside = true;
    gate.wait();
    return {0x0000, {}};
  });
  RawScu scu = open(node);
  auto stored = std::async(std::launch::async,
                           [&] { return scu.store(1, kCtStorage, "2.25.1", made_up_bytes(10)); });
  ASSERT_TRUE(node.eventually([&] { return inside.load(); }));

  const auto begin = std::chrono::steady_clock::now();
  node.server().stop(1s);
  const auto took = std::chrono::steady_clock::now() - begin;
  let_go.set_value();

  EXPECT_GE(took, 900ms);
  EXPECT_LT(took, 4s);
  EXPECT_EQ(stored.get(), 0x0000);
  EXPECT_TRUE(aborted(scu));
}

TEST(AssociationServer, DestructionIsBoundedThoughAPeerHoldsAnInstanceHalfSent) {
  auto node = std::make_unique<ReceivingNode>(with([](auto& s) { s.dimse_timeout = 2s; }));
  RawScu scu = open(*node);
  scu.send(RawScu::p_data(1, true, true, RawScu::store_command(kCtStorage, "2.25.1")));
  std::jthread trickle([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      scu.send(RawScu::p_data(1, false, false, made_up_bytes(10)));
      std::this_thread::sleep_for(200ms);
    }
  });
  std::this_thread::sleep_for(300ms);

  const auto begin = std::chrono::steady_clock::now();
  node.reset();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 6s);
}

}  // namespace
}  // namespace dosigate
