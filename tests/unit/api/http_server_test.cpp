#include "dosigate/api/http_server.h"

#include <atomic>
#include <latch>
#include <system_error>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raw_client.h"
#include "support/handler_service.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::HandlerService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

ApiResponse hello(const ApiRequest& request) {
  return {200, boost::json::object{{"path", request.path}, {"address", request.address}}};
}

/// Everything that comes, and how it ended.
struct Sink {
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> whole{false}, broken{false};
  ApiResponse operator()(const ApiRequest&, RequestBody& body) {
    Bytes piece(64U << 10U);
    try {
      while (const std::size_t got = body.read(piece)) bytes += got;
    } catch (const std::system_error&) {
      broken = true;
      throw;
    }
    whole = true;
    return {200, boost::json::object{{"bytes", bytes.load()}}};
  }
};

std::variant<ApiService::Entry, ApiResponse> stream_all(ApiRequest&) {
  return ApiService::Entry{1U << 30U, true};
}

struct Served {
  explicit Served(HandlerService::Handler handler, HandlerService::Streamer streamer = {},
                  HandlerService::Gate gate = {}, HttpServer::Settings settings = {})
      : service(std::move(handler), std::move(streamer), std::move(gate)),
        server(on_loopback(std::move(settings)), service) {}
  static HttpServer::Settings on_loopback(HttpServer::Settings settings) {
    settings.listen = {"127.0.0.1:0"};
    return settings;
  }
  RawClient client() const { return RawClient(server.endpoints().at(0)); }
  HandlerService service;
  HttpServer server;
};

TEST(HttpServer, AnswersOverTcpAndSaysWhereFromItWasAsked) {
  const Served served(hello);
  auto client = served.client();

  client.send("GET /api HTTP/1.1\r\nHost: x\r\n\r\n");

  const auto answer = client.receive_until("}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr(R"("address":"127.0.0.1")"));
}

TEST(HttpServer, StreamsABodyWithoutHoldingIt) {
  Sink sink;
  const Served served(hello, std::ref(sink), stream_all);
  auto client = served.client();

  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n");
  client.send(std::string(8U << 20U, 'x'));

  EXPECT_THAT(client.receive_until("}"), HasSubstr(R"({"bytes":8388608})"));
  EXPECT_TRUE(sink.whole);
  // The connection serves another one.
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(client.receive_until("}"), HasSubstr(R"({"bytes":8388611})"));
}

TEST(HttpServer, AClientThatLeavesInTheMiddleEndsTheHandler) {
  Sink sink;
  const Served served(hello, std::ref(sink), stream_all);
  {
    auto client = served.client();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
    while (sink.bytes < 4) std::this_thread::yield();
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!sink.broken && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));

  EXPECT_TRUE(sink.broken);
  EXPECT_FALSE(sink.whole);
}

TEST(HttpServer, WhoIsNotLetInHearsItWithoutHisBodyBeingRead) {
  Sink sink;
  const Served served(hello, std::ref(sink),
                      [](ApiRequest&) -> std::variant<ApiService::Entry, ApiResponse> {
                        return problem(fail(Fault::Denied, "no token"));
                      });
  auto client = served.client();

  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
  client.send(std::string(2'000'000, 'x'));

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(sink.bytes, 0U);
  EXPECT_TRUE(client.closed(std::chrono::seconds(5)));
}

