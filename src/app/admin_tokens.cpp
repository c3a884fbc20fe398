// Tokens for HTTP: made, listed, revoked. Nobody gives a right that he has not.

#include <unistd.h>

#include <algorithm>

#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "dosigate/base/clock.h"
#include "tokens.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::int64_t kStandardDays = 365, kMostDays = 3650;

json::array words_of(std::uint32_t rights) {
  json::array out;
  for (const Right right : kAllRights)
    if ((rights & right_bit(right)) != 0) out.emplace_back(right_word(right));
  return out;
}

json::object json_of(const Tokens::Token& token, std::int64_t now) {
  return {{"name", token.name},
          {"rights", words_of(token.rights)},
          {"created", token.created},
          {"expires", token.expires},
          {"made_by", token.made_by},
          {"last_used", token.last_used},
          {"state", token.expires <= now ? "expired" : "valid"}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// The bits of a list of words, at least one.
Result<std::uint32_t> rights_of(const json::value& body) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("rights");
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr || list->empty())
    return fail(Fault::Invalid,
                "\"rights\" is a list of at least one right, as in [\"deidentify\"]");
  std::uint32_t out = 0;
  for (const json::value& word : *list) {
    const auto right =
        word.is_string() ? parse_right(std::string_view(word.get_string())) : std::nullopt;
    if (!right)
      return fail(Fault::Invalid,
                  "\"rights\" names an unknown right: there are operate, reveal, manage, "
                  "deidentify, store and metrics");
    out |= right_bit(*right);
  }
  return out;
}

Result<std::int64_t> days_of(const json::value& body) {
  const auto* object = body.if_object();
  const auto* value = object == nullptr ? nullptr : object->if_contains("days");
  if (value == nullptr) return kStandardDays;
  const auto* days = value->if_int64();
  if (days == nullptr || *days < 1 || *days > kMostDays)
    return fail(Fault::Invalid,
                "\"days\" is a whole number from 1 to " + std::to_string(kMostDays));
  return *days;
}

}  // namespace

/// Over TCP a right stands for itself; `manage` of an account may mean less than that of a token,
/// so it has to hold for persons and for the node.
bool AdminApi::may_give(const ApiRequest& request, Right right) const {
  if (!request.local) return (request.rights & right_bit(right)) != 0;
  const auto routing = node_.ingest_.routing();
  const AccessRules& rules = routing->config().access;
  const AdminPeer peer{request.uid, request.gid, request.groups};
  if (right != Right::Manage) return permits(rules, right, right, peer, ::geteuid());
  return permits(rules, right, Right::Operate, peer, ::geteuid()) &&
         permits(rules, right, Right::Reveal, peer, ::geteuid());
}

ApiResponse AdminApi::tokens() const {
  const auto all = node_.tokens_->list();
  if (!all) return problem(all.error());
  const std::int64_t now = to_unix(wall_now());
  json::array items;
  for (const auto& token : *all) items.emplace_back(json_of(token, now));
  return {200, json::object{{"items", std::move(items)}}};
}

ApiResponse AdminApi::add_token(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const auto rights = rights_of(request.body);
  if (!rights) return problem(rights.error());
  const auto days = days_of(request.body);
  if (!days) return problem(days.error());
  for (const Right right : kAllRights)
    if ((*rights & right_bit(right)) != 0 && !may_give(request, right))
      return problem(fail(Fault::Denied, "nobody gives away a right that he has not: \"" +
                                             std::string(right_word(right)) + "\""));
  Tokens::Token wanted;
  wanted.name = text_of(request.body, "name");
  wanted.rights = *rights;
  const std::int64_t now = to_unix(wall_now());
  wanted.expires = now + *days * kSecondsPerDay;
  // A stolen token must not buy itself time.
  if (const auto own = own_token_expires(request); own && wanted.expires > *own) {
    if (request.body.as_object().contains("days"))
      return problem(
          fail(Fault::Denied, "a token that was made by a token does not outlive it: at most " +
                                  std::to_string((*own - now) / kSecondsPerDay) + " days"));
    wanted.expires = *own;
  }
  wanted.made_by = request.actor;
  wanted.maker_uid = request.uid;
  const auto made = node_.tokens_->add(std::move(wanted));
  if (!made) return problem(made.error());
  std::string words;
  for (const auto& word : words_of(*rights))
    words += (words.empty() ? "" : " ") + std::string(std::string_view(word.as_string()));
  node_.stores_.audit->record("token.add", request.actor,
                              {{"name", made->token.name},
                               {"rights", words},
                               {"expires", std::to_string(made->token.expires)},
                               {"reason", reason}});
  json::object out = json_of(made->token, now);
  out["token"] = made->text;
  return {201, std::move(out)};
}

std::optional<std::int64_t> AdminApi::own_token_expires(const ApiRequest& request) const {
  constexpr std::string_view kToken = "token:";
  if (request.local || !request.actor.starts_with(kToken)) return std::nullopt;
  const auto all = node_.tokens_->list();
  if (!all) return 0;
  const auto own =
      std::ranges::find(*all, request.actor.substr(kToken.size()), &Tokens::Token::name);
  return own == all->end() ? 0 : own->expires;  // revoked a moment ago
}

ApiResponse AdminApi::revoke_token(const ApiRequest& request, const std::string& name) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  const auto gone = node_.tokens_->revoke(name);
  if (!gone) return problem(gone.error());
  node_.stores_.audit->record("token.revoke", request.actor,
                              {{"name", name}, {"revoked", joined(*gone)}, {"reason", reason}});
  json::array revoked;
  for (const auto& one : *gone) revoked.emplace_back(one);
  return {200, json::object{{"revoked", std::move(revoked)}}};
}

}  // namespace dosigate
