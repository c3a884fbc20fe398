#include <algorithm>

#include "config_sections.h"

// [network]: limits, and patience with peers.

namespace dosigate {

void SectionReader::network(const toml::table& table) {
  TableReader reader(table, "[network]", problems_, known_);
  NetworkLimits& limits = config_.network;
  const auto count = [&](std::string_view key, std::int64_t most, unsigned& into) {
    into = static_cast<unsigned>(reader.integer(key, 1, most).value_or(into));
  };
  const auto seconds = [&](std::string_view key, std::int64_t low, std::int64_t high,
                           std::chrono::seconds& into) {
    into = std::chrono::seconds(reader.integer(key, low, high).value_or(into.count()));
  };
  const auto share = [&](std::string_view key, std::int64_t most, const char* of_key, unsigned all,
                         unsigned& into) {
    count(key, most, into);
    if (reader.has(key) && into > all)
      reader.error(key, "is larger than " + std::string(of_key) +
                            ", which all addresses have together: " + std::to_string(all));
    into = std::min(into, all);
  };
  count("max_pending", 4000, limits.max_pending);
  share("max_pending_per_address", 4000, "max_pending", limits.max_pending,
        limits.max_pending_per_address);
  seconds("first_pdu_timeout_s", 1, 60, limits.first_pdu_timeout);
  count("max_associations", 1000, limits.max_associations);
  share("max_associations_per_address", 1000, "max_associations", limits.max_associations,
        limits.max_associations_per_address);
  seconds("idle_timeout_s", 1, 86'400, limits.idle_timeout);
  seconds("dimse_timeout_s", 1, 86'400, limits.dimse_timeout);
  count("min_bytes_per_s", 1'000'000, limits.min_bytes_per_s);
  seconds("rate_window_s", 1, 600, limits.rate_window);
  limits.close_unlisted = reader.choice("unlisted_addresses", {"reject", "close"}) == "close";
  seconds("refused_log_interval_s", 1, 86'400, limits.refused_log_interval);
  reader.finish();
}

std::vector<std::string> changed_network_keys(const NetworkLimits& before,
                                              const NetworkLimits& now) {
  std::vector<std::string> out;
  const auto compare = [&](const char* key, const auto member) {
    if (before.*member != now.*member) out.emplace_back(key);
  };
  compare("max_pending", &NetworkLimits::max_pending);
  compare("max_pending_per_address", &NetworkLimits::max_pending_per_address);
  compare("first_pdu_timeout_s", &NetworkLimits::first_pdu_timeout);
  compare("max_associations", &NetworkLimits::max_associations);
  compare("max_associations_per_address", &NetworkLimits::max_associations_per_address);
  compare("idle_timeout_s", &NetworkLimits::idle_timeout);
  compare("dimse_timeout_s", &NetworkLimits::dimse_timeout);
  compare("min_bytes_per_s", &NetworkLimits::min_bytes_per_s);
  compare("rate_window_s", &NetworkLimits::rate_window);
  compare("unlisted_addresses", &NetworkLimits::close_unlisted);
  compare("refused_log_interval_s", &NetworkLimits::refused_log_interval);
  return out;
}

}  // namespace dosigate
