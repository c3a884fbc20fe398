// The sections [http] and [[http_client]]: the API over TCP.

#include "config_http.h"

#include <algorithm>

#include "config_sections.h"
#include "dosigate/app/access.h"

namespace dosigate {
namespace {

constexpr std::int64_t kMostRequests = 1'000'000;
constexpr std::int64_t kMostUploads = 64;
constexpr std::int64_t kMostRatio = 100'000;
constexpr std::int64_t kMostParts = 10'000'000;
constexpr std::int64_t kLongestKept = 8'760;
constexpr std::size_t kLongestHost = 253;

bool is_port(std::string_view digits) {
  return !digits.empty() && digits.size() <= 5 && digits.front() != '0' &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoul(std::string(digits)) <= 65535;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

std::vector<std::string> right_words() {
  std::vector<std::string> out;
  for (const Right right : kAllRights) out.emplace_back(right_word(right));
  return out;
}

}  // namespace

bool is_origin(std::string_view text) {
  const bool plain = text.starts_with("http://");
  if (!plain && !text.starts_with("https://")) return false;
  text.remove_prefix(plain ? 7 : 8);
  std::string_view host = text;
  if (text.starts_with("[::1]")) {
    host = text.substr(0, 5);
  } else {
    host = text.substr(0, text.find(':'));
    if (!std::all_of(host.begin(), host.end(), is_host_character)) return false;
  }
  if (host.empty() || host.size() > kLongestHost) return false;
  text.remove_prefix(host.size());
  if (!text.empty() && (text.front() != ':' || !is_port(text.substr(1)))) return false;
  return !plain || host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

void SectionReader::http(const toml::table& table) {
  TableReader reader(table, "[http]", problems_, known_);
  HttpSettings& http = config_.http;
  std::vector<std::string> taken = config_.node.listen;
  taken.insert(taken.end(), config_.node.listen_tls.begin(), config_.node.listen_tls.end());
  listeners(reader, "listen", http.listen, taken);
  taken.insert(taken.end(), http.listen.begin(), http.listen.end());
  listeners(reader, "listen_tls", http.listen_tls, taken);
  for (const std::string& endpoint : http.listen)
    if (!is_loopback(endpoint))
      reader.error("listen", "\"" + endpoint +
                                 "\" can be reached from other machines, and what is sent there is "
                                 "not encrypted: name it in listen_tls instead");
  const auto path = [&](std::string_view key, std::filesystem::path& into) {
    const auto text = reader.text(key);
    http_keys_[std::string(key)] = {reader.line(key), "[http] " + std::string(key)};
    if (!text) return;
    if (text->empty()) reader.error(key, "is empty; leave it out");
    into = absolute(*text);
    if (http.listen_tls.empty()) reader.error(key, "has no meaning without listen_tls");
  };
  path("certificate", http.tls.certificate);
  path("key", http.tls.key);
  path("client_ca", http.tls.ca);
  for (const auto& [one, other] : {std::pair{"certificate", "key"}, {"key", "certificate"}})
    if (reader.has(one) && !reader.has(other))
      reader.error(one, std::string("has no use without ") + other);
  http_keys_["listen_tls"] = {reader.line("listen_tls"), "[http] listen_tls"};

  http.cors_origins = reader.texts("cors_origins").value_or(std::vector<std::string>{});
  for (const std::string& origin : http.cors_origins)
    if (!is_origin(origin))
      reader.error("cors_origins", "\"" + origin +
                                       "\" is no origin, as in \"https://pages.example.org\" or "
                                       "\"https://pages.example.org:8443\": small letters, "
                                       "no path, and http:// for this machine only");
  const auto count = [&](std::string_view key, std::int64_t most, unsigned& into) {
    into = static_cast<unsigned>(reader.integer(key, 1, most).value_or(into));
  };
  const auto gib = [&](std::string_view key, std::uint64_t& into) {
    if (const auto value = reader.integer(key, 1, 1 << 20))
      into = static_cast<std::uint64_t>(*value) << 30U;
  };
  count("requests_per_minute", kMostRequests, http.requests_per_minute);
  count("max_uploads", kMostUploads, http.max_uploads);
  gib("max_upload_gb", http.max_upload_bytes);
  gib("max_unpacked_gb", http.max_unpacked_bytes);
  count("max_ratio", kMostRatio, http.max_ratio);
  count("max_parts", kMostParts, http.max_parts);
  http.keep_answers = std::chrono::hours(
      reader.integer("keep_answers_h", 1, kLongestKept).value_or(http.keep_answers.count()));
  http.page = reader.boolean("page").value_or(http.page);
  reader.finish();
}

void SectionReader::http_client(const toml::table& table) {
  TableReader reader(table, "[[http_client]]", problems_, known_);
  HttpClient client;
  client.name = name(reader, http_clients_);
  client.pin = tls_pin(reader);
  if (!reader.has("tls_names") && !reader.has("tls_fingerprints"))
    problems_.error(reader.line(), reader.section(),
                    "\"" + client.name +
                        "\" names no certificate: tls_names or tls_fingerprints is missing, and "
                        "every certificate of the CA would be this client");
  const auto rights = reader.texts("rights");
  if (!reader.has("rights"))
    reader.error("rights", "is missing: what this client may do, as in [\"deidentify\"]");
  if (rights && rights->empty()) reader.error("rights", "is empty: such a client could do nothing");
  for (const std::string& word : rights.value_or(std::vector<std::string>{})) {
    if (const auto right = parse_right(word)) {
      client.rights |= right_bit(*right);
      continue;
    }
    std::string known;
    for (const std::string& one : right_words()) known += (known.empty() ? "" : ", ") + one;
    reader.error("rights",
                 "\"" + word + "\" is none of " + known + did_you_mean(word, right_words()));
  }
  reader.finish();
  // Who asks must not depend on the order of the file.
  for (const HttpClient& other : config_.http.clients) {
    const auto twice = [&](const char* key, const std::vector<std::string>& ours,
                           const std::vector<std::string>& theirs) {
      for (const std::string& one : ours)
        if (std::find(theirs.begin(), theirs.end(), one) != theirs.end())
          reader.error(key, "\"" + one + "\" is client \"" + other.name + "\" already");
    };
    twice("tls_names", client.pin.names, other.pin.names);
    twice("tls_fingerprints", client.pin.fingerprints, other.pin.fingerprints);
  }
  http_client_lines_.push_back(reader.line());
  config_.http.clients.push_back(std::move(client));
}

/// Which files are used, and whether they can be: only known when [tls] is.
void SectionReader::http_together() {
  HttpSettings& http = config_.http;
  const bool has_clients = !http.clients.empty();
  if (http.listen_tls.empty()) {
    for (const unsigned line : http_client_lines_)
      problems_.error(line, "[[http_client]]",
                      "certificates are shown over TLS only, and [http] listen_tls names no port");
    return;
  }
  const Said& port = http_keys_.at("listen_tls");
  const bool own_ca = !http.tls.ca.empty();
  if (http.tls.certificate.empty() && http.tls.key.empty() && config_.tls) {
    http.tls.certificate = config_.tls->certificate;
    http.tls.key = config_.tls->key;
  }
  if (!own_ca && has_clients && config_.tls) http.tls.ca = config_.tls->ca;
  if (http.tls.certificate.empty() || http.tls.key.empty()) {
    problems_.error(port.line, port.where,
                    "needs certificate and key, here or in [tls]: a server has to show one");
    return;
  }
  if (has_clients && http.tls.ca.empty()) {
    problems_.error(http_client_lines_.front(), "[[http_client]]",
                    "needs [http] client_ca, or [tls] ca: who issued the clients' certificates");
    return;
  }
  if (!has_clients && own_ca) {
    const Said& ca = http_keys_.at("client_ca");
    problems_.error(ca.line, ca.where, "has no use without [[http_client]]");
  }
  TlsFile at_fault{};
  const auto usable = TlsContext::server(http.tls, &at_fault);
  if (usable) return;
  const Said& key = http_keys_.at(key_of(at_fault, "client_ca"));
  problems_.error(key.line, key.where, usable.error().detail);
}

std::vector<std::string> changed_http_keys(const HttpSettings& before, const HttpSettings& now) {
  std::vector<std::string> out;
  if (before.listen != now.listen) out.emplace_back("listen");
  if (before.listen_tls != now.listen_tls) out.emplace_back("listen_tls");
  if (before.max_uploads != now.max_uploads) out.emplace_back("max_uploads");
  if (before.keep_answers != now.keep_answers) out.emplace_back("keep_answers_h");
  return out;
}

}  // namespace dosigate
