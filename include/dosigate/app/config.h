#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/app/access.h"
#include "dosigate/app/audit_settings.h"
#include "dosigate/app/http_settings.h"
#include "dosigate/app/network_limits.h"
#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/deid/deidentifier.h"
#include "dosigate/forward/forwarder.h"
#include "dosigate/identity/subject.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// An IPv4 or IPv6 network; "10.1.0.0/16", "192.168.1.5" (= /32).
struct Network {
  std::array<Byte, 16> address{};  ///< IPv4 mapped into ::ffff:0:0/96
  unsigned prefix = 0;             ///< of 128
  /// False for anything that is no numeric address.
  bool contains(std::string_view numeric_address) const;
  friend bool operator==(const Network&, const Network&) = default;
};
/// Invalid when it is no network, or has bits set beyond its prefix (the detail then says the
/// network that was meant).
Result<Network> parse_network(std::string_view text);

/// The checked configuration: parsed once, immutable; conf/dosigate.toml explains every key. Paths
/// are absolute after loading.
struct Config {
  struct Node {
    std::vector<std::string> listen{"127.0.0.1:11112"};
    std::vector<std::string> listen_tls;  ///< TLS with a client certificate of our CA, only
    std::string ae_title = "DOSIGATE";
    std::filesystem::path state_dir = "/var/lib/dosigate";
    std::filesystem::path key_file;     ///< empty: the systemd credential `dosigate.key`
    std::filesystem::path journal_dir;  ///< empty: no journal
    std::filesystem::path admin_socket = "/run/dosigate/admin.sock";
    std::filesystem::path profiles_dir = "/etc/dosigate/profiles";
    std::uint64_t memory_budget_bytes = 512ULL << 20U;
    std::uint64_t max_instance_bytes = 8ULL << 30U;
    std::uint64_t quarantine_cap_bytes = 20ULL << 30U;
    std::uint64_t min_free_bytes = 1ULL << 30U;
    bool warn_unsynchronised_clock = true;
    std::chrono::seconds connect_timeout{
        10};  ///< of every destination and peer: DCMTK has one for the whole process
    int ledger_keep_days = 90;
    /// A study into which nothing has arrived for this long is complete.
    std::chrono::seconds study_quiet{300};
    int backup_max_age_days = 7;  ///< `check` warns when the newest backup is older; 0 = never
    std::string keep_originals = "study";  ///< "none" | "identity" | "study"
    std::string log_level = "info";
  } node;

  struct Site {
    std::string name;
    SitePolicy policy;
  };
  struct Legal {
    std::string purpose, legal_basis, operator_name,
        country;  ///< LGPD; empty = a warning in `check`
  };
  struct Output {
    Destination destination;
    Legal legal;
  };
  enum class OnUncertain { Quarantine, Refuse };
  enum class Revisions { Hold, NewUid };
  struct Route {
    std::string name, site;
    std::vector<std::string> called_ae{"*"}, calling_ae{"*"};
    std::vector<Network> from;  ///< empty = anywhere
    TlsPin tls;                 ///< not empty = only over TLS, with such a certificate
    std::string profile = "dosimetry";
    std::vector<std::string> destinations;
    OnUncertain on_uncertain = OnUncertain::Quarantine;
    Revisions revisions = Revisions::Hold;        ///< "hold" | "new-uid"
    NewDevices new_devices = NewDevices::Accept;  ///< "accept" | "hold"
    std::vector<DropRule> drop;
    int line = 0;  ///< in the file, for errors
  };
  struct Peer {
    std::string name, ae_title, host;
    std::uint16_t port = 104;
    std::string default_charset;  ///< meaning of an absent (0008,0005) from this AE
    std::optional<TlsPin> tls;    ///< nothing = plain
  };
  std::filesystem::path file;
  std::vector<Site> sites;
  std::vector<Output> outputs;
  std::vector<Route> routes;
  std::vector<Peer> peers;
  std::optional<TlsFiles> tls;  ///< usable when the file was read
  std::vector<std::string> alert_command;
  AccessRules access;  ///< [access]
  NetworkLimits network;
  AuditSettings audit;
  HttpSettings http;
  /// What is allowed but unwise, each with file, line and key: missing LGPD fields, no journal,
  /// listening on every address.
  std::vector<std::string> warnings;
};

/// Everything wrong at once, one line each: "dosigate.toml:12: [[route]] profle: unknown key (did
/// you mean profile?)".
struct ConfigErrors {
  std::vector<std::string> lines;
};
/// Parses and checks as a whole: unknown key, wrong type, missing file or profile, a route to a
/// destination that is not there, equally specific routes.
boost::system::result<Config, ConfigErrors> load_config(const std::filesystem::path& file);

/// Keys of [node] that differ between the two.
std::vector<std::string> changed_node_keys(const Config::Node& before, const Config::Node& now);

/// Every key that load_config understands, "[[route]] from" and so on: the sample file is tested
/// against it.
std::vector<std::string> config_keys();

/// A path of [node] out of a file that may be wrong elsewhere.
struct NodePath {
  std::filesystem::path path;
  /// The line at which the file is no TOML: the path is the default then, which a daemon that was
  /// started with a better file need not use. 0: it is the one.
  unsigned broken_at = 0;
};

/// Only [node] admin_socket, or its default when the file does not name one: the operator's command
/// has to reach a running daemon also while the rest of the file is wrong. NotFound or Denied when
/// the file cannot be read.
Result<NodePath> admin_socket_of(const std::filesystem::path& file);

/// Likewise [node] profiles_dir, for a restore: its profiles have to be there before the file
/// holds.
Result<std::filesystem::path> profiles_dir_of(const std::filesystem::path& file);

/// Shell-like match with "*" and "?" of AE titles, after trimming their insignificant spaces.
bool ae_matches(std::string_view pattern, std::string_view ae_title);

/// The most specific route for an association; nullptr when none admits it. Specific = exact called
/// AE before pattern before "*", then calling AE likewise, then the longest prefix, then one that
/// demands a certificate before one that does not. "*" and "?" match as in a shell.
/// @param certificate  nothing over a plain connection: no route that demands one is taken then.
const Config::Route* find_route(const Config& config, std::string_view called_ae,
                                std::string_view calling_ae, std::string_view address,
                                const std::optional<TlsIdentity>& certificate = std::nullopt);
/// Whether any route or the node itself answers to this called AE title. A route with called_ae =
/// ["*"] answers to every title.
bool answers_to(const Config& config, std::string_view called_ae);

}  // namespace dosigate
