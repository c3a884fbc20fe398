#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <system_error>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dosigate/api/http.h"
#include "raw_client.h"
#include "support/handler_service.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::HandlerService;
using ::testing::HasSubstr;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TempDir;

/// Tells what the server understood of a request.
ApiResponse echo_request(const ApiRequest& request) {
  boost::json::object query;
  for (const auto& [key, value] : request.query) query[key] = value;
  return {200, boost::json::object{{"method", request.method},
                                   {"path", request.path},
                                   {"query", query},
                                   {"body", request.body},
                                   {"uid", request.uid},
                                   {"gid", request.gid},
                                   {"actor", request.actor}}};
}

struct Served {
  explicit Served(HandlerService::Handler handler = echo_request)
      : service(std::move(handler)),
        socket(dir.path / "run/admin.sock"),
        server(socket, std::nullopt, service) {}
  HandlerService service;
  TempDir dir;
  std::filesystem::path socket;
  AdminServer server;
};

TEST(AdminServer, GivesTheHandlerMethodPathQueryAndBody) {
  const Served served;

  const auto answer = call_admin(served.socket, "POST", "/api/v1/queue?max=5&name=a%20b+c&flag",
                                 boost::json::object{{"all", true}});

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body.at("method"), "POST");
  EXPECT_EQ(answer->body.at("path"), "/api/v1/queue");
  EXPECT_EQ(answer->body.at("query"),
            (boost::json::object{{"max", "5"}, {"name", "a b c"}, {"flag", ""}}));
  EXPECT_EQ(answer->body.at("body").at("all"), true);
}

TEST(AdminServer, KnowsWhoAsks) {
  const Served served;

  const auto answer = call_admin(served.socket, "GET", "/");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.at("uid"), geteuid());
  EXPECT_EQ(answer->body.at("gid"), getegid());
  EXPECT_FALSE(answer->body.at("actor").as_string().empty());
}

TEST(AdminServer, ARequestWithoutABodyHasNull) {
  const Served served;

  EXPECT_TRUE(call_admin(served.socket, "GET", "/")->body.at("body").is_null());
}

TEST(AdminServer, AnErrorBecomesProblemDetails) {
  const Served served(
      [](const ApiRequest&) { return problem(fail(Fault::NotFound, "no instance abc")); });

  const auto answer = call_admin(served.socket, "GET", "/api/v1/quarantine/abc");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(answer->body.at("status"), 404);
  EXPECT_EQ(answer->body.at("title"), "Not found");
  EXPECT_EQ(answer->body.at("detail"), "no instance abc");
}

TEST(AdminServer, ProblemDetailsHaveTheirOwnContentType) {
  const Served served([](const ApiRequest&) { return problem(fail(Fault::Denied, "no")); });
  RawClient client(served.socket);

  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

  EXPECT_THAT(client.receive_until("}"), HasSubstr("Content-Type: application/problem+json"));
}

TEST(AdminServer, EachFaultHasAStatusOfItsOwnKind) {
  EXPECT_EQ(problem(fail(Fault::NotDicom, "")).status, 422U);
  EXPECT_EQ(problem(fail(Fault::Mismatch, "")).status, 422U);
  EXPECT_EQ(problem(fail(Fault::Busy, "")).status, 503U);
  EXPECT_EQ(problem(fail(Fault::Unavailable, "")).status, 503U);
  EXPECT_EQ(problem(fail(Fault::Uncertain, "")).status, 409U);
  EXPECT_EQ(problem(fail(Fault::Conflict, "")).status, 409U);
  EXPECT_EQ(problem(fail(Fault::Denied, "")).status, 403U);
  EXPECT_EQ(problem(fail(Fault::Corrupt, "")).status, 500U);
  EXPECT_EQ(problem(fail(Fault::Invalid, "")).status, 400U);
}

