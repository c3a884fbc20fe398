#include "tokens.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <set>

#include <boost/json.hpp>

#include "dosigate/app/access.h"
#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/base/secret.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostTokens = 1000;
constexpr std::string_view kPrefix = "dsgt_";  ///< so that scanners for lost secrets know it
constexpr std::string_view kByToken = "token:";
constexpr std::size_t kLongestName = 64;

/// Without a branch on what is compared.
bool same(const Digest& a, const Digest& b) {
  unsigned differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differ |= static_cast<unsigned>(a[i] ^ b[i]);
  return differ == 0;
}

json::object json_of(const Tokens::Token& token) {
  json::array rights;
  for (const Right right : kAllRights)
    if ((token.rights & right_bit(right)) != 0) rights.emplace_back(right_word(right));
  return {{"name", token.name},       {"rights", std::move(rights)}, {"sha256", to_hex(token.hash)},
          {"created", token.created}, {"expires", token.expires},    {"last_used", token.last_used},
          {"made_by", token.made_by}, {"maker_uid", token.maker_uid}};
}

/// Throws when anything is not as we write it: half a right is none.
Tokens::Token token_of(const json::value& value) {
  Tokens::Token out;
  out.name = std::string(value.at("name").as_string());
  if (!is_token_name(out.name)) throw std::runtime_error("a name is none");
  for (const json::value& word : value.at("rights").as_array()) {
    const auto right = parse_right(std::string_view(word.as_string()));
    if (!right) throw std::runtime_error("a right is unknown");
    out.rights |= right_bit(*right);
  }
  const auto hash = from_hex(std::string_view(value.at("sha256").as_string()));
  if (!hash || hash->size() != out.hash.size()) throw std::runtime_error("a SHA-256 is none");
  std::copy(hash->begin(), hash->end(), out.hash.begin());
  out.created = value.at("created").to_number<std::int64_t>();
  out.expires = value.at("expires").to_number<std::int64_t>();
  out.last_used = value.at("last_used").to_number<std::int64_t>();
  out.made_by = std::string(value.at("made_by").as_string());
  out.maker_uid = value.at("maker_uid").to_number<unsigned>();
  return out;
}

}  // namespace

bool is_token_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '_' || c == '.';
         });
}

Tokens::Tokens(std::filesystem::path file, WallClock clock)
    : file_(std::move(file)), clock_(std::move(clock)) {
  try {
    if (!std::filesystem::exists(file_)) return;
    const json::value all = json::parse(as_text(read_file(file_)));
    std::set<std::string> names;
    for (const json::value& one : all.at("tokens").as_array()) {
      tokens_.push_back(token_of(one));
      if (!names.insert(tokens_.back().name).second)
        throw std::runtime_error("a name stands twice");
    }
  } catch (const std::exception& broken) {
    tokens_.clear();
    trouble_ = "the tokens for HTTP cannot be read (" + file_.string() + ": " + broken.what() +
               "), and none is let in: `mv` the file away, `systemctl restart dosigate`, and make "
               "new ones with `dosigate token add`";
    spdlog::error("{}", trouble_);
  }
}

bool Tokens::has(std::string_view name) const {
  return std::ranges::find(tokens_, name, &Token::name) != tokens_.end();
}

Error Tokens::damaged() const { return fail(Fault::Unavailable, trouble_); }

Result<Tokens::Made> Tokens::add(Token wanted) {
  if (!trouble_.empty()) return damaged();
  if (!is_token_name(wanted.name))
    return fail(Fault::Invalid,
                "the name of a token has 1 to 64 letters, digits, \"-\", \"_\" or \".\"");
  const std::lock_guard lock(mutex_);
  if (wanted.made_by.starts_with(kByToken) && !has(wanted.made_by.substr(kByToken.size())))
    return fail(Fault::Denied, "the token that asks was revoked a moment ago");
  if (has(wanted.name))
    return fail(Fault::Conflict, "there is a token \"" + wanted.name +
                                     "\" already: revoke it first, or take another name");
  if (tokens_.size() >= kMostTokens)
    return fail(Fault::Busy, "there are " + std::to_string(kMostTokens) +
                                 " tokens already: revoke those that nobody uses");
  Made made;
  std::array<Byte, Secret::kSize> random{};
  fill_random(random);
  made.text = std::string(kPrefix) + to_hex(random);
  wipe(random.data(), random.size());
  wanted.hash = sha256(as_bytes(made.text));
  wanted.created = to_unix(clock_());
  wanted.last_used = 0;
  made.token = wanted;
  tokens_.push_back(std::move(wanted));
  try {
    write();
  } catch (...) {
    tokens_.pop_back();
    throw;
  }
  return made;
}

Result<std::vector<Tokens::Token>> Tokens::list() const {
  if (!trouble_.empty()) return damaged();
  const std::lock_guard lock(mutex_);
  auto out = tokens_;
  std::ranges::sort(out, {}, &Token::name);
  return out;
}

Result<std::vector<std::string>> Tokens::revoke(const std::string& name) {
  if (!trouble_.empty()) return damaged();
  const std::lock_guard lock(mutex_);
  if (!has(name))
    return fail(Fault::NotFound, "there is no token of this name: see `dosigate token list`");
  std::vector<std::string> gone{name};
  for (std::size_t at = 0; at < gone.size(); ++at)
    for (const Token& token : tokens_)
      if (token.made_by == std::string(kByToken) + gone[at]) gone.push_back(token.name);
  const auto before = tokens_;
  std::erase_if(tokens_, [&](const Token& token) {
    return std::ranges::find(gone, token.name) != gone.end();
  });
  try {
    write();
  } catch (...) {
    tokens_ = before;  // what the disk still has would be let in again by the next start
    throw;
  }
  return gone;
}

Result<Tokens::Token> Tokens::find(std::string_view presented) {
  if (!trouble_.empty()) return damaged();
  const Digest hash = sha256(as_bytes(presented));
  const std::int64_t now = to_unix(clock_());
  const std::lock_guard lock(mutex_);
  Token* found = nullptr;
  for (Token& token : tokens_)
    if (same(token.hash, hash)) found = &token;
  if (found == nullptr) return fail(Fault::NotFound, "the token is unknown, or was revoked");
  if (found->expires <= now)
    return fail(Fault::Denied,
                "the token \"" + found->name + "\" has expired: have a new one made");
  if (const std::int64_t day = now - now % kSecondsPerDay; found->last_used != day) {
    found->last_used = day;
    try {
      write();
    } catch (const std::exception& broken) {
      // Whoever has a token is not kept out by a full disk; the day is written with the next one.
      spdlog::warn("cannot write when a token was used last error={}", broken.what());
    }
  }
  return *found;
}

void Tokens::write() const {
  json::array all;
  for (const Token& token : tokens_) all.emplace_back(json_of(token));
  replace_file(file_, as_bytes(json::serialize(json::object{{"tokens", std::move(all)}})));
}

}  // namespace dosigate
