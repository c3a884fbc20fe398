// Storage commitment is not offered as SCP. What an archive reports, because this node asked it, is
// taken from who may report, and handed on; nothing else comes in by that way.

#include "support/commitment_peer.h"
#include "unit/receive/receiving_node.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using testing::event_report;
using testing::kCommitmentClass;
using testing::kCommitmentInstance;
using testing::kCtStorage;
using testing::kExplicit;
using testing::kVerification;
using testing::RawScu;

constexpr std::uint8_t kAbstractSyntaxNotSupported = 3;
const std::vector<RawScu::Context> kAll{{1, kCommitmentClass, {kExplicit}},
                                        {3, kCtStorage, {kExplicit}},
                                        {5, kVerification, {kExplicit}}};

/// ARCHIVE may report and has no route, BOTH may report and has one, CAMERA has one; DRAINED is as
/// BOTH while nothing new is taken.
class Commitment : public ::testing::Test {
 protected:
  Commitment()
      : server_(
            {},
            [](const Origin& origin) -> Admitted {
              if (origin.calling_ae == "ARCHIVE") return {Admission::Accept, "", true};
              if (origin.calling_ae == "DRAINED") return {Admission::Draining, "all", true};
              if (origin.calling_ae == "BOTH") return {Admission::Accept, "all", true};
              return {Admission::Accept, "all"};
            },
            [](const ReceivedInstance&) {
              return AssociationServer::Answer{0, {}};
            },
            [](const Origin&, const std::string&) {},
            [this](AssociationServer::EventReport event) -> AssociationServer::Answer {
              if (event.event_type == 99) throw std::runtime_error("as it may");
              const std::lock_guard lock(mutex_);
              events_.push_back(std::move(event));
              return {status_, "the words of the handler"};
            }),
        acceptor_(io_, listen(),
                  [this](IncomingAssociation incoming) { server_.take(std::move(incoming)); }),
        thread_([this] { io_.run(); }) {}
  ~Commitment() override {
    acceptor_.stop();
    io_.stop();
  }

  Acceptor::Settings listen() {
    Acceptor::Settings settings;
    server_.decide_at(settings);
    settings.listen = {"127.0.0.1:0"};
    return settings;
  }
  RawScu connected() const {
    const std::string endpoint = acceptor_.endpoints().at(0);
    return RawScu(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  }
  static std::optional<RawScu::Pdu> associate(RawScu& scu, const std::string& calling,
                                              bool scu_role, bool scp_role) {
    scu.send(testing::request_with_role("DOSIGATE", calling, kAll, kCommitmentClass, scu_role,
                                        scp_role));
    return scu.receive();
  }
  /// Status of the answer to a report on the first context.
  static std::optional<std::uint16_t> report(RawScu& scu, ByteView command, ByteView data_set) {
    for (const Bytes& pdu : testing::message(1, command, data_set)) scu.send(pdu);
    const auto answer = scu.receive();
    return answer ? RawScu::status_of(*answer) : std::nullopt;
  }

  std::mutex mutex_;
  std::vector<AssociationServer::EventReport> events_;
  std::uint16_t status_ = 0;
  AssociationServer server_;
  boost::asio::io_context io_;
  Acceptor acceptor_;
  std::jthread thread_;
};

TEST_F(Commitment, IsNotOfferedToAModality) {
  RawScu plain = connected(), as_scp = connected();

  const auto answer = plain.associate("DOSIGATE", "CAMERA", kAll);
  const auto as_scp_answer = associate(as_scp, "CAMERA", false, true);

  ASSERT_TRUE(answer && answer->type == 2);
  EXPECT_EQ(RawScu::result_of(*answer, 1), kAbstractSyntaxNotSupported);
  EXPECT_EQ(RawScu::result_of(*answer, 3), 0);
  ASSERT_TRUE(as_scp_answer && as_scp_answer->type == 2);
  EXPECT_EQ(RawScu::result_of(*as_scp_answer, 1), kAbstractSyntaxNotSupported);
}

TEST_F(Commitment, IsNotOfferedToWhoMayReportEither) {
  RawScu no_role = connected(), scu_role = connected(), both_roles = connected();

  const auto no_role_answer = no_role.associate("DOSIGATE", "BOTH", kAll);
  const auto scu_role_answer = associate(scu_role, "BOTH", true, false);
  const auto both_roles_answer = associate(both_roles, "BOTH", true, true);

  for (const auto& answer : {no_role_answer, scu_role_answer, both_roles_answer}) {
    ASSERT_TRUE(answer && answer->type == 2);
    EXPECT_EQ(RawScu::result_of(*answer, 1), kAbstractSyntaxNotSupported);
  }
}

TEST_F(Commitment, WhoMayReportAndHasNoRouteGetsNothingElse) {
  RawScu reporting = connected(), storing = connected();

  const auto answer = associate(reporting, "ARCHIVE", false, true);
  const auto refused = storing.associate("DOSIGATE", "ARCHIVE", kAll);

  ASSERT_TRUE(answer && answer->type == 2);
  EXPECT_EQ(RawScu::result_of(*answer, 1), 0);
  EXPECT_EQ(RawScu::result_of(*answer, 3), kAbstractSyntaxNotSupported);
  EXPECT_EQ(RawScu::result_of(*answer, 5), kAbstractSyntaxNotSupported);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, 3);  // A-ASSOCIATE-RJ
}

