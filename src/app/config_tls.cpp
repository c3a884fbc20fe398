#include <algorithm>

#include "config_sections.h"

namespace dosigate {

const char* key_of(TlsFile file, const char* ca) {
  switch (file) {
    case TlsFile::Certificate:
      return "certificate";
    case TlsFile::Key:
      return "key";
    case TlsFile::Ca:
      break;
  }
  return ca;
}

void SectionReader::tls(const toml::table& table) {
  TableReader reader(table, "[tls]", problems_, known_);
  TlsFiles files;
  const auto path = [&](std::string_view key, std::filesystem::path& into) {
    tls_keys_[std::string(key)] = {reader.line(key), "[tls] " + std::string(key)};
    const auto text = reader.text(key);
    if (!text) return;
    if (text->empty()) reader.error(key, "is empty");
    into = absolute(*text);
  };
  path("certificate", files.certificate);
  path("key", files.key);
  path("ca", files.ca);
  if (!reader.has("ca")) reader.error("ca", "is missing: without it no peer could prove who it is");
  for (const auto& [one, other] : {std::pair{"certificate", "key"}, {"key", "certificate"}})
    if (reader.has(one) && !reader.has(other))
      reader.error(one, std::string("has no use without ") + other);
  reader.finish();
  config_.tls = std::move(files);
}

TlsPin SectionReader::tls_pin(TableReader& reader) {
  TlsPin pin;
  if (auto names = reader.texts("tls_names")) {
    if (names->empty()) reader.error("tls_names", "is empty; leave it out");
    pin.names = std::move(*names);
  }
  if (const auto prints = reader.texts("tls_fingerprints")) {
    if (prints->empty()) reader.error("tls_fingerprints", "is empty; leave it out");
    for (const std::string& text : *prints) {
      if (auto print = tls_fingerprint(text)) {
        pin.fingerprints.push_back(std::move(*print));
      } else {
        reader.error("tls_fingerprints",
                     "\"" + text +
                         "\" is no SHA-256 of a certificate, as `openssl x509 -noout -fingerprint "
                         "-sha256` shows it");
      }
    }
  }
  return pin;
}

std::optional<TlsPin> SectionReader::tls_of_peer(TableReader& reader, const std::string& host) {
  const bool on = reader.boolean("tls").value_or(false);
  TlsPin pin = tls_pin(reader);
  if (!on) {
    for (const char* key : {"tls_names", "tls_fingerprints"})
      if (reader.has(key)) reader.error(key, "has no meaning without tls = true");
    return std::nullopt;
  }
  tls_wanted_.push_back({reader.line("tls"), reader.section() + " tls"});
  // The machine that is dialled has to prove its name, unless its one certificate is named.
  if (pin.names.empty() && pin.fingerprints.empty()) pin.names = {host};
  return pin;
}

/// What TLS needs and where: only known when all sections are.
void SectionReader::tls_together() {
  const auto& node = config_.node;
  for (const Pending& pending : pending_) {
    const Config::Route& route = config_.routes[pending.route];
    if (!route.tls.empty() && node.listen_tls.empty())
      problems_.error(pending.tls.line, pending.tls.where,
                      "needs a TLS port, and [node] listen_tls names none: no association could "
                      "ever take this route");
  }
  if (!config_.tls) {
    if (!node.listen_tls.empty()) {
      const auto& [line, where] = node_keys_.at("listen_tls");
      problems_.error(line, where, "needs [tls] with certificate, key and ca");
    }
    for (const auto& [line, where] : tls_wanted_)
      problems_.error(
          line, where,
          "needs [tls] with ca, and with certificate and key where the peer asks for them");
    return;
  }
  if (config_.tls->ca.empty()) return;  // said already
  if (!node.listen_tls.empty() && config_.tls->certificate.empty()) {
    const auto& [line, where] = node_keys_.at("listen_tls");
    problems_.error(line, where, "needs [tls] certificate and key: a server has to show one");
    return;
  }
  if (config_.tls->certificate.empty() != config_.tls->key.empty()) return;
  TlsFile at_fault{};
  const auto usable = node.listen_tls.empty() ? TlsContext::client(*config_.tls, &at_fault)
                                              : TlsContext::server(*config_.tls, &at_fault);
  if (usable) return;
  const auto& [line, where] = tls_keys_.at(key_of(at_fault, "ca"));
  problems_.error(line, where, usable.error().detail);
}

}  // namespace dosigate
