#include "config_sections.h"
#include "dosigate/base/secret.h"

namespace dosigate {
namespace {

constexpr const char* kDicomOnly[] = {"ae_title",        "host",     "port",
                                      "dimse_timeout_s", "compress", "tls"};
constexpr const char* kStowOnly[] = {"url",   "token_file",          "password_file",
                                     "proxy", "proxy_password_file", "timeout_s"};
constexpr const char* kNetworkOnly[] = {"associations", "max_kbit_s", "tls_names",
                                        "tls_fingerprints"};

}  // namespace

void SectionReader::meaningless(TableReader& reader, const std::string& kind) {
  const auto none = [&](const auto& keys) {
    for (const char* key : keys)
      if (reader.has(key)) reader.error(key, "has no meaning for kind = \"" + kind + "\"");
  };
  if (kind == "folder" || kind == "stow") none(kDicomOnly);
  if (kind == "folder" || kind == "dicom") none(kStowOnly);
  if (kind == "folder") none(kNetworkOnly);
  if (kind != "folder" && reader.has("path"))
    reader.error("path", "has no meaning for kind = \"" + kind + "\"");
}

std::optional<WebAddress> SectionReader::web_address(TableReader& reader, std::string_view key) {
  const auto text = reader.text(key);
  if (!text) return std::nullopt;
  auto address = parse_web_address(*text);
  // The text may hold a password: it is not repeated.
  if (!address) reader.error(key, address.error().detail);
  return address ? std::optional(std::move(*address)) : std::nullopt;
}

void SectionReader::stow(TableReader& reader, Destination& to, bool wanted) {
  StowTarget& stow = to.stow;
  const auto url = web_address(reader, "url"), proxy = web_address(reader, "proxy");
  const auto secret = [&](std::string_view key, std::filesystem::path& into, auto read) {
    const auto text = reader.text(key);
    if (!text) return;
    into = absolute(*text);
    if (!wanted) return;
    // Not an error: it is read when it is needed, and may be put there or renewed meanwhile.
    auto value = read(into);
    if (!value) return reader.warning(key, value.error().detail);
    wipe(value->data(), value->size());
  };
  secret("token_file", stow.token_file, bearer_of);
  secret("password_file", stow.password_file, basic_of);
  secret("proxy_password_file", stow.proxy_password_file, basic_of);
  const auto timeout = reader.integer("timeout_s", 1, 3600);
  if (!wanted) return;
  if (!reader.has("url")) reader.error("url", "is missing: https://HOST/PATH, without /studies");
  if (timeout) to.dimse_timeout = std::chrono::seconds(*timeout);
  if (reader.has("token_file") && reader.has("password_file"))
    reader.error("password_file", "stands beside token_file: an archive takes one of them");
  if (reader.has("proxy_password_file") && !reader.has("proxy"))
    reader.error("proxy_password_file", "has no use without proxy");
  if (!url) return;
  stow.url = *url;
  if (proxy) {
    if (proxy->secure || !proxy->path.empty())
      reader.error("proxy", "is not http://HOST:PORT: a tunnel through it is encrypted anyway");
    stow.proxy = proxy;
  }
  web_security(reader, to);
}

void SectionReader::web_security(TableReader& reader, Destination& to) {
  const WebAddress& url = to.stow.url;
  TlsPin pin = tls_pin(reader);
  if (url.secure) {
    tls_wanted_.push_back({reader.line("url"), reader.section() + " url"});
    if (pin.empty()) pin.names = {url.host};
    to.tls = std::move(pin);
    return;
  }
  if (!url.is_loopback())
    reader.error("url",
                 "is http:// to another machine, where everybody on the way could read studies and "
                 "credentials: use https://");
  for (const char* key : {"tls_names", "tls_fingerprints", "proxy"})
    if (reader.has(key)) reader.error(key, "has no meaning without https://");
}

}  // namespace dosigate
