#include <algorithm>
#include <charconv>

#include "config_sections.h"

namespace dosigate {
namespace {

constexpr std::size_t kLongestSocketPath = 107;  // sun_path of sockaddr_un, without its NUL

/// "127.0.0.1:11112", "[::1]:11112"; port 0 = any free one.
bool is_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon), digits = text.substr(colon + 1);
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  // An IPv6 address without brackets would swallow its port.
  if (bracketed != (address.find(':') != std::string_view::npos)) return false;
  if (address.find('/') != std::string_view::npos || !parse_network(address)) return false;
  unsigned port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return !digits.empty() && failed == std::errc{} && end == digits.data() + digits.size() &&
         port <= 65535;
}

std::string_view port_of(std::string_view endpoint) {
  return endpoint.substr(endpoint.rfind(':') + 1);
}

/// Whether one socket has both: one port, and one address or that of all.
bool overlap(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (port_of(a) != port_of(b) || a.starts_with('[') != b.starts_with('[')) return false;
  const auto is_of_all = [](std::string_view endpoint) {
    return endpoint.starts_with("0.0.0.0:") || endpoint.starts_with("[::]:");
  };
  return is_of_all(a) || is_of_all(b);
}

}  // namespace

/// Each address and port stands once, over all lists.
void SectionReader::listeners(TableReader& reader, std::string_view key,
                              std::vector<std::string>& into,
                              const std::vector<std::string>& taken) {
  const auto listen = reader.texts(key);
  if (!listen) return;
  for (auto one = listen->begin(); one != listen->end(); ++one) {
    if (!is_endpoint(*one))
      reader.error(key, "\"" + *one +
                            "\" is no numeric address and port, as in \"0.0.0.0:11112\" or "
                            "\"[::]:11112\"");
    if (port_of(*one) == "0") continue;  // any free one
    std::vector<std::string> before(listen->begin(), one);
    before.insert(before.end(), taken.begin(), taken.end());
    const auto other =
        std::ranges::find_if(before, [&](const auto& b) { return overlap(*one, b); });
    if (other == before.end()) continue;
    reader.error(key, "\"" + *one + "\" " +
                          (*other == *one ? "stands twice"
                                          : "and \"" + *other + "\" are the same port twice"));
  }
  into = *listen;
}

void SectionReader::node(const toml::table& table) {
  TableReader reader(table, "[node]", problems_, known_);
  Config::Node& node = config_.node;
  listeners(reader, "listen", node.listen, {});
  listeners(reader, "listen_tls", node.listen_tls, node.listen);
  if (node.listen.empty() && node.listen_tls.empty())
    reader.error("listen", "is empty, and so is listen_tls: nothing could be received");
  if (reader.has("listen_tls"))
    node_keys_["listen_tls"] = {reader.line("listen_tls"), "[node] listen_tls"};
  if (const auto title = ae_title(reader, "ae_title", false); !title.empty()) node.ae_title = title;

  const auto path = [&](std::string_view key, std::filesystem::path& into) {
    const auto text = reader.text(key);
    if (!text) return;
    if (text->empty()) {
      reader.error(key, "is empty; leave it out for the default");
      return;
    }
    into = absolute(*text);
    node_keys_[std::string(key)] = {reader.line(key), "[node] " + std::string(key)};
  };
  path("state_dir", node.state_dir);
  path("key_file", node.key_file);
  path("journal_dir", node.journal_dir);
  path("admin_socket", node.admin_socket);
  path("profiles_dir", node.profiles_dir);
  if (node.admin_socket.string().size() > kLongestSocketPath)
    reader.error("admin_socket", "has more than 107 bytes, which is all that a socket may have");
  // Writing the default is the same as leaving it out: the embedded profiles do without the
  // directory.
  std::error_code away;
  if (node.profiles_dir != Config::Node{}.profiles_dir &&
      !std::filesystem::is_directory(node.profiles_dir, away))
    reader.error("profiles_dir", node.profiles_dir.string() + " is no directory");

  for (const char* key : {"max_associations", "idle_timeout_s", "dimse_timeout_s"})
    reader.moved(key, "[network]");
  const auto size = [&](std::string_view key, std::int64_t low, unsigned shift,
                        std::uint64_t& into) {
    if (const auto value = reader.integer(key, low, 1 << 20))
      into = static_cast<std::uint64_t>(*value) << shift;
  };
  size("memory_budget_mb", 16, 20, node.memory_budget_bytes);
  size("max_instance_mb", 1, 20, node.max_instance_bytes);
  size("quarantine_cap_gb", 0, 30, node.quarantine_cap_bytes);
  if (const auto gib = reader.number("min_free_gb", 0, 1 << 20))
    node.min_free_bytes = static_cast<std::uint64_t>(*gib * (1ULL << 30U));
  node.warn_unsynchronised_clock =
      reader.boolean("warn_unsynchronised_clock").value_or(node.warn_unsynchronised_clock);
  const auto seconds = [&](std::string_view key, std::chrono::seconds& into) {
    into = std::chrono::seconds(reader.integer(key, 1, 86'400).value_or(into.count()));
  };
  seconds("connect_timeout_s", node.connect_timeout);
  seconds("study_quiet_s", node.study_quiet);
  node.ledger_keep_days = static_cast<int>(
      reader.integer("ledger_keep_days", 1, 36'500).value_or(node.ledger_keep_days));
  node.backup_max_age_days = static_cast<int>(
      reader.integer("backup_max_age_days", 0, 3'650).value_or(node.backup_max_age_days));
  node.keep_originals =
      reader.choice("keep_originals", {"none", "identity", "study"}).value_or(node.keep_originals);
  node.log_level =
      reader.choice("log_level", {"debug", "info", "warn", "error"}).value_or(node.log_level);
  reader.finish();
}

std::vector<std::string> changed_node_keys(const Config::Node& before, const Config::Node& now) {
  std::vector<std::string> out;
  const auto compare = [&](const char* key, const auto member) {
    if (before.*member != now.*member) out.emplace_back(key);
  };
  using Node = Config::Node;
  compare("listen", &Node::listen);
  compare("listen_tls", &Node::listen_tls);
  compare("ae_title", &Node::ae_title);
  compare("state_dir", &Node::state_dir);
  compare("key_file", &Node::key_file);
  compare("journal_dir", &Node::journal_dir);
  compare("admin_socket", &Node::admin_socket);
  compare("profiles_dir", &Node::profiles_dir);
  compare("memory_budget_mb", &Node::memory_budget_bytes);
  compare("max_instance_mb", &Node::max_instance_bytes);
  compare("quarantine_cap_gb", &Node::quarantine_cap_bytes);
  compare("min_free_gb", &Node::min_free_bytes);
  compare("warn_unsynchronised_clock", &Node::warn_unsynchronised_clock);
  compare("connect_timeout_s", &Node::connect_timeout);
  compare("study_quiet_s", &Node::study_quiet);
  compare("ledger_keep_days", &Node::ledger_keep_days);
  compare("backup_max_age_days", &Node::backup_max_age_days);
  compare("keep_originals", &Node::keep_originals);
  compare("log_level", &Node::log_level);
  return out;
}

}  // namespace dosigate
