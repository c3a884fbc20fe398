// The door of the API: who asks, what he may, and what may come, before a byte of a body is read.

#include <algorithm>

#include "admin_api.h"
#include "admin_etag.h"
#include "dosigate/api/problem.h"
#include "dosigate/api/security_headers.h"
#include "dosigate/base/secret.h"
#include "map_read_watch.h"
#include "request_fields.h"
#include "tokens.h"

namespace dosigate {
namespace {

/// Of one address and minute. A token has 256 bits: this is not about guessing them, but about what
/// a stranger may write into the audit log.
constexpr unsigned kFailedLogins = 10;
/// Of all addresses and an hour: there is no end of those a stranger can come from.
constexpr unsigned kLoginsRecorded = 200;

ApiResponse too_many(std::chrono::seconds wait, const std::string& what) {
  ApiResponse out = problem_of(429, "Too many requests",
                               what + ": come again in " + std::to_string(wait.count()) + " s");
  out.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return out;
}

ApiResponse who_are_you(const std::string& why, bool had_one) {
  ApiResponse out = problem_of(401, "Who asks?", why);
  out.headers.emplace_back(
      "WWW-Authenticate",
      had_one ? R"(Bearer realm="dosigate", error="invalid_token")" : R"(Bearer realm="dosigate")");
  return out;
}

bool starts_with_nocase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char wanted, char c) { return wanted == (c | 0x20) || wanted == c; });
}

