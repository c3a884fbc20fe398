// The audit record as a queue to a syslog server, without a server: frames, the cursor, order and
// at-least-once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "dosigate/net/tls.h"
#include "support/test_ca.h"
#include "syslog_connection.h"
#include "syslog_message.h"
#include "syslog_queue.h"
#include "syslog_sender.h"
#include "unit/crypto/fixture.h"

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using testing::Keys;
using ::testing::StartsWith;

struct Record : ::testing::Test {
  Keys keys;
  std::filesystem::path directory = keys.dir.path / "audit";
  std::unique_ptr<AuditLog> audit = open();

  std::unique_ptr<AuditLog> open() const {
    auto log = AuditLog::open(directory, keys.keyring);
    if (!log) throw std::runtime_error(log.error().detail);
    return std::move(*log);
  }
  void add(int lines) const {
    for (int i = 0; i < lines; ++i) audit->record("map.lookup", "maria", {{"reason", "x"}});
  }
  SyslogQueue queue(const std::string& to = "a:1") const { return {directory, *audit, to}; }
};

TEST(SyslogMessage, HasTheHeaderOfTheStandardAndItsLengthInFront) {
  const AuditEvent event{12, "2026-11-28T10:04:00.123Z", "start", "dosigated",
                         {}, std::string(64, 'a')};

  const std::string frame = syslog_frame(event, {"DOSIGATE", ""}, {"gate way", 77});

  const auto space = frame.find(' ');
  EXPECT_EQ(std::stoul(frame.substr(0, space)), frame.size() - space - 1);
  EXPECT_THAT(frame.substr(space + 1),
              StartsWith("<85>1 2026-11-28T10:04:00.123Z gate?way dosigated 77 DICOM+RFC3881 [meta "
                         "sequenceId=\"12\"] \xEF\xBB\xBF<AuditMessage>"));
  const AuditEvent refused{1, event.time, "association.refused", "dosigated", {}, event.chain};
  EXPECT_THAT(syslog_frame(refused, {"D", ""}, {"", 1}),
              HasSubstr("<84>1 2026-11-28T10:04:00.123Z - "));
}