TEST(AdminServer, AHandlerThatThrowsFailsOneRequestOnly) {
  std::atomic<int> calls = 0;
  const Served served([&](const ApiRequest&) -> ApiResponse {
    if (calls++ == 0) throw std::runtime_error("disk I/O error");
    return {};
  });

  EXPECT_EQ(call_admin(served.socket, "GET", "/")->status, 500U);
  EXPECT_EQ(call_admin(served.socket, "GET", "/")->status, 200U);
}

TEST(AdminServer, ABodyThatIsNoJsonIsABadRequest) {
  const Served served;
  RawClient client(served.socket);

  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{a}");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 400"));
}

TEST(AdminServer, WhatIsNoHttpIsABadRequest) {
  const Served served;
  RawClient client(served.socket);

  client.send("hello\r\n\r\n");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 400"));
}

TEST(AdminServer, ABrokenEscapeInTheQueryIsABadRequest) {
  const Served served;

  EXPECT_EQ(call_admin(served.socket, "GET", "/?a=%4")->status, 400U);
  EXPECT_EQ(call_admin(served.socket, "GET", "/?a=%zz")->status, 400U);
}

TEST(AdminServer, ABodyOverOneMebibyteIsRefusedBeforeItIsRead) {
  std::atomic<int> calls = 0;
  const Served served([&](const ApiRequest&) -> ApiResponse {
    ++calls;
    return {};
  });
  RawClient client(served.socket);

  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(client.closed(std::chrono::seconds(5)));
  EXPECT_EQ(calls, 0);
}

TEST(AdminServer, AnImportOfPseudonymsMayHave64Mebibytes) {
  std::atomic<std::size_t> length = 0;
  const Served served([&](const ApiRequest& request) -> ApiResponse {
    length = request.body.at("csv").as_string().size();
    return {200, nullptr};
  });
  const std::string csv(5U << 20U, 'x');

  const auto answer =
      call_admin(served.socket, "POST", "/api/v1/map/import", boost::json::object{{"csv", csv}});

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(length, csv.size());
  RawClient client(served.socket);
  client.send("POST /api/v1/map/import HTTP/1.1\r\nHost: x\r\nContent-Length: 67108865\r\n\r\n");
  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 413"));
}

TEST(AdminServer, AChunkedBodyOverOneMebibyteIsRefused) {
  const Served served;
  RawClient client(served.socket);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");

  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 17 && client.send(chunk); ++i) {
  }

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 413"));
}

TEST(AdminServer, HeadersOver16KibibytesAreRefused) {
  const Served served;
  RawClient client(served.socket);

  client.send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n");

  EXPECT_THAT(client.receive_until("}"), StartsWith("HTTP/1.1 431"));
}

TEST(AdminServer, KeepsAConnectionForTheNextRequest) {
  const Served served;
  RawClient client(served.socket);

  client.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("}"), HasSubstr("/one"));
  client.send("GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.receive_until("}"), HasSubstr("/two"));
}

TEST(AdminServer, SlowClientsDoNotDelayAnother) {
  const Served served;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawClient>(served.socket));
    slow.back()->send("GET / HT");
  }

  const auto begin = std::chrono::steady_clock::now();
  const auto answer = call_admin(served.socket, "GET", "/", nullptr, std::chrono::seconds(5));

  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(AdminServer, ASilentClientIsClosedAfterTenSeconds) {
  const Served served;
  RawClient client(served.socket);
  client.send("GET / HT");

  EXPECT_FALSE(client.closed(std::chrono::seconds(8)));
  EXPECT_TRUE(client.closed(std::chrono::seconds(6)));
}

TEST(AdminServer, ASlowHandlerDoesNotDelayAnother) {
  std::latch entered(1), go_on(1);
  const Served served([&](const ApiRequest& request) -> ApiResponse {
    if (request.path == "/slow") {
      entered.count_down();
      go_on.wait();
    }
    return {};
  });

  auto slow =
      std::async(std::launch::async, [&] { return call_admin(served.socket, "GET", "/slow"); });
  entered.wait();
  const auto quick = call_admin(served.socket, "GET", "/quick", nullptr, std::chrono::seconds(5));
  go_on.count_down();

  EXPECT_TRUE(quick);
  EXPECT_TRUE(slow.get());
}

