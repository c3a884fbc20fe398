// Archives and proxies that are away, slow, hostile or strict, and who they are.

#include "dosigate/forward/verifier.h"
#include "stow_fixture.h"
#include "support/test_ca.h"

namespace dosigate::testing {
namespace {

TEST_F(Stowing, ABrokenConnectionLosesNothingAndSendsEverythingInTheEnd) {
  web.set({Web::accept, {}, 3, 2'000});
  put(20);

  const ArchiveForwarder forwarder(here(), *home.spool);

  ASSERT_TRUE(all_delivered(20));
  EXPECT_EQ(parked(), 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(Stowing, AnArchiveThatIsAwayIsProbedUntilItIsBack) {
  web.down();
  put(5);
  const ArchiveForwarder forwarder(here(), *home.spool);
  ASSERT_TRUE(down_with(forwarder, "refuses the connection: is it running?"));
  EXPECT_EQ(home.spool->list(10).size(), 5U);

  web.up();

  EXPECT_TRUE(all_delivered(5));
  EXPECT_TRUE(eventually([&] { return forwarder.state().state == "up"; }));
}

TEST_F(Stowing, AnExpiredTokenParksNothingAndTheNewOneIsUsedWithoutAReload) {
  auto to = here();
  to.stow.token_file = secret("token", "old\n");
  replies([](const Request& request, int count) {
    return request.header("Authorization") == "Bearer new-one" ? Web::accept(request, count)
                                                               : Web::http(401);
  });
  put(20);
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(down_with(forwarder, "renew the token in " + to.stow.token_file.string()));
  EXPECT_EQ(parked(), 0U);
  EXPECT_THAT(forwarder.state().last_error, Not(HasSubstr("old")));

  secret("token", "new-one\n");

  ASSERT_TRUE(all_delivered(20));
  for (const auto& row : home.spool->list(10)) ADD_FAILURE() << row.reason;
}

TEST_F(Stowing, AUserAndPasswordAreSent) {
  auto to = here();
  to.stow.password_file = secret("password", "Aladdin:open sesame\n", 0400);
  put(1);

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_EQ(web.requests().at(0).header("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(Stowing, ASecretThatOthersCanReadOrThatIsNoneSendsNothing) {
  auto to = here();
  put(1);
  const auto says = [&](const std::filesystem::path& file) {
    to.stow.token_file = file;
    const ArchiveForwarder forwarder(to, *home.spool);
    (void)eventually([&] { return forwarder.state().state == "down"; });
    return forwarder.state().last_error;
  };
  EXPECT_THAT(says(secret("a", "token\n", 0644)), HasSubstr("others could read or change it"));
  EXPECT_THAT(says(dir.path / "absent"), HasSubstr("cannot be read"));
  EXPECT_THAT(says(secret("b", "one\r\nX-Injected: two\n")), HasSubstr("is not one line"));
  EXPECT_THAT(says(secret("c", "\n")), HasSubstr("is not one line"));
  to.stow.token_file.clear();
  to.stow.password_file = secret("d", "without a colon");
  EXPECT_THAT(says({}), HasSubstr("is not one line \"user:password\""));
  EXPECT_TRUE(web.requests().empty());
  EXPECT_EQ(home.spool->list(10).size(), 1U);
}

TEST_F(Stowing, RetryAfterIsKeptWithinTheBoundsOfTheBackOff) {
  auto to = here();
  to.associations = 1;
  to.backoff = {10ms, 1'500ms};
  std::atomic<long long> second_ms{0};
  const auto begun = steady_now();
  replies([&](const Request& request, int count) {
    if (count == 1) return Web::http(503, "", "Retry-After: 86400\r\n");
    second_ms = std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - begun).count();
    return Web::accept(request, count);
  });
  put(1);

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_GE(second_ms, 1'400) << "it was asked again before the time it named";
  EXPECT_LT(second_ms, 15'000);
}

TEST_F(Stowing, ASilentArchiveIsGivenUpInTime) {
  web.set({[](const Request&, int) { return Reply{"", false, 4s}; }});
  put(1);

  const ArchiveForwarder forwarder(here(), *home.spool);

  EXPECT_TRUE(down_with(forwarder, "did nothing for 1 s while its answer was awaited"));
  EXPECT_EQ(home.spool->list(10).size(), 1U);
}

TEST_F(Stowing, AnAnswerDrippedByteByByteIsNotWaitedForForEver) {
  web.set({[](const Request& request, int count) {
    Reply reply = Web::accept(request, count);
    reply.each_byte = 100ms;
    return reply;
  }});
  put(1);
  const auto begun = steady_now();

  const ArchiveForwarder forwarder(here(), *home.spool);

  EXPECT_TRUE(down_with(forwarder, "did nothing for 1 s"));
  EXPECT_LT(steady_now() - begun, 10s);
}

TEST_F(Stowing, AnArchiveThatGoesOnSayingThatItGoesOnIsGivenUp) {
  web.set({[](const Request& request, int count) {
    Reply reply = Web::accept(request, count);
    for (int i = 0; i < 17; ++i) reply.bytes.insert(0, "HTTP/1.1 102 Processing\r\n\r\n");
    return reply;
  }});
  put(1);

  const ArchiveForwarder forwarder(here(), *home.spool);

  EXPECT_TRUE(down_with(forwarder, "answers 102 Processing again and again"))
      << forwarder.state().last_error;
  EXPECT_EQ(home.spool->list(10).size(), 1U);
}

TEST_F(Stowing, AnAnswerBeforeTheEndOfTheBodyStopsTheSending) {
  web.set(
      {Web::accept, [](const Request&) { return Web::http(413, "", "Connection: close\r\n"); }});
  ASSERT_TRUE(home.offer(SpoolHome::instance("2.25.1", 40'000'000)));
  auto to = here();
  to.dimse_timeout = 5s;
  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; })) << forwarder.state().last_error;
  EXPECT_THAT(reason(), HasSubstr("413 Payload Too Large"));
  EXPECT_LT(web.drained(), 20'000'000U) << "more than what was on its way";
}

TEST_F(Stowing, ADamagedFileIsParkedAndTheArchiveDoesNotGetAWholeRequest) {
  const InstanceId id = new_instance_id();
  ASSERT_TRUE(home.offer(SpoolHome::instance("2.25.1", 3'000'000), {"A"}, id));
  std::fstream file(home.file_of(id), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(2'500'000);
  file.write("damage", 6);
  file.close();

  const ArchiveForwarder forwarder(here(), *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_TRUE(web.requests().empty());
}

TEST_F(Stowing, TheBandwidthIsKept) {
  auto to = here();
  to.max_kbit_s = 4'000;  // 500 kB/s
  ASSERT_TRUE(home.offer(SpoolHome::instance("2.25.1", 1'000'000)));
  const auto begun = steady_now();

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_GE(steady_now() - begun, 1'700ms);
}

TEST_F(Stowing, ItIsAskedByQidoWhatItHas) {
  put(3);
  {
    const ArchiveForwarder forwarder(here(), *home.spool);
    ASSERT_TRUE(all_delivered(3));
  }
  replies([this](const Request& request, int) {
    if (request.line().find("/dicom-web/studies/2.25.100/instances?") == std::string::npos)
      return Web::http(400);
    // A page of one, whatever was asked for.
    const auto at = request.line().find("offset=");
    const int offset = std::stoi(request.line().substr(at + 7));
    if (offset >= 2) return Web::http(204);
    return Web::http(200, R"([{"00080018":{"vr":"UI","Value":[")" + sop(offset) + R"("]}}])");
  });
  CommitmentDesk desk;
  Verifier verifier(*home.ledger, desk);
  Verifier::Order order;
  order.destinations = {here()};

  const auto outcome = verifier.run(order, {}).at(0);

  EXPECT_EQ(outcome.by, "qido");
  EXPECT_EQ(outcome.problem, "");
  EXPECT_FALSE(outcome.complete());
  ASSERT_EQ(outcome.studies.size(), 1U);
  EXPECT_EQ(outcome.studies[0].found, 2U);
  EXPECT_THAT(outcome.studies[0].missing_uids, ::testing::ElementsAre(sop(2)));
}

TEST_F(Stowing, AnArchiveThatRefusesSearchesIsNotCalledComplete) {
  put(1);
  {
    const ArchiveForwarder forwarder(here(), *home.spool);
    ASSERT_TRUE(all_delivered(1));
  }
  CommitmentDesk desk;
  Verifier verifier(*home.ledger, desk);
  Verifier::Order order;
  order.destinations = {here()};
  const auto asked = [&](const Reply& reply) {
    replies([&](const Request&, int) { return reply; });
    const auto outcome = verifier.run(order, {}).at(0);
    EXPECT_FALSE(outcome.complete());
    return outcome.problem + outcome.studies.at(0).problem;
  };
  EXPECT_THAT(asked(Web::http(403)), HasSubstr("have searching allowed there"));
  EXPECT_THAT(asked(Web::http(404)), HasSubstr("404 Not Found"));
  EXPECT_THAT(asked(Web::http(500)), HasSubstr("500 Internal Server Error"));
  EXPECT_THAT(asked(Web::http(200, "<xml/>")), HasSubstr("the archive is at fault"));
}

TEST_F(Stowing, AnEchoIsASearch) {
  replies([](const Request& request, int) {
    return Web::http(request.line() == "GET /dicom-web/studies?limit=1 HTTP/1.1" ? 200 : 500, "[]");
  });
  EXPECT_TRUE(echo(here()));
  replies([](const Request&, int) { return Web::http(401); });
  const auto refused = echo(here());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("401 Unauthorized"));
}

class StowingByTls : public Stowing {
 protected:
  std::shared_ptr<const TlsContext> server() const {
    auto made = TlsContext::server(ca.issue("archive"));
    EXPECT_TRUE(made);
    return *made;
  }
  Destination secured(std::uint16_t port, TlsPin pin = {{"127.0.0.1"}, {}}) {
    Destination to = stow_destination(port);
    to.connect_timeout = 5s;
    to.dimse_timeout = 5s;
    to.stow.url.secure = true;
    to.tls = std::move(pin);
    to.tls_context = *TlsContext::client(ca.issue("node"));
    return to;
  }
  TestCa ca{dir.path};
  Web archive{server()};
};

TEST_F(StowingByTls, StoresToAnArchiveThatProvesItsNameAndShowsItsOwnCertificate) {
  put(20);
  const ArchiveForwarder forwarder(secured(archive.port()), *home.spool);
  EXPECT_TRUE(all_delivered(20)) << forwarder.state().last_error;
  EXPECT_LE(archive.connections(), 2U);
}

TEST_F(StowingByTls, ALargeInstanceArrivesBitForBit) {
  const CleanInstance large = SpoolHome::instance("2.25.1", 10'000'000);
  ASSERT_TRUE(home.offer(large));
  const ArchiveForwarder forwarder(secured(archive.port()), *home.spool);
  ASSERT_TRUE(all_delivered(1)) << forwarder.state().last_error;
  EXPECT_EQ(archive.requests().at(0).data_set().size(), 10'000'320U);
}

TEST_F(StowingByTls, AnotherMachineGetsNotOneByte) {
  auto to = secured(archive.port(), {{"pacs.hospital.org"}, {}});
  to.stow.token_file = secret("token", "secret");
  put(3);
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(down_with(forwarder, "none of its names is the one expected"));
  EXPECT_TRUE(archive.requests().empty());
  EXPECT_EQ(home.spool->list(10).size(), 3U);
}

TEST_F(StowingByTls, APlainArchiveOrAMissingContextGetsNotOneByte) {
  auto to = secured(web.port());
  to.connect_timeout = 1s;
  put(1);
  {
    const ArchiveForwarder forwarder(to, *home.spool);
    ASSERT_TRUE(down_with(forwarder, "no TLS session with https://127.0.0.1:"));
  }
  to.tls_context = nullptr;
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(down_with(forwarder, "needs [tls] with ca"));
  EXPECT_TRUE(web.requests().empty());
}

TEST_F(StowingByTls, AProxyMakesATunnelAndSeesNeitherCredentialsNorData) {
  Web proxy;
  proxy.set({[&](const Request& request, int) {
    if (request.header("Proxy-Authorization") != "Basic dXNlcjpwYXNz") return Web::http(407);
    return Reply{"HTTP/1.1 200 Connection established\r\n\r\n", false, 0ms, 0ms, archive.port()};
  }});
  auto to = secured(archive.port());
  to.stow.proxy = WebAddress{false, "127.0.0.1", proxy.port(), ""};
  to.stow.token_file = secret("token", "secret-token");
  put(5);
  {
    const ArchiveForwarder forwarder(to, *home.spool);
    ASSERT_TRUE(down_with(forwarder, "407 Proxy Authentication Required: it wants other"));
    EXPECT_TRUE(archive.requests().empty());
  }
  to.stow.proxy_password_file = secret("proxy", "user:pass\n");

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(5)) << forwarder.state().last_error;
  EXPECT_EQ(archive.requests().at(0).header("Authorization"), "Bearer secret-token");
  EXPECT_EQ(archive.requests().at(0).header("Proxy-Authorization"), "");
  EXPECT_EQ(proxy.requests().back().line(),
            "CONNECT 127.0.0.1:" + std::to_string(archive.port()) + " HTTP/1.1");
  for (const auto& request : proxy.requests()) EXPECT_EQ(request.header("Authorization"), "");
}

TEST_F(StowingByTls, WhatAProxySaysInsteadOfATunnelIsShown) {
  Web proxy;
  auto to = secured(archive.port());
  to.stow.proxy = WebAddress{false, "127.0.0.1", proxy.port(), ""};
  put(1);
  const auto says = [&](const Reply& reply) {
    proxy.set({[&](const Request&, int) { return reply; }});
    const ArchiveForwarder forwarder(to, *home.spool);
    (void)eventually([&] { return forwarder.state().state == "down"; });
    return forwarder.state().last_error;
  };
  EXPECT_THAT(says(Web::http(403)), HasSubstr("allowed there"));
  EXPECT_THAT(says(Web::http(502)), HasSubstr("502 Bad Gateway when asked for a tunnel"));
  EXPECT_THAT(says({"HTTP/1.1 200 OK\r\n\r\nsurplus", true}), HasSubstr("data into the tunnel"));
  EXPECT_THAT(says({"", true}), HasSubstr("makes no tunnel"));
  EXPECT_TRUE(archive.requests().empty());
}

}  // namespace
}  // namespace dosigate::testing