/// "Bearer TOKEN"; empty when it is another scheme.
std::string_view shown_token(std::string_view authorization) {
  constexpr std::string_view kBearer = "bearer ";
  if (!starts_with_nocase(authorization, kBearer)) return {};
  authorization.remove_prefix(kBearer.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

bool is_json(std::string_view content_type) {
  constexpr std::string_view kJson = "application/json";
  if (!starts_with_nocase(content_type, kJson)) return false;
  content_type.remove_prefix(kJson.size());
  while (content_type.starts_with(' ')) content_type.remove_prefix(1);
  return content_type.empty() || content_type.front() == ';';
}

bool is_read(const ApiRequest& head) { return head.method == "GET" || head.method == "HEAD"; }

bool may_read(const HttpSettings& http, const std::string& origin) {
  return std::find(http.cors_origins.begin(), http.cors_origins.end(), origin) !=
         http.cors_origins.end();
}

/// 404 when no endpoint takes a body this way, 400 for what it does not know.
std::optional<ApiResponse> misdirected(const AdminRoute* route, bool this_way,
                                       const ApiRequest& request) {
  if (!this_way) return problem_of(404, "Not found", "this takes no such body");
  if (const auto wrong = misread(*route, request)) return problem(*wrong);
  return std::nullopt;
}

/// A browser asks whether a page of another server may ask (Fetch, CORS-preflight).
ApiResponse preflight(const ApiRequest& head, const HttpSettings& http) {
  if (!may_read(http, head.origin))
    return problem_of(403, "Not permitted",
                      "[http] cors_origins does not name the page that asks by a script");
  ApiResponse out{204};
  out.content_type = "text/plain";  // and nothing of it
  out.headers = {{"Access-Control-Allow-Methods", "GET, POST"},
                 {"Access-Control-Allow-Headers",
                  "Authorization, Content-Type, Accept, If-None-Match, Idempotency-Key"},
                 {"Access-Control-Max-Age", "600"}};
  return out;
}

}  // namespace

/// Sets `actor`, `rights` and `uid` of a request over TCP. The credential is gone afterwards.
std::optional<ApiResponse> AdminApi::identify(ApiRequest& head, const HttpSettings& http,
                                              bool open) {
  std::string credential = std::move(head.authorization);
  head.authorization.clear();
  head.actor = "address " + head.address;
  head.rights = 0;
  head.uid = kNobody;
  const std::string_view presented = shown_token(credential);
  std::optional<Result<Tokens::Token>> token;
  if (!presented.empty()) token = node_.tokens_->find(presented);
  const bool had_one = !credential.empty();
  wipe(credential.data(), credential.size());
  if (token && *token) {
    head.actor = "token:" + (*token)->name;
    head.rights = (*token)->rights;
    head.uid = (*token)->maker_uid;
    return std::nullopt;
  }
  if (!had_one && head.certificate)
    for (const HttpClient& client : http.clients)
      if (client.pin.admits(*head.certificate)) {
        head.actor = "certificate:" + client.name;
        head.rights = client.rights;
        head.uid = 0;  // who writes the configuration
        return std::nullopt;
      }
  if (open) return std::nullopt;
  if (token && token->error().fault == Fault::Unavailable) return problem(token->error());
  if (had_one)
    return login_failed(head, token ? token->error().detail
                                    : "only a token is taken here: Authorization: Bearer TOKEN");
  if (head.certificate)
    return who_are_you("no [[http_client]] names this certificate, and there is no token", false);
  return who_are_you(
      "there is no token (Authorization: Bearer TOKEN; `dosigate token add` makes one)", false);
}

/// Recorded without what was shown.
ApiResponse AdminApi::login_failed(const ApiRequest& head, const std::string& why) {
  ++denied_;
  if (const auto wait = failed_logins_.take(head.address, kFailedLogins)) {
    node_.stores_.incidents->note(
        IncidentKind::RefusedPeer, "HTTP from " + head.address,
        "showed what is no valid token again and again: if the program is the hospital's own, give "
        "it a new token; if not, find out what it is");
    return too_many(*wait, "too many tokens from this address were none");
  }
  if (denials_.take("addresses", kLoginsRecorded)) {
    record_refusal(head.actor, head.actor, "access.token-refused",
                   {{"address", head.address}, {"why", why}});
  } else {
    ++not_recorded_;
  }
  return who_are_you(why, true);
}

/// What does not depend on who asks, then what does.
std::optional<ApiResponse> AdminApi::refuse(const ApiRequest& head, const AdminRoute* route) {
  if (route == nullptr) {
    const std::string methods = methods_of(head.path);
    if (methods.empty())
      return problem(
          fail(Fault::NotFound, head.method + " " + head.path + " is not part of this API"));
    ApiResponse out = problem_of(405, "Not this way", head.path + " is asked for by " + methods);
    out.headers.emplace_back("Allow", methods);
    return out;
  }
  if (route->needs.open) return std::nullopt;
  if (auto refused = lacks_right(head, *route)) return refused;
  if (head.local || route->stream != nullptr || is_read(head)) return std::nullopt;
  // A page of another server can make a browser send a form or plain text, but not JSON, without
  // asking first; and a certificate, unlike a token, is sent along by the browser itself.
  const bool says_nothing = head.content_type.empty() && !head.actor.starts_with("certificate:");
  if (!says_nothing && !is_json(head.content_type))
    return problem_of(415, "Not this type",
                      "the body of a request is Content-Type: application/json");
  return std::nullopt;
}

std::variant<ApiService::Entry, ApiResponse> AdminApi::let_in(ApiRequest& head) {
  const auto routing = node_.ingest_.routing();
  const HttpSettings& http = routing->config().http;
  std::string named;
  const AdminRoute* route = find_admin_route(head.method, head.path, named);
  if (!head.local) {
    const bool asks_first = head.method == "OPTIONS" && !head.origin.empty();
    const bool open = asks_first || (route != nullptr && route->needs.open);
    if (auto refused = identify(head, http, open)) return std::move(*refused);
    if (const auto wait = requests_.take(head.actor, http.requests_per_minute))
      return too_many(*wait, "more than " + std::to_string(http.requests_per_minute) +
                                 " requests a minute ([http] requests_per_minute)");
    if (asks_first) return preflight(head, http);
  }
  if (auto refused = refuse(head, route)) return std::move(*refused);
  const bool streamed = route->stream != nullptr;
  return Entry{streamed ? http.max_upload_bytes : route->most_body, streamed};
}

/// What every answer of ours carries.
void AdminApi::finish(const ApiRequest& head, ApiResponse& response) const {
  const auto routing = node_.ingest_.routing();
  const HttpSettings& http = routing->config().http;
  if (!head.local && !http.cors_origins.empty()) {
    response.headers.emplace_back("Vary", "Origin");
    if (may_read(http, head.origin)) {
      response.headers.emplace_back("Access-Control-Allow-Origin", head.origin);
      response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, Retry-After");
    }
  }
  add_security_headers(response);
}

std::variant<ApiService::Entry, ApiResponse> AdminApi::enter(ApiRequest& head) {
  auto entered = let_in(head);
  if (auto* refused = std::get_if<ApiResponse>(&entered)) {
    served_.add(head, refused->status, SteadyTime::duration::zero());
    watch_map_reads(*node_.stores_.incidents, head, *refused);
    finish(head, *refused);
  }
  return entered;
}

ApiResponse AdminApi::answer(const ApiRequest& request) {
  std::string named;
  const AdminRoute* route = find_admin_route(request.method, request.path, named);
  const SteadyTime begun = steady_now();
  auto refused = misdirected(route, route != nullptr && route->answer != nullptr, request);
  ApiResponse out = refused ? std::move(*refused) : route->answer(*this, request, named);
  served_.add(request, out.status, steady_now() - begun);
  watch_map_reads(*node_.stores_.incidents, request, out);
  if (request.path != "/api/v1/status") add_etag(request, out);
  finish(request, out);
  return out;
}

ApiResponse AdminApi::stream(const ApiRequest& head, RequestBody& body) {
  std::string named;
  const AdminRoute* route = find_admin_route(head.method, head.path, named);
  const SteadyTime begun = steady_now();
  auto refused = misdirected(route, route != nullptr && route->stream != nullptr, head);
  ApiResponse out = refused ? std::move(*refused) : route->stream(*this, head, body, named);
  served_.add(head, out.status, steady_now() - begun);
  finish(head, out);
  return out;
}

}  // namespace dosigate