TEST(SyslogMessage, TheSequenceBeginsAnewWhereTheStandardSaysSo) {
  AuditEvent event{2'147'483'647, "t", "start", "dosigated", {}, ""};
  EXPECT_THAT(syslog_frame(event, {"D", ""}, {"h", 1}), HasSubstr("\"2147483647\""));
  ++event.number;
  EXPECT_THAT(syslog_frame(event, {"D", ""}, {"h", 1}), HasSubstr("sequenceId=\"1\""));
}

TEST_F(Record, IsSentFromItsFirstLineInOrderAndGoesOnAfterARestart) {
  add(3);
  {
    SyslogQueue first = queue();
    const auto batch = first.next();
    ASSERT_EQ(batch.events.size(), 3U);
    EXPECT_EQ(batch.events[0].number, 1U);
    first.sent(batch);
    EXPECT_TRUE(first.next().events.empty());
  }
  add(2);

  const SyslogQueue again = queue();

  EXPECT_EQ(again.line(), 3U);
  const auto rest = again.next();
  ASSERT_EQ(rest.events.size(), 2U);
  EXPECT_EQ(rest.events[0].number, 4U);
}

TEST_F(Record, WhatWasNotConfirmedComesAgain) {
  add(2);
  (void)queue().next();

  EXPECT_EQ(queue().next().events.size(), 2U);
}

TEST_F(Record, AnotherServerARecordBegunAnewAndABrokenCursorBeginAtTheFirstLine) {
  add(4);
  SyslogQueue first = queue();
  first.sent(first.next());
  ASSERT_TRUE(queue().next().events.empty());

  EXPECT_EQ(queue("b:1").next().events.size(), 4U);

  audit.reset();
  std::filesystem::remove(directory / "audit.jsonl");
  audit = open();
  add(6);
  EXPECT_EQ(queue().next().events.size(), 6U);

  SyslogQueue now = queue();
  now.sent(now.next());
  replace_file(directory / "syslog.cursor", as_bytes("{\"to\":"));
  EXPECT_EQ(queue().next().events.size(), 6U);
}

TEST_F(Record, AHugeBacklogGoesInBatchesAndLosesNothing) {
  add(1203);
  SyslogQueue all = queue();
  std::uint64_t next = 1;
  int batches = 0;
  for (auto batch = all.next(); !batch.events.empty(); batch = all.next(), ++batches) {
    for (const auto& event : batch.events) ASSERT_EQ(event.number, next++);
    all.sent(batch);
  }
  EXPECT_EQ(next, 1204U);
  EXPECT_EQ(batches, 3);
}

TEST_F(Record, TheSenderTriesAgainSaysWhyAndKeepsTheOrder) {
  add(2);
  std::atomic<int> tries{0};
  Guarded<std::string> got;
  AuditSettings settings;
  settings.syslog_host = "logs";
  const SyslogSender sender(
      settings, directory, *audit, {"DOSIGATE", ""},
      [](const std::string& study) { return study == "2.25.7" ? "DSG-T-7" : ""; },
      [&](const AuditSettings&, const std::string& frames) -> Result<void> {
        if (++tries == 1) return fail(Fault::Unavailable, "it is away");
        got.with([&](std::string& all) { all += frames; });
        return {};
      });
  const auto wait = [&](const auto& holds) {
    for (int i = 0; i < 400 && !holds(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return holds();
  };
  ASSERT_TRUE(wait([&] { return sender.state().failing_since > 0; }));
  EXPECT_EQ(sender.state().last_error, "it is away");
  EXPECT_EQ(sender.state().waiting, 2U);
  EXPECT_GT(sender.state().oldest_waiting, 0);

  ASSERT_TRUE(wait([&] { return sender.state().waiting == 0; }));
  audit->record("instances.received", "dosigated", {{"study", "2.25.7"}});
  ASSERT_TRUE(wait([&] { return sender.state().sent_line == 3; }));

  const auto state = sender.state();
  EXPECT_EQ(state.failing_since, 0);
  EXPECT_EQ(state.last_error, "");
  EXPECT_GT(state.last_success, 0);
  const std::string all = got.with([](const std::string& text) { return text; });
  EXPECT_LT(all.find("sequenceId=\"1\""), all.find("sequenceId=\"2\""));
  EXPECT_LT(all.find("sequenceId=\"2\""), all.find("sequenceId=\"3\""));
  EXPECT_THAT(all, HasSubstr("ParticipantObjectID=\"DSG-T-7\"")) << "whose study it is";
}

TEST(SyslogConnection, AServerThatIsNotThereIsSaidInWords) {
  AuditSettings nowhere;
  nowhere.syslog_host = "127.0.0.1";
  nowhere.ca = "/nonexistent/ca.pem";

  const auto sent = send_to_syslog(nowhere, "x");

  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().detail, HasSubstr("/nonexistent/ca.pem"));
}

/// A server that reads everything and then ends the session properly, or just closes.
class Server {
 public:
  Server(const testing::TestCa& ca, bool confirms)
      : context_(*TlsContext::server(ca.issue("server"))), confirms_(confirms) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listening_.get(), any, size) != 0 || ::listen(listening_.get(), 1) != 0 ||
        ::getsockname(listening_.get(), any, &size) != 0)
      throw std::runtime_error("no loopback socket");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() { thread_.join(); }
  std::uint16_t port() const { return port_; }
  std::string got() {
    thread_.join();
    thread_ = std::thread([] {});
    return got_;
  }

 private:
  void serve() {
    const FileDescriptor peer(::accept(listening_.get(), nullptr, nullptr));
    TlsSession session(context_, peer.get(), {});
    const auto deadline = steady_now() + std::chrono::seconds(20);
    if (!session.handshake(deadline)) return;
    std::array<Byte, 4096> buffer{};
    for (ssize_t count; (count = session.read(buffer, deadline)) > 0;)
      got_ += as_text(ByteView(buffer).first(static_cast<std::size_t>(count)));
    if (confirms_) session.shutdown();
  }

  std::shared_ptr<const TlsContext> context_;
  bool confirms_;
  FileDescriptor listening_;
  std::uint16_t port_ = 0;
  std::string got_;
  std::thread thread_;
};

struct Connection : ::testing::Test {
  testing::TempDir dir;
  testing::TestCa ca{dir.path};
  AuditSettings to(std::uint16_t port) const {
    const TlsFiles own = ca.issue("client");
    AuditSettings out;
    out.syslog_host = "127.0.0.1";
    out.syslog_port = port;
    out.ca = own.ca;
    out.certificate = own.certificate;
    out.key = own.key;
    return out;
  }
};

TEST_F(Connection, WhatTheServerConfirmedIsSentAndWholeThere) {
  Server server(ca, true);
  const std::string frames(300'000, 'x');

  const auto sent = send_to_syslog(to(server.port()), frames);

  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(server.got(), frames);
}

TEST_F(Connection, AServerThatClosesWithoutAWordHasConfirmedNothing) {
  Server server(ca, false);

  const auto sent = send_to_syslog(to(server.port()), "3 abc");

  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().detail, HasSubstr("did not confirm"));
  EXPECT_EQ(server.got(), "3 abc") << "it may have them: they come again";
}

TEST_F(Connection, AnotherNameOrFingerprintThanTheConfiguredOneGetsNothing) {
  {
    Server server(ca, true);
    AuditSettings settings = to(server.port());
    settings.name = "logs.example.org";
    EXPECT_FALSE(send_to_syslog(settings, "3 abc"));
    EXPECT_EQ(server.got(), "");
  }
  Server server(ca, true);
  AuditSettings settings = to(server.port());
  settings.fingerprint = std::string(64, '0');
  EXPECT_FALSE(send_to_syslog(settings, "3 abc"));
  EXPECT_EQ(server.got(), "");
}

}  // namespace
}  // namespace dosigate