TEST(AdminServer, TheSocketIsForItsOwnerOnly) {
  const Served served;

  struct stat socket {
  }, directory{};
  ASSERT_EQ(::lstat(served.socket.c_str(), &socket), 0);
  ASSERT_EQ(::lstat(served.socket.parent_path().c_str(), &directory), 0);
  EXPECT_EQ(socket.st_mode & 0777U, 0600U);
  EXPECT_EQ(directory.st_mode & 0777U, 0700U);
}

TEST(AdminServer, RemovesItsSocketAtTheEnd) {
  HandlerService service(echo_request);
  const TempDir dir;
  { const AdminServer server(dir.path / "a.sock", std::nullopt, service); }

  EXPECT_FALSE(std::filesystem::exists(dir.path / "a.sock"));
}

/// Leaves a socket file behind on which nobody listens, as a killed daemon does.
void leave_stale_socket(const std::filesystem::path& path) {
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST(AdminServer, ReplacesASocketThatNobodyAnswers) {
  HandlerService service(echo_request);
  const TempDir dir;
  leave_stale_socket(dir.path / "a.sock");

  const AdminServer server(dir.path / "a.sock", std::nullopt, service);

  EXPECT_TRUE(call_admin(dir.path / "a.sock", "GET", "/"));
}

TEST(AdminServer, LeavesASocketThatAnotherServes) {
  HandlerService service(echo_request);
  const Served served;

  EXPECT_THROW(AdminServer(served.socket, std::nullopt, service), std::system_error);
  EXPECT_TRUE(call_admin(served.socket, "GET", "/"));
}

TEST(AdminServer, LeavesAFileThatIsNoSocket) {
  HandlerService service(echo_request);
  const TempDir dir;
  create_new_file(dir.path / "a.sock");

  EXPECT_THROW(AdminServer(dir.path / "a.sock", std::nullopt, service), std::system_error);
  EXPECT_TRUE(std::filesystem::is_regular_file(dir.path / "a.sock"));
}

TEST(AdminServer, ServesADescriptorFromSystemdAndLeavesItsFile) {
  HandlerService service(echo_request);
  const TempDir dir;
  const auto path = dir.path / "a.sock";
  const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listening, 5), 0);

  {
    const AdminServer server("/not/used.sock", listening, service);
    EXPECT_TRUE(call_admin(path, "GET", "/"));
  }

  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(AdminServer, RefusesADescriptorThatIsNoListeningSocket) {
  HandlerService service(echo_request);
  const TempDir dir;

  EXPECT_THROW(AdminServer(dir.path / "a.sock", ::open("/dev/null", O_RDONLY), service),
               std::system_error);
}

TEST(CallAdmin, NobodyThereIsNotFoundInOneLine) {
  const TempDir dir;

  const auto answer = call_admin(dir.path / "a.sock", "GET", "/");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::NotFound);
  EXPECT_THAT(answer.error().detail, HasSubstr((dir.path / "a.sock").string()));
  EXPECT_EQ(answer.error().detail.find('\n'), std::string::npos);
}

TEST(CallAdmin, ASocketThatNobodyServesIsNotFound) {
  const TempDir dir;
  leave_stale_socket(dir.path / "a.sock");

  EXPECT_EQ(call_admin(dir.path / "a.sock", "GET", "/").error().fault, Fault::NotFound);
}

TEST(CallAdmin, AServerThatDoesNotAnswerIsUnavailable) {
  std::latch go_on(1);
  const Served served([&](const ApiRequest&) -> ApiResponse {
    go_on.wait();
    return {};
  });

  const auto answer = call_admin(served.socket, "GET", "/", nullptr, std::chrono::seconds(1));
  go_on.count_down();

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, Fault::Unavailable);
}

TEST(CallAdmin, APathThatIsTooLongIsInvalid) {
  EXPECT_EQ(call_admin("/" + std::string(107, 'x'), "GET", "/").error().fault, Fault::Invalid);
}

}  // namespace
}  // namespace dosigate
