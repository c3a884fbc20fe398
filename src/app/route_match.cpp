#include "route_match.h"

#include <algorithm>
#include <tuple>

namespace dosigate {
namespace {

std::string_view trimmed(std::string_view title) {
  const auto first = title.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return title.substr(first, title.find_last_not_of(' ') - first + 1);
}

/// How well a pattern pins a title down: exact before pattern before "*".
int rank(std::string_view pattern) {
  if (pattern == "*") return 0;
  return pattern.find_first_of("*?") == std::string_view::npos ? 2 : 1;
}

bool glob(std::string_view pattern, std::string_view text) {
  // Linear with one point of return: the last "*" takes one more character whenever the rest fails.
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// Whether some title fits both patterns: meets[i][j] says it of what is left of a from i and of b
/// from j.
bool intersect(std::string_view a, std::string_view b) {
  std::vector<std::vector<char>> meets(a.size() + 1, std::vector<char>(b.size() + 1, 0));
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool more_a = i < a.size(), more_b = j < b.size();
      bool fits = !more_a && !more_b;
      if (more_a && a[i] == '*') fits = meets[i + 1][j] || (more_b && meets[i][j + 1]);
      if (!fits && more_b && b[j] == '*') fits = meets[i][j + 1] || (more_a && meets[i + 1][j]);
      if (!fits && more_a && more_b && a[i] != '*' && b[j] != '*') {
        fits = (a[i] == '?' || b[j] == '?' || a[i] == b[j]) && meets[i + 1][j + 1];
      }
      meets[i][j] = fits;
    }
  }
  return meets[0][0] != 0;
}

int best_rank(const std::vector<std::string>& patterns, std::string_view title) {
  int best = -1;
  for (const std::string& pattern : patterns) {
    if (glob(pattern, title)) best = std::max(best, rank(pattern));
  }
  return best;
}

/// Longest prefix that holds the address: -1 none does, 0 the route is open to every address.
int best_prefix(const std::vector<Network>& networks, std::string_view address) {
  if (networks.empty()) return 0;
  int best = -1;
  for (const Network& network : networks) {
    if (network.contains(address)) best = std::max(best, static_cast<int>(network.prefix) + 1);
  }
  return best;
}

std::optional<std::string> common_title(const std::vector<std::string>& a,
                                        const std::vector<std::string>& b) {
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      if (rank(one) != rank(other) || !intersect(one, other)) continue;
      return one == other ? "\"" + one + "\"" : "\"" + one + "\" and \"" + other + "\"";
    }
  }
  return std::nullopt;
}

}  // namespace

bool ae_matches(std::string_view pattern, std::string_view ae_title) {
  return glob(trimmed(pattern), trimmed(ae_title));
}

std::optional<std::string> equally_specific(const Config::Route& a, const Config::Route& b) {
  const auto called = common_title(a.called_ae, b.called_ae);
  const auto calling = common_title(a.calling_ae, b.calling_ae);
  if (!called || !calling) return std::nullopt;
  const bool same_network =
      a.from.empty() ? b.from.empty()
                     : std::any_of(a.from.begin(), a.from.end(), [&](const Network& network) {
                         return std::find(b.from.begin(), b.from.end(), network) != b.from.end();
                       });
  // Two that demand certificates may demand the same one.
  if (!same_network || a.tls.empty() != b.tls.empty()) return std::nullopt;
  return "called_ae " + *called + ", calling_ae " + *calling +
         (a.from.empty() ? ", any address" : ", the same network");
}

const Config::Route* find_route(const Config& config, std::string_view called_ae,
                                std::string_view calling_ae, std::string_view address,
                                const std::optional<TlsIdentity>& certificate) {
  const Config::Route* best = nullptr;
  std::tuple<int, int, int, int> best_score{-1, -1, -1, -1};
  for (const Config::Route& route : config.routes) {
    const bool pinned = !route.tls.empty();
    if (pinned && (!certificate || !route.tls.admits(*certificate))) continue;
    const std::tuple score{best_rank(route.called_ae, trimmed(called_ae)),
                           best_rank(route.calling_ae, trimmed(calling_ae)),
                           best_prefix(route.from, address), pinned ? 1 : 0};
    const auto [called, calling, prefix, by_certificate] = score;
    if (called < 0 || calling < 0 || prefix < 0 || score <= best_score) continue;
    best = &route;
    best_score = score;
  }
  return best;
}

bool has_address(const Config& config, std::string_view address) {
  const auto is_host = [&](const std::string& host) {
    const auto network = parse_network(host);  // a host name is none
    return network && network->contains(address);
  };
  return std::any_of(
             config.routes.begin(), config.routes.end(),
             [&](const Config::Route& route) { return best_prefix(route.from, address) >= 0; }) ||
         std::any_of(config.outputs.begin(), config.outputs.end(),
                     [&](const Config::Output& output) {
                       return output.destination.kind == Destination::Kind::Dicom &&
                              is_host(output.destination.host);
                     }) ||
         std::any_of(config.peers.begin(), config.peers.end(),
                     [&](const Config::Peer& peer) { return is_host(peer.host); });
}

bool answers_to(const Config& config, std::string_view called_ae) {
  if (trimmed(called_ae) == config.node.ae_title) return true;
  return std::any_of(config.routes.begin(), config.routes.end(), [&](const Config::Route& route) {
    return best_rank(route.called_ae, trimmed(called_ae)) >= 0;
  });
}

}  // namespace dosigate
