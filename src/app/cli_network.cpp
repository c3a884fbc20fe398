#include <fmt/core.h>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {

using boost::json::value;

std::string network_text(const value& network) {
  if (network.is_null()) return {};
  std::string out = fmt::format(
      "network       {} of {} connections wait for their request ({} of one address at most); {} "
      "of "
      "{} associations ({}), {} idle, {} inside a message; {} of {} for instances\n",
      shown(network, "pending.now"), shown(network, "pending.max"),
      shown(network, "pending.max_per_address"), shown(network, "associations.now"),
      shown(network, "associations.max"), shown(network, "associations.max_per_address"),
      shown(network, "associations.idle"), shown(network, "associations.receiving"),
      size_text(number(network, "memory.used_bytes")),
      size_text(number(network, "memory.max_bytes")));
  const value& since = at(network, "since_start");
  out += fmt::format(
      "              since the start {} connections: {} timed out, {} malformed, {} over the "
      "limit, "
      "{} of unlisted addresses, {} refused\n",
      shown(since, "connections"), shown(since, "pending_timed_out"), shown(since, "malformed"),
      shown(since, "pending_over_limit"), shown(since, "unlisted_address"),
      shown(since, "refused"));
  out += fmt::format(
      "              associations ended by us: {} idle and {} stalled ones for others, {} for "
      "their "
      "memory, {} too slow, {} timed out; {} without an acceptable context\n",
      shown(since, "evicted_idle"), shown(since, "evicted_stalled"),
      shown(since, "evicted_for_memory"), shown(since, "too_slow"), shown(since, "timed_out"),
      shown(since, "without_context"));
  std::string held;
  for (const value& one : list(network, "addresses"))
    held += fmt::format("{}{} ({} associations, {} waiting)", held.empty() ? "" : ", ",
                        shown(one, "address"), shown(one, "associations"), shown(one, "pending"));
  if (!held.empty())
    out += fmt::format("              by address, {} in all: {}\n",
                       shown(network, "addresses_in_all"), held);
  const value& limits = at(network, "limits");
  out += fmt::format(
      "              patience: {} s for the request, {} s idle, {} s silent and {} bytes/s over {} "
      "s inside a message; unlisted addresses: {}\n",
      shown(limits, "first_pdu_timeout_s"), shown(limits, "idle_timeout_s"),
      shown(limits, "dimse_timeout_s"), shown(limits, "min_bytes_per_s"),
      shown(limits, "rate_window_s"), shown(limits, "unlisted_addresses"));
  return out;
}

}  // namespace dosigate::cli
