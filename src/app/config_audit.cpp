#include <algorithm>
#include <charconv>

#include "config_sections.h"
#include "dosigate/net/tls.h"

// [audit]: sending the audit record on.

namespace dosigate {
namespace {

/// "host:port", "[::1]:6514", "host".
bool split(std::string_view text, AuditSettings& into) {
  const auto colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  std::string_view host = text, port;
  if (colon != std::string_view::npos && (!bracketed || text[colon - 1] == ']')) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || failed != std::errc{} || end != port.data() + port.size() || number < 1 ||
        number > 65535)
      return false;
    into.syslog_port = static_cast<std::uint16_t>(number);
  }
  if (bracketed) {
    if (host.size() < 3 || host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;  // an IPv6 address without brackets would swallow its port
  }
  const bool plain = std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7F && c != '/' && c != '"';
  });
  if (host.empty() || host.size() > 253 || !plain) return false;
  into.syslog_host = host;
  return true;
}

}  // namespace

void SectionReader::audit(const toml::table& table) {
  TableReader reader(table, "[audit]", problems_, known_);
  AuditSettings& audit = config_.audit;
  const auto server = reader.text("syslog");
  if (server && !split(*server, audit))
    reader.error("syslog", "is no host and port, as in \"logs.example.org:6514\"");
  const auto file = [&](std::string_view key, std::filesystem::path& into) {
    const auto text = reader.text(key);
    if (!text) return;
    if (text->empty()) return reader.error(key, "is empty; leave it out");
    into = absolute(*text);
    std::error_code unknown;
    if (!std::filesystem::exists(into, unknown))
      reader.warning(key, into.string() + " is not there, or cannot be looked at by this user");
  };
  file("ca", audit.ca);
  file("certificate", audit.certificate);
  file("key", audit.key);
  audit.name = reader.text("name").value_or("");
  if (const auto text = reader.text("fingerprint")) {
    audit.fingerprint = tls_fingerprint(*text).value_or("");
    if (audit.fingerprint.empty())
      reader.error("fingerprint", "is no SHA-256 of a certificate: 64 hexadecimal digits");
  }
  if (!server) {
    for (const char* key : {"ca", "certificate", "key", "name", "fingerprint"})
      if (reader.has(key)) reader.error(key, "has no meaning without syslog");
  } else {
    // No fallback to plain text: it names who looked whom up.
    if (!reader.has("ca"))
      reader.error("ca", "is missing: the authority that the server's certificate comes from");
    if (reader.has("certificate") != reader.has("key"))
      reader.error(reader.has("key") ? "key" : "certificate",
                   "certificate and key belong together");
  }
  reader.finish();
}

}  // namespace dosigate