TEST_F(Commitment, AReportAndNothingElseIsTakenWhileTheNodeIsDrained) {
  RawScu reporting = connected(), storing = connected();

  const auto answer = associate(reporting, "DRAINED", false, true);
  const auto refused = storing.associate("DOSIGATE", "DRAINED", kAll);

  ASSERT_TRUE(answer && answer->type == 2);
  EXPECT_EQ(RawScu::result_of(*answer, 1), 0);
  EXPECT_EQ(RawScu::result_of(*answer, 3), kAbstractSyntaxNotSupported);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, 3);  // A-ASSOCIATE-RJ
}

TEST_F(Commitment, AReportIsHandedOnAndAnsweredAsTheHandlerSays) {
  RawScu scu = connected();
  ASSERT_TRUE(associate(scu, "ARCHIVE", false, true));
  const Bytes data = testing::report_data("2.25.5", {"2.25.6"});

  const auto first = report(scu, event_report(1), data);
  status_ = 0x0115;
  const auto second = report(scu, event_report(2, false), {});

  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 0x0115);
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].origin.calling_ae, "ARCHIVE");
  EXPECT_EQ(events_[0].origin.address, "127.0.0.1");
  EXPECT_EQ(events_[0].sop_instance_uid, kCommitmentInstance);
  EXPECT_EQ(events_[0].event_type, 1);
  EXPECT_EQ(events_[0].transfer_syntax_uid, kExplicit);
  EXPECT_EQ(events_[0].data_set, data);
  EXPECT_TRUE(events_[1].data_set.empty());
  EXPECT_TRUE(scu.release());
}

TEST_F(Commitment, EverythingElseOnItsContextIsRefused) {
  RawScu scu = connected();
  ASSERT_TRUE(associate(scu, "BOTH", false, true));
  const Bytes action =
      testing::command_set({{0x0100, 0x0130}, {0x0110, 1}, {0x0800, 0x0101}, {0x1008, 1}},
                           {{0x0003, kCommitmentClass}, {0x1001, kCommitmentInstance}});

  EXPECT_EQ(report(scu, action, {}), 0x0211);
  EXPECT_EQ(scu.store(1, kCommitmentClass, "2.25.1", Bytes(10)), 0x0122);
  EXPECT_EQ(report(scu, event_report(99), Bytes(10)), 0x0110);        // the handler throws
  EXPECT_EQ(report(scu, event_report(1), Bytes(5U << 20U)), 0x0213);  // more than 4 MiB
  EXPECT_EQ(report(scu,
                   testing::command_set({{0x0100, 0x0100}, {0x0110, 1}, {0x0800, 0x0101}},
                                        {{0x0002, kCtStorage}}),
                   {}),
            0x0118);
  for (const Bytes& pdu : testing::message(3, event_report(1), Bytes(10))) scu.send(pdu);
  const auto elsewhere = scu.receive();
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(RawScu::status_of(*elsewhere), 0x0211);  // on the context of CT Image Storage
  EXPECT_EQ(scu.store(3, kCtStorage, "2.25.1", Bytes(10)), 0);
  EXPECT_TRUE(events_.empty());
  EXPECT_TRUE(scu.release());
}

}  // namespace
}  // namespace dosigate
