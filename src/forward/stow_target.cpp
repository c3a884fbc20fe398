#include "dosigate/forward/stow_target.h"

#include <algorithm>
#include <charconv>

#include "dosigate/base/secret.h"
#include "dosigate/net/private_file.h"

namespace dosigate {
namespace {

constexpr std::size_t kLongestUrl = 1000;
constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host(std::string_view host, bool v6) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [v6](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || (v6 && c == ':');
  });
}

/// RFC 3986, 3.3: what may stand in a path, and percent signs.
bool is_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) {
    return is_letter_or_digit(c) ||
           std::string_view("/-._~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
  });
}

std::string base64(std::string_view text) {
  constexpr std::string_view kSymbols =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);  // one allocation: nothing is left behind
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const std::uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    out += kSymbols[bits >> 18U & 63U];
    out += kSymbols[bits >> 12U & 63U];
    out += i + 1 < text.size() ? kSymbols[bits >> 6U & 63U] : '=';
    out += i + 2 < text.size() ? kSymbols[bits & 63U] : '=';
  }
  return out;
}

/// The one line of a file of secrets; no byte of it can end a header.
Result<std::string> line_of(const std::filesystem::path& file, const PrivateFileWords& words,
                            bool spaces) {
  auto content = read_private_file(file, words);
  if (!content) return content.error();
  std::string_view line = as_text(*content);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  const bool fits = !line.empty() && std::ranges::all_of(line, [spaces](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return spaces ? byte >= 0x20 && byte != 0x7F : byte > 0x20 && byte < 0x7F;
  });
  std::string out(fits ? line : "");
  wipe(content->data(), content->size());
  if (!fits)
    return fail(Fault::Invalid, words.name + " " + file.string() + " is not " + words.content);
  return out;
}

}  // namespace

std::string WebAddress::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (secure ? kHttpsPort : kHttpPort);
  return usual ? name : name + ":" + std::to_string(port);
}

std::string WebAddress::text() const {
  return (secure ? "https://" : "http://") + authority() + path;
}

bool WebAddress::is_loopback() const {
  // A name may resolve to anything; these cannot, or not without the machine's own doing.
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

Result<WebAddress> parse_web_address(std::string_view url) {
  WebAddress out;
  std::string_view rest = url;
  if (url.size() > kLongestUrl) return fail(Fault::Invalid, "is too long for an address");
  if (rest.starts_with("https://")) {
    out.secure = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return fail(Fault::Invalid, "does not begin with https:// or http://");
  }
  if (rest.find_first_of("?#") != std::string_view::npos)
    return fail(Fault::Invalid, "has a query or a fragment, which would not be used");
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view where = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (where.find('@') != std::string_view::npos)
    return fail(Fault::Invalid, "has credentials in it: they belong into a file of mode 0400");

  const bool v6 = where.starts_with('[');
  const auto end = v6 ? where.find(']') : std::min(where.find(':'), where.size());
  if (end == std::string_view::npos) return fail(Fault::Invalid, "has no host name or address");
  out.host = where.substr(v6 ? 1 : 0, v6 ? end - 1 : end);
  where.remove_prefix(std::min(where.size(), v6 ? end + 1 : end));
  if (!is_host(out.host, v6)) return fail(Fault::Invalid, "has no host name or address");
  out.port = out.secure ? kHttpsPort : kHttpPort;
  if (!where.empty()) {
    const auto [stopped, error] =
        std::from_chars(where.data() + 1, where.data() + where.size(), out.port);
    if (where.front() != ':' || error != std::errc() || stopped != where.data() + where.size() ||
        out.port == 0)
      return fail(Fault::Invalid, "has no port of 1 to 65535 after the host");
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_path(path)) return fail(Fault::Invalid, "has a character that no path has");
  out.path = path;
  return out;
}

Result<std::string> bearer_of(const std::filesystem::path& token_file) {
  auto token = line_of(token_file,
                       {"the token file", "one line with a token: printable, without spaces",
                        "have another token issued"},
                       false);
  if (!token) return token;
  std::string out = "Bearer " + *token;
  wipe(token->data(), token->size());
  return out;
}

Result<std::string> basic_of(const std::filesystem::path& password_file) {
  const PrivateFileWords words{"the password file", "one line \"user:password\"",
                               "have another password set"};
  auto line = line_of(password_file, words, true);
  if (!line) return line;
  if (line->find(':') == std::string::npos || line->front() == ':') {
    wipe(line->data(), line->size());
    return fail(Fault::Invalid,
                words.name + " " + password_file.string() + " is not " + words.content);
  }
  std::string encoded = base64(*line);
  std::string out = "Basic " + encoded;
  wipe(line->data(), line->size());
  wipe(encoded.data(), encoded.size());
  return out;
}

}  // namespace dosigate