TEST(HttpServer, AStreamedBodyOverItsLimitIs413) {
  Sink sink;
  const Served served(hello, std::ref(sink),
                      [](ApiRequest&) -> std::variant<ApiService::Entry, ApiResponse> {
                        return ApiService::Entry{1000, true};
                      });
  auto stated = served.client(), chunked = served.client();

  stated.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" +
               std::string(1024, 'x') + "\r\n0\r\n\r\n");

  EXPECT_THAT(stated.receive_until("}"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(chunked.receive_until("}"), StartsWith("HTTP/1.1 413"));
  EXPECT_FALSE(sink.whole);
}

TEST(HttpServer, ACompressedBodyIsNotTaken) {
  Sink sink;
  const Served served(hello, std::ref(sink), stream_all);
  auto client = served.client();

  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 415"));
  EXPECT_EQ(sink.bytes, 0U);
}

TEST(HttpServer, WhoAsksFirstWhetherToSendIsTold) {
  Sink sink;
  const Served served(hello, std::ref(sink), stream_all);
  auto client = served.client();

  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.send("ab");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, WhoMayNotSendIsToldInsteadOfBeingAskedToGoOn) {
  const Served served(hello, {}, [](ApiRequest&) -> std::variant<ApiService::Entry, ApiResponse> {
    return problem(fail(Fault::Denied, "no token"));
  });
  auto client = served.client();

  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 403"));
}

TEST(HttpServer, OneUploadTooManyIsToldToComeAgain) {
  Sink sink;
  HttpServer::Settings settings;
  settings.max_uploads = 1;
  const Served served(hello, std::ref(sink), stream_all, settings);
  auto first = served.client(), second = served.client();
  first.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
  while (sink.bytes < 1) std::this_thread::yield();

  second.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
  const auto refused = second.receive_until("}");
  first.send("b");

  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 5"));
  EXPECT_THAT(first.receive_until("}"), StartsWith("HTTP/1.1 200"));
  auto third = served.client();
  third.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_THAT(third.receive_until("}"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, ConnectionsBeyondTheLimitAreClosed) {
  HttpServer::Settings settings;
  settings.max_sessions = 10;
  settings.max_sessions_per_address = 3;
  const Served served(hello, {}, {}, settings);
  std::vector<std::unique_ptr<RawClient>> there;
  for (int i = 0; i < 3; ++i) {
    there.push_back(std::make_unique<RawClient>(served.server.endpoints()[0]));
    there.back()->send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_THAT(there.back()->receive_until("}"), StartsWith("HTTP/1.1 200"));
  }

  auto fourth = served.client();
  EXPECT_TRUE(fourth.closed(std::chrono::seconds(5)));
  there.pop_back();
  for (int tries = 0; tries < 100; ++tries) {
    auto next = served.client();
    next.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    if (next.receive_until("}").starts_with("HTTP/1.1 200")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "a place that was given back is not there";
}

/// A megabyte of one letter.
class Megabyte final : public ApiBody {
 public:
  std::uint64_t length() const override { return 1U << 20U; }
  Result<void> read(const std::function<bool(ByteView)>& sink) override {
    const Bytes piece(1U << 16U, 'm');
    for (int i = 0; i < 16 && sink(piece); ++i) {
    }
    return {};
  }
};

TEST(HttpServer, StreamsAnAnswerAndKeepsTheConnection) {
  const Served served([](const ApiRequest& request) -> ApiResponse {
    if (request.path == "/small") return {200, "small"};
    ApiResponse out;
    out.content_type = "application/octet-stream";
    out.stream = std::make_shared<Megabyte>();
    return out;
  });
  auto client = served.client();

  client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /small HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto both = client.receive_until("\"small\"");

  EXPECT_THAT(both, HasSubstr("Content-Length: 1048576\r\n"));
  EXPECT_EQ(std::count(both.begin(), both.end(), 'm') >= 1 << 20, true);
  EXPECT_THAT(both, HasSubstr("\"small\""));
}

TEST(HttpServer, AnAnswerThatCannotBeReadToItsEndIsBrokenOff) {
  struct Short final : ApiBody {
    std::uint64_t length() const override { return 100; }
    Result<void> read(const std::function<bool(ByteView)>& sink) override {
      sink(Bytes(10, 'x'));
      return fail(Fault::Corrupt, "changed");
    }
  };
  const Served served([](const ApiRequest&) -> ApiResponse {
    ApiResponse out;
    out.content_type = "application/dicom";
    out.stream = std::make_shared<Short>();
    return out;
  });
  auto client = served.client();

  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_TRUE(client.closed(std::chrono::seconds(5)));
}

TEST(HttpServer, ThreeHundredAndFourHasNoBody) {
  const Served served([](const ApiRequest& request) -> ApiResponse {
    return {request.if_none_match.empty() ? 200U : 304U, "body"};
  });
  auto client = served.client();

  client.send(
      "GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto both = client.receive_until("\"body\"");

  EXPECT_THAT(both, StartsWith("HTTP/1.1 304"));
  EXPECT_EQ(both.find("\"body\""), both.rfind("\"body\""));
}

/// What curl says of a request over TLS.
struct OverTls {
  testing::TempDir dir;
  testing::TestCa ca{dir.path};
  HandlerService service{[](const ApiRequest& request) -> ApiResponse {
    const std::string who = request.certificate ? request.certificate->names.at(0) : "nobody";
    return {200, boost::json::value(who)};
  }};
  std::unique_ptr<HttpServer> server;

  explicit OverTls(bool asks_for_certificates) {
    TlsFiles files = ca.issue("server");
    files.ca = asks_for_certificates ? ca.certificate() : std::filesystem::path();
    const auto context = *TlsContext::server(files);
    HttpServer::Settings settings;
    settings.listen_tls = {"127.0.0.1:0"};
    settings.tls = [context] { return context; };
    settings.on_tls_failure = [](const std::string&, const std::string&) {};
    server = std::make_unique<HttpServer>(settings, service);
  }
  testing::Finished curl(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"curl", "-sS", "-i", "--max-time", "10"});
    more.push_back("https://" + server->tls_endpoints().at(0) + "/");
    return testing::run(more);
  }
};

TEST(HttpServer, ProvesWhoItIsAndAsksNobodyWithoutACa) {
  const OverTls served(false);

  const auto trusted = served.curl({"--cacert", served.ca.certificate().string()});
  const auto untrusted = served.curl();

  EXPECT_EQ(trusted.code, 0) << trusted.output;
  EXPECT_THAT(trusted.output, HasSubstr("\"nobody\""));
  EXPECT_THAT(trusted.output, HasSubstr("Strict-Transport-Security"));
  EXPECT_NE(untrusted.code, 0);
}

TEST(HttpServer, KnowsACertificateOfItsCaAndLetsInWhoHasNone) {
  const OverTls served(true);
  const testing::TestCa other(served.dir.path, "other");
  testing::TestCa::Wish wish;
  wish.dns = {"viewer.example.org"};
  const TlsFiles good = served.ca.issue("client", "viewer.example.org", wish);
  const TlsFiles bad = other.issue("stranger", "viewer.example.org", wish);
  const std::string ca = served.ca.certificate().string();

  const auto known = served.curl(
      {"--cacert", ca, "--cert", good.certificate.string(), "--key", good.key.string()});
  const auto nobody = served.curl({"--cacert", ca});
  const auto stranger =
      served.curl({"--cacert", ca, "--cert", bad.certificate.string(), "--key", bad.key.string()});

  EXPECT_THAT(known.output, HasSubstr("\"viewer.example.org\""));
  EXPECT_THAT(nobody.output, HasSubstr("\"nobody\""));
  EXPECT_THAT(stranger.output, Not(HasSubstr("viewer.example.org")));
}

TEST(HttpServer, EndsWhileUploadsRun) {
  Sink sink;
  auto served = std::make_unique<Served>(hello, std::ref(sink), stream_all);
  auto client = served->client();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
  while (sink.bytes < 4) std::this_thread::yield();

  const auto begin = std::chrono::steady_clock::now();
  served.reset();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(sink.broken);
}

}  // namespace
}  // namespace dosigate
