#include <fmt/core.h>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {

using boost::json::value;

std::string http_text(const value& s) {
  const value& http = at(s, "http");
  if (http.is_null()) return "";
  std::string out = "http          listening on";
  for (const value& one : list(http, "listeners")) out += " " + shown(one);
  for (const value& one : list(http, "tls_listeners")) out += " " + shown(one) + " (TLS)";
  if (const value& shows = at(http, "certificate"); !shows.is_null())
    out += fmt::format("; certificate {} until {}", shown(shows, "subject"),
                       time_text(shows, "expires"));
  return out + "\n";
}

std::string tls_text(const value& s) {
  const value& tls = at(s, "tls");
  if (tls.is_null()) return "";
  std::string listeners;
  for (const value& one : list(tls, "listeners")) listeners += " " + shown(one);
  std::string out = "tls           ";
  out += listeners.empty() ? "outbound only" : "listening on" + listeners;
  const auto until = [&](const char* key) {
    return fmt::format("{} until {}", shown(at(tls, key), "subject"),
                       time_text(at(tls, key), "expires"));
  };
  out += at(tls, "certificate").is_null() ? "; no certificate of ours"
                                          : "; certificate " + until("certificate");
  out += "; CA " + until("ca") + "\n";
  for (const value& failure : list(tls, "failures"))
    out += fmt::format("  {} handshakes failed, last {} from {}: {}\n", shown(failure, "count"),
                       time_text(failure, "last"), shown(failure, "address"),
                       shown(failure, "reason"));
  return out;
}

}  // namespace dosigate::cli
