// What is sent by STOW-RS, and what each answer of an archive makes of it.

#include <set>

#include "stow_fixture.h"

namespace dosigate::testing {
namespace {

std::string whole(const CleanInstance& instance) {
  std::string out(as_text(instance.header()));
  out += as_text(instance.body());
  out += as_text(instance.trailer());
  return out;
}

TEST_F(Stowing, TheArchiveGetsOnePart10FileInEachRequestBitForBit) {
  const CleanInstance large = SpoolHome::instance("2.25.1", 300'001);
  const CleanInstance jpeg = Deidentifier::make({.sop_instance_uid = "2.25.2",
                                                 .transfer_syntax_uid = "1.2.840.10008.1.2.4.201",
                                                 .header = Bytes(10, 'j')});
  ASSERT_TRUE(home.offer(large));
  ASSERT_TRUE(home.offer(jpeg));

  const ArchiveForwarder forwarder(here(), *home.spool);

  ASSERT_TRUE(all_delivered(2));
  ASSERT_EQ(web.requests().size(), 2U);
  for (const Request& got : web.requests()) {
    const CleanInstance& sent = got.sop_instance_uid() == "2.25.1" ? large : jpeg;
    EXPECT_EQ(got.line(), "POST /dicom-web/studies HTTP/1.1");
    EXPECT_EQ(got.header("Host"), "127.0.0.1:" + std::to_string(web.port()));
    EXPECT_EQ(got.header("Accept"), "application/dicom+json");
    EXPECT_THAT(got.header("Content-Type"),
                HasSubstr("multipart/related; type=\"application/dicom\"; boundary="));
    EXPECT_EQ(got.header("Authorization"), "");
    EXPECT_THAT(got.body, HasSubstr("\r\nContent-Type: application/dicom\r\n\r\n"));
    EXPECT_THAT(got.body, HasSubstr(sent.transfer_syntax_uid()));
    EXPECT_THAT(got.body, HasSubstr("DICM"));
    EXPECT_EQ(got.data_set(), whole(sent));
  }
  EXPECT_EQ(forwarder.state().state, "up");
  EXPECT_EQ(forwarder.state().sent, 2U);
  EXPECT_EQ(home.files_on_disk(), 0U);
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(Stowing, ManyInstancesShareAFewConnectionsAndEachIsSentOnce) {
  put(60);

  const ArchiveForwarder forwarder(here(), *home.spool);

  ASSERT_TRUE(all_delivered(60));
  std::set<std::string> sent;
  for (const Request& got : web.requests()) sent.insert(got.sop_instance_uid());
  EXPECT_EQ(sent.size(), 60U);
  EXPECT_EQ(web.requests().size(), 60U);
  EXPECT_LE(web.connections(), 2U);
  EXPECT_TRUE(eventually([&] { return forwarder.state().associations == 0; }));  // when idle
}

TEST_F(Stowing, AConnectionThatTheArchiveClosesIsOpenedAgainWithoutAFailure) {
  auto to = here();
  to.associations = 1;
  to.backoff = {10s, 10s};  // a failure would be seen as a wait
  replies([](const Request& request, int count) {
    Reply reply = Web::accept(request, count);
    reply.close = true;  // without having said so in the answer
    return reply;
  });
  put(10);

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(10));
  EXPECT_EQ(forwarder.state().last_error, "");
  EXPECT_EQ(web.requests().size(), 10U);
}

TEST_F(Stowing, AWarningIsDeliveredAndItsStatusIsKept) {
  replies(
      [](const Request& request, int) { return Web::stored(request.sop_instance_uid(), 0xB006); });
  put(1);

  const ArchiveForwarder forwarder(here(), *home.spool);

  ASSERT_TRUE(all_delivered(1));
  const auto proof = home.ledger->proof("2.25.100");
  ASSERT_TRUE(proof);
  const std::map<std::uint16_t, std::uint64_t> one_with_a_warning{{0xB006, 1}};
  EXPECT_EQ(proof->destinations.at("A").acknowledged, one_with_a_warning);
}

/// One instance, one answer, and what becomes of it.
struct Case {
  std::string name;
  std::function<FakeWebArchive::Reply(const FakeWebArchive::Request&, int)> reply;
  std::string state;  ///< "delivered", "parked", "queued" (up, tried again), "down"
  std::string words;
  friend void PrintTo(const Case& one, std::ostream* to) { *to << one.name; }
};
class Answers : public Stowing, public ::testing::WithParamInterface<Case> {};

TEST_P(Answers, AreJudged) {
  const Case& answer = GetParam();
  replies(answer.reply);
  put(1);
  Destination to = here();
  to.backoff = {10s, 10s};  // what was tried stays as it is

  const ArchiveForwarder forwarder(to, *home.spool);

  const auto is = [&](const std::string& state) {
    if (state == "delivered") return home.ledger->totals().delivered == 1;
    if (state == "parked") return parked() == 1;
    const bool error = !forwarder.state().last_error.empty();
    return error && home.spool->list(10).size() == 1 &&
           (forwarder.state().state == "down") == (state == "down");
  };
  ASSERT_TRUE(eventually([&] { return is(answer.state); }))
      << forwarder.state().state << ": " << forwarder.state().last_error;
  if (answer.state == "delivered") return;
  EXPECT_THAT(answer.state == "parked" ? reason() : forwarder.state().last_error,
              HasSubstr(answer.words));
  EXPECT_TRUE(home.ledger_adds_up());
}

auto plain(int status, const std::string& body = "") {
  return [=](const FakeWebArchive::Request&, int) { return FakeWebArchive::http(status, body); };
}
auto reason(int code, int status = 409) {
  return [=](const FakeWebArchive::Request& request, int) {
    return FakeWebArchive::failed(request.sop_instance_uid(), code, status);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Each, Answers,
    ::testing::Values(
        Case{"BareConflict", plain(409), "delivered", ""},
        Case{"ConflictInWords", plain(409, "The instance already exists"), "delivered", ""},
        Case{"ConflictOfAnotherKind", plain(409, "<html>no</html>"), "parked", "409 Conflict"},
        Case{"Duplicate", reason(0x0111), "parked", "0111 duplicate SOP instance"},
        Case{"AzuresDuplicate", reason(0xB00E), "parked", "0111 duplicate SOP instance"},
        Case{"OutOfResources", reason(0xA700), "down", "A700 out of resources"},
        Case{"OtherClass", reason(0xA900), "parked", "A900 data set does not match SOP class"},
        Case{"CannotUnderstand", reason(0xC000, 200), "parked", "C000 cannot understand"},
        Case{"ClassNotSupported", reason(0x0122), "parked", "0122 SOP class not supported"},
        Case{"NotAuthorised", reason(0x0124), "parked", "0124"},
        Case{"ProcessingFailure", reason(0x0110), "queued", "0110 processing failure"},
        Case{"FailedWithSuccess", reason(0), "queued", "without a failure reason"},
        Case{"ReasonOfABadRequest", reason(0xA900, 400), "parked", "A900"},
        Case{"BadRequest", plain(400), "parked", "400 Bad Request"},
        Case{"Conflict", plain(410), "parked", "410 Gone"},
        Case{"TooLarge", plain(413), "parked", "413 Payload Too Large"},
        Case{"MediaType", plain(415), "parked", "415 Unsupported Media Type"},
        Case{"Unprocessable", plain(422), "parked", "422 Unprocessable"},
        Case{"Unauthorized", plain(401), "down", "it wants credentials: set token_file"},
        Case{"Forbidden", plain(403), "down", "403 Forbidden: have storing allowed there"},
        Case{"NotFound", plain(404), "down", "404 Not Found: correct the destination's url"},
        Case{"NotAllowed", plain(405), "down", "correct the destination's url"},
        Case{"Proxy", plain(407), "down", "proxy_password_file"},
        Case{"Timeout", plain(408), "down", "408 Request Timeout"},
        Case{"TooMany", plain(429), "down", "429 Too Many Requests"},
        Case{"Broken", plain(500), "down", "500 Internal Server Error"},
        Case{"Gateway", plain(502), "down", "502 Bad Gateway"},
        Case{"Unavailable", plain(503), "down", "503 Service Unavailable"},
        Case{"Redirect",
             [](const FakeWebArchive::Request&, int) {
               return FakeWebArchive::http(307, "", "Location: https://elsewhere.org/\r\n");
             },
             "down", "307 Temporary Redirect: it is elsewhere"},
        Case{"EmptySuccess", plain(200), "queued", "nobody knows whether it is stored"},
        Case{"NoContent", plain(204), "queued", "nobody knows"},
        Case{"Xml", plain(200, "<NativeDicomModel/>"), "queued", "nobody knows"},
        Case{"NestedTooDeep", plain(200, std::string(100'000, '[')), "queued", "nobody knows"},
        Case{"OddJson", plain(200, R"({"00081199":[{"Value":7}],"00081198":7})"), "queued",
             "nobody knows"},
        Case{"EmptyJson", plain(200, "{}"), "queued", "nobody knows"},
        Case{"OfAnother",
             [](const FakeWebArchive::Request&, int) { return FakeWebArchive::stored("2.25.999"); },
             "queued", "nobody knows"},
        Case{"Huge",
             [](const FakeWebArchive::Request&, int) {
               return FakeWebArchive::http(200, std::string(2'000'000, ' '));
             },
             "down", "more than 1024 KiB"},
        Case{"HugeHead",
             [](const FakeWebArchive::Request&, int) {
               return FakeWebArchive::http(200, "", "X: " + std::string(100'000, 'x') + "\r\n");
             },
             "down", "which is no answer"},
        Case{"NotHttp",
             [](const FakeWebArchive::Request&, int) {
               return FakeWebArchive::Reply{"SSH-2.0-OpenSSH_9.2\r\n\r\n"};
             },
             "down", "not HTTP"},
        Case{"Half",
             [](const FakeWebArchive::Request&, int) {
               return FakeWebArchive::Reply{
                   "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"0008", true};
             },
             "down", "closed while its answer was awaited"},
        Case{"ContinuedThenStored",
             [](const FakeWebArchive::Request& request, int) {
               auto reply = FakeWebArchive::stored(request.sop_instance_uid());
               reply.bytes.insert(0, "HTTP/1.1 100 Continue\r\n\r\n");
               return reply;
             },
             "delivered", ""},
        Case{"Chunked",
             [](const FakeWebArchive::Request& request, int) {
               const std::string json = R"([{"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":)"
                                        R"("UI","Value":[")" +
                                        request.sop_instance_uid() + R"("]}}]}}])";
               char size[20];
               std::snprintf(size, sizeof size, "%zx", json.size());
               return FakeWebArchive::Reply{
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) +
                   "\r\n" + json + "\r\n0\r\n\r\n"};
             },
             "delivered", ""},
        Case{"UntilTheEnd",
             [](const FakeWebArchive::Request& request, int) {
               auto reply = FakeWebArchive::stored(request.sop_instance_uid());
               reply.bytes = "HTTP/1.1 200 OK\r\n\r\n" +
                             reply.bytes.substr(reply.bytes.find("\r\n\r\n") + 4);
               reply.close = true;
               return reply;
             },
             "delivered", ""}),
    [](const auto& one) { return one.param.name; });

TEST_F(Stowing, ADuplicateIsOursWhenAnAnswerWasLostBefore) {
  replies([](const Request& request, int count) {
    return count == 1 ? Reply{"", true} : Web::failed(request.sop_instance_uid(), 0x0111);
  });
  put(1);

  const ArchiveForwarder forwarder(here(), *home.spool);

  EXPECT_TRUE(all_delivered(1));
  EXPECT_EQ(parked(), 0U);
}

TEST_F(Stowing, WhatStaysUnclearIsParkedInTheEnd) {
  auto to = here();
  to.max_attempts = 3;
  replies(plain(200, "thank you"));
  put(1);

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_THAT(reason(), HasSubstr("given up after 3 attempts"));
  EXPECT_EQ(web.requests().size(), 3U);
}

}  // namespace
}  // namespace dosigate::testing
