// Who may enter the API over TCP, and what is answered at the door, before a body is read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include <boost/json.hpp>

#include "dosigate/app/init.h"
#include "dosigate/app/node.h"
#include "support/free_port.h"
#include "support/temp_dir.h"
#include "tokens.h"

namespace dosigate {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kDay = 86'400;
constexpr std::uint32_t kEverything = 63;

class Entrance : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.node.state_dir = home_.path / "state";
    config_.node.key_file = home_.path / "master.key";
    config_.node.admin_socket = home_.path / "admin.sock";
    config_.node.listen = {"127.0.0.1:" + std::to_string(testing::free_port())};
    config_.node.min_free_bytes = 1;
    config_.sites = {{"HSP", {"HSP", {}, {}}}};
    config_.access.reveals_per_hour = 2;
    config_.http.requests_per_minute = 100;
    config_.http.cors_origins = {"https://pages.org"};
    config_.http.clients = {{"scanner", {{"scanner.org"}, {}}, right_bit(Right::Operate)}};
    ASSERT_TRUE(initialise(config_));
  }
  void start() {
    auto node = Node::start(config_, std::nullopt);
    ASSERT_TRUE(node) << node.error().detail;
    node_ = std::move(*node);
  }
  /// Before the start: of any age and maker.
  std::string token(const std::string& name, std::uint32_t rights, std::int64_t days = 30,
                    unsigned maker = 1000, const std::string& made_by = "ana",
                    WallClock clock = wall_now) {
    Tokens tokens(config_.node.state_dir / "tokens.json", std::move(clock));
    Tokens::Token wanted;
    wanted.name = name;
    wanted.rights = rights;
    wanted.expires = to_unix(wall_now()) + days * kDay;
    wanted.made_by = made_by;
    wanted.maker_uid = maker;
    return tokens.add(wanted)->text;
  }
  static ApiRequest request(const std::string& method, const std::string& path,
                            const std::string& token = "") {
    ApiRequest out;
    out.method = method;
    out.path = path;
    out.address = "10.1.2.3";
    if (!token.empty()) out.authorization = "Bearer " + token;
    if (method == "POST") out.content_type = "application/json";
    return out;
  }
  /// As a server does it.
  ApiResponse ask(ApiRequest head, const json::value& body = nullptr) {
    auto entered = node_->api().enter(head);
    EXPECT_EQ(head.authorization, "") << "a credential goes no further";
    if (auto* refused = std::get_if<ApiResponse>(&entered)) return std::move(*refused);
    actor_ = head.actor;
    head.body = body;
    return node_->api().answer(head);
  }
  ApiResponse get(const std::string& path, const std::string& token) {
    return ask(request("GET", path, token));
  }
  ApiResponse post(const std::string& path, const std::string& token, const json::value& body) {
    return ask(request("POST", path, token), body);
  }
  static std::string header(const ApiResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  static std::string detail(const ApiResponse& response) { return json::serialize(response.body); }
  std::string audit() const {
    std::ifstream in(config_.node.state_dir / "audit" / "audit.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t audited(const std::string& event) const {
    const std::string all = audit(), word = "\"event\":\"" + event + "\"";
    std::size_t out = 0;
    for (auto at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) ++out;
    return out;
  }

  testing::TempDir home_;
  Config config_;
  std::string actor_;
  std::unique_ptr<Node> node_;
};

TEST_F(Entrance, WithoutATokenNobodyIsLetIn) {
  start();
  for (const char* path : {"/api/v1/status", "/api/v1/nowhere"}) {
    const auto answer = get(path, "");
    EXPECT_EQ(answer.status, 401U);
    EXPECT_EQ(header(answer, "WWW-Authenticate"), R"(Bearer realm="dosigate")");
    EXPECT_THAT(detail(answer), HasSubstr("dosigate token add"));
  }
  auto basic = request("GET", "/api/v1/status");
  basic.authorization = "Basic YTpi";
  EXPECT_EQ(ask(basic).status, 401U);
}

TEST_F(Entrance, ATokenHasItsRightsAndNoOthers) {
  const std::string operates = token("op", right_bit(Right::Operate)),
                    manages = token("boss", right_bit(Right::Manage));
  start();
  EXPECT_EQ(get("/api/v1/status", operates).status, 200U);
  EXPECT_EQ(actor_, "token:op");
  auto lower_case = request("GET", "/api/v1/status");
  lower_case.authorization = "bearer " + operates;
  EXPECT_EQ(ask(lower_case).status, 200U);

  const auto denied = post("/api/v1/map/reveal", operates, json::object{{"reason", "x"}});
  EXPECT_EQ(denied.status, 403U);
  EXPECT_THAT(detail(denied), HasSubstr("\\\"reveal\\\", which token:op has not"));
  EXPECT_EQ(audited("map.denied"), 1U);
  EXPECT_THAT(audit(), HasSubstr("\"actor\":\"token:op\""));
  // [access] manage is not set: over the socket `operate` stands for it, over TCP nothing does.
  EXPECT_EQ(post("/api/v1/backup", operates, json::object{}).status, 403U);
  EXPECT_EQ(get("/api/v1/status", manages).status, 403U) << "manage is not operate";
  EXPECT_EQ(get("/api/v1/approvals", manages).status, 200U);
}

TEST_F(Entrance, OneThatIsNoneIsRecordedWithoutWhatWasShown) {
  const std::string expired = token("old", kEverything, -1);
  start();
  const std::string wrong = "dsgt_" + std::string(64, 'b');
  const auto answer = get("/api/v1/status", wrong);
  EXPECT_EQ(answer.status, 401U);
  EXPECT_THAT(header(answer, "WWW-Authenticate"), HasSubstr("invalid_token"));
  EXPECT_EQ(get("/api/v1/status", expired).status, 401U);
  EXPECT_EQ(audited("access.token-refused"), 2U);
  EXPECT_THAT(audit(), AllOf(HasSubstr("10.1.2.3"), HasSubstr("has expired"), Not(HasSubstr(wrong)),
                             Not(HasSubstr(expired)), Not(HasSubstr("bbbb"))));
}

TEST_F(Entrance, AnAddressThatTriesTooOftenIsToldToWaitAndAnIncident) {
  const std::string good = token("op", right_bit(Right::Operate));
  start();
  const std::string wrong = "dsgt_" + std::string(64, 'b');
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/api/v1/status", wrong).status, 401U) << i;
  const auto answer = get("/api/v1/status", wrong);
  EXPECT_EQ(answer.status, 429U);
  EXPECT_NE(header(answer, "Retry-After"), "");
  EXPECT_EQ(audited("access.token-refused"), 10U) << "and no more of them on the disk";
  EXPECT_EQ(get("/api/v1/status", good).status, 200U) << "a good one from there still enters";
  const auto incidents = get("/api/v1/incidents", good);
  EXPECT_THAT(detail(incidents), AllOf(HasSubstr("HTTP from 10.1.2.3"), HasSubstr("refused-peer")));
}

TEST_F(Entrance, AStrangerOfManyAddressesDoesNotFillTheDisk) {
  start();
  auto head = request("GET", "/api/v1/status", "dsgt_none");
  for (int i = 0; i < 220; ++i) {
    auto one = head;
    one.address = "fd00::" + std::to_string(i);
    EXPECT_EQ(ask(one).status, 401U);
  }
  EXPECT_EQ(audited("access.token-refused"), 200U);
}

TEST_F(Entrance, ACertificateOfAClientEntersByItsName) {
  start();
  auto known = request("GET", "/api/v1/status");
  known.certificate = TlsIdentity{{"scanner.org"}, std::string(64, 'a')};
  EXPECT_EQ(ask(known).status, 200U);
  EXPECT_EQ(actor_, "certificate:scanner");
  auto unknown = request("GET", "/api/v1/status");
  unknown.certificate = TlsIdentity{{"other.org"}, std::string(64, 'a')};
  EXPECT_EQ(ask(unknown).status, 401U);
  // A token that is none is not mended by a certificate.
  known.authorization = "Bearer nonsense";
  EXPECT_EQ(ask(known).status, 401U);
}

TEST_F(Entrance, ADamagedListOfTokensLetsNobodyIn) {
  const std::string good = token("op", right_bit(Right::Operate));
  std::ofstream(config_.node.state_dir / "tokens.json") << "{";
  start();
  const auto answer = get("/api/v1/status", good);
  EXPECT_EQ(answer.status, 503U);
  bool said = false;
  for (const auto& condition : node_->conditions()) said |= condition.name == "tokens-damaged";
  EXPECT_TRUE(said);
}

TEST_F(Entrance, EachHasSoManyRequestsAMinute) {
  config_.http.requests_per_minute = 3;
  const std::string a = token("a", right_bit(Right::Operate)),
                    b = token("b", right_bit(Right::Operate));
  start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/api/v1/check", a).status, 200U);
  const auto answer = get("/api/v1/check", a);
  EXPECT_EQ(answer.status, 429U);
  EXPECT_EQ(header(answer, "Retry-After"), "20");
  EXPECT_EQ(get("/api/v1/check", b).status, 200U);
}

TEST_F(Entrance, WhatIsNotThereIsSaidAfterWhoAsks) {
  const std::string op = token("op", right_bit(Right::Operate));
  start();
  EXPECT_EQ(get("/api/v1/nowhere", op).status, 404U);
  const auto other_method = ask(request("DELETE", "/api/v1/status", op));
  EXPECT_EQ(other_method.status, 405U);
  EXPECT_EQ(header(other_method, "Allow"), "GET");
  EXPECT_EQ(header(ask(request("PUT", "/api/v1/tokens", op)), "Allow"), "GET, POST");
}

TEST_F(Entrance, ABodyIsJsonOfABoundedSize) {
  const std::string boss = token("boss", kEverything);
  start();
  auto form = request("POST", "/api/v1/queue/retry", boss);
  for (const char* type : {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data",
                           "application/jsonp"}) {
    form.content_type = type;
    EXPECT_EQ(ask(form).status, 415U) << type;
  }
  form.content_type = "Application/JSON; charset=utf-8";
  EXPECT_EQ(ask(form, json::object{}).status, 200U);
  form.content_type = "";
  EXPECT_EQ(ask(form).status, 200U) << "a program with a token, and no body";
  // A browser sends a certificate along by itself: what a form could send is no request then.
  config_.http.clients[0].rights = kEverything;
  node_.reset();
  start();
  auto by_certificate = request("POST", "/api/v1/queue/retry");
  by_certificate.certificate = TlsIdentity{{"scanner.org"}, ""};
  by_certificate.content_type = "";
  EXPECT_EQ(ask(by_certificate).status, 415U);

  const auto most = [&](const std::string& path) {
    auto head = request("POST", path, boss);
    const auto entered = node_->api().enter(head);
    const auto* entry = std::get_if<ApiService::Entry>(&entered);
    return entry == nullptr ? 0 : entry->most_body;
  };
  EXPECT_EQ(most("/api/v1/queue/retry"), 1U << 20U);
  EXPECT_EQ(most("/api/v1/map/import"), 64U << 20U);
}

TEST_F(Entrance, LookUpsAreCountedByToken) {
  const std::string a = token("a", right_bit(Right::Reveal)),
                    b = token("b", right_bit(Right::Reveal));
  start();
  const json::object who{{"patient_id", "1"}, {"reason", "test"}};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(post("/api/v1/map/lookup", a, who).status, 200U);
  EXPECT_EQ(post("/api/v1/map/lookup", a, who).status, 403U);
  EXPECT_EQ(post("/api/v1/map/lookup", b, who).status, 200U);
}

TEST_F(Entrance, EveryAnswerCarriesTheHeadersOfSafety) {
  const std::string op = token("op", right_bit(Right::Operate));
  start();
  for (const auto& answer : {get("/api/v1/check", op), get("/api/v1/check", ""),
                             get("/api/v1/nowhere", op), post("/api/v1/backup", op, {})}) {
    EXPECT_EQ(header(answer, "X-Content-Type-Options"), "nosniff") << answer.status;
    EXPECT_EQ(header(answer, "Cache-Control"), "no-store");
    EXPECT_THAT(header(answer, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_EQ(header(answer, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header(answer, "Vary"), "Origin");
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "") << "nobody's script asked";
  }
}

TEST_F(Entrance, AScriptOfANamedPageMayAskAndNoOther) {
  const std::string op = token("op", right_bit(Right::Operate));
  start();
  auto asks_first = request("OPTIONS", "/api/v1/status");
  asks_first.origin = "https://pages.org";
  const auto allowed = ask(asks_first);
  EXPECT_EQ(allowed.status, 204U);
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://pages.org");
  EXPECT_THAT(header(allowed, "Access-Control-Allow-Headers"), HasSubstr("Authorization"));
  for (const char* other : {"https://pages.org.evil.org", "null", "http://pages.org"}) {
    asks_first.origin = other;
    const auto refused = ask(asks_first);
    EXPECT_EQ(refused.status, 403U) << other;
    EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), "");
  }
  auto asks = request("GET", "/api/v1/status", op);
  asks.origin = "https://pages.org";
  const auto read = ask(asks);
  EXPECT_EQ(header(read, "Access-Control-Allow-Origin"), "https://pages.org");
  EXPECT_EQ(header(read, "Access-Control-Allow-Credentials"), "");
  asks.origin = "https://evil.org";
  EXPECT_EQ(header(ask(asks), "Access-Control-Allow-Origin"), "");
}

TEST_F(Entrance, WhatHasNotChangedIsNotSentAgain) {
  const std::string op = token("op", right_bit(Right::Operate));
  start();
  const auto first = get("/api/v1/quarantine", op);
  const std::string tag = header(first, "ETag");
  EXPECT_THAT(tag, ::testing::MatchesRegex("W/\"[0-9a-f]{32}\""));
  auto again = request("GET", "/api/v1/quarantine", op);
  again.if_none_match = tag;
  const auto second = ask(again);
  EXPECT_EQ(second.status, 304U);
  EXPECT_TRUE(second.body.is_null());
  EXPECT_EQ(header(second, "ETag"), tag);
  again.if_none_match = "W/\"" + std::string(32, '0') + "\"";
  EXPECT_EQ(ask(again).status, 200U);
  EXPECT_EQ(header(get("/api/v1/status", op), "ETag"), "") << "it always changes";
}

TEST_F(Entrance, ATokenMakesTokensOfItsOwnRightsThatDoNotOutliveIt) {
  const std::string boss = token("boss", right_bit(Right::Manage) | right_bit(Right::Store), 10);
  start();
  const auto make = [&](const std::string& name, json::array rights, json::value days = nullptr) {
    json::object body{{"name", name}, {"rights", std::move(rights)}, {"reason", "test"}};
    if (!days.is_null()) body["days"] = std::move(days);
    return post("/api/v1/tokens", boss, body);
  };
  EXPECT_EQ(make("a", {"reveal"}).status, 403U);
  EXPECT_EQ(make("a", {"store", "operate"}).status, 403U);
  EXPECT_EQ(make("a", {"store"}, 11).status, 403U);
  for (const json::value& days : {json::value(0), json::value(3651), json::value("7")})
    EXPECT_EQ(make("a", {"store"}, days).status, 400U);
  EXPECT_EQ(make("a", {}).status, 400U);
  EXPECT_EQ(make("a", {"everything"}).status, 400U);

  const auto made = make("a", {"store"});
  ASSERT_EQ(made.status, 201U) << detail(made);
  const std::string text(made.body.at("token").as_string());
  EXPECT_EQ(made.body.at("made_by"), json::value("token:boss"));
  EXPECT_LE(made.body.at("expires").to_number<std::int64_t>(), to_unix(wall_now()) + 10 * kDay);
  EXPECT_EQ(make("a", {"store"}).status, 409U);
  EXPECT_EQ(get("/api/v1/status", text).status, 403U) << "known, without the right";
  EXPECT_THAT(detail(get("/api/v1/tokens", boss)),
              AllOf(HasSubstr("\"a\""), Not(HasSubstr("dsgt_")), Not(HasSubstr("sha256"))));
  EXPECT_EQ(audited("token.add"), 1U);

  const auto gone = post("/api/v1/tokens/a/revoke", boss, json::object{{"reason", "over"}});
  EXPECT_EQ(gone.status, 200U);
  EXPECT_EQ(get("/api/v1/status", text).status, 401U);
  EXPECT_EQ(audited("token.revoke"), 1U);
  EXPECT_THAT(audit(), Not(HasSubstr(text)));
}

TEST_F(Entrance, AnAccountGivesNoRightThatItHasNot) {
  // This user is the service's own and has every right: another account is only said to ask.
  config_.access.manage = AccessRules::Groups{{"managers", 30}};
  config_.access.reveal = AccessRules::Groups{{"physicians", 40}};
  start();
  ApiRequest asked;
  asked.method = "POST";
  asked.path = "/api/v1/tokens";
  asked.local = true;
  asked.uid = 12'345;
  asked.gid = 30;
  asked.actor = "maria";
  const auto make = [&](const char* name, const char* right) {
    return ask(asked,
               json::object{{"name", name}, {"rights", json::array{right}}, {"reason", "test"}})
        .status;
  };
  EXPECT_EQ(make("a", "manage"), 201U);
  EXPECT_EQ(make("b", "store"), 201U);
  EXPECT_EQ(make("c", "reveal"), 403U);
  asked.gid = 31;
  EXPECT_EQ(make("d", "store"), 403U) << "nor makes any without the right to";
}

TEST_F(Entrance, AnAccountThatManagesTheNodeOnlyMakesNoTokenThatManagesPersons) {
  config_.access.operate = AccessRules::Groups{{"operators", 30}};
  config_.access.reveal = AccessRules::Groups{{"physicians", 40}};
  start();
  ApiRequest asked;
  asked.method = "POST";
  asked.path = "/api/v1/tokens";
  asked.local = true;
  asked.uid = 12'345;
  asked.gid = 30;
  asked.actor = "maria";
  const auto make = [&](const char* right) {
    return ask(asked,
               json::object{{"name", right}, {"rights", json::array{right}}, {"reason", "test"}})
        .status;
  };
  EXPECT_EQ(make("operate"), 201U);
  EXPECT_EQ(make("manage"), 403U);
}

TEST_F(Entrance, TwoTokensOfOneAccountAreOnePerson) {
  config_.access.two_persons = true;
  const testing::TempDir elsewhere;
  const std::string ana = token("ana1", kEverything, 30, 1000),
                    too = token("ana2", kEverything, 30, 1000),
                    bruno = token("bruno", kEverything, 30, 1001);
  start();
  const auto asked = post("/api/v1/map/export", ana,
                          json::object{{"directory", elsewhere.path.string()}, {"reason", "test"}});
  ASSERT_EQ(asked.status, 202U) << detail(asked);
  const std::string target =
      "/api/v1/approvals/" + std::string(asked.body.at("approval").as_string()) + "/approve";
  EXPECT_EQ(post(target, ana, json::object{}).status, 403U);
  EXPECT_EQ(post(target, too, json::object{}).status, 403U);
  EXPECT_EQ(post(target, bruno, json::object{}).status, 200U);
}

TEST_F(Entrance, ATokenThatEndsSoonIsAWarning) {
  const auto long_ago = [] { return wall_now() - std::chrono::days(60); };
  (void)token("soon", right_bit(Right::Store), 13, 1000, "ana", long_ago);
  (void)token("later", right_bit(Right::Store), 15, 1000, "ana", long_ago);
  // Made for a week, of which none is over.
  (void)token("short", right_bit(Right::Store), 7);
  (void)token("gone", right_bit(Right::Store), -1);
  start();
  std::vector<std::string> warned;
  for (const auto& condition : node_->conditions())
    if (condition.name == "token-expires") warned.push_back(condition.of);
  EXPECT_THAT(warned, ::testing::ElementsAre("gone", "soon"));
}

}  // namespace
}  // namespace dosigate
