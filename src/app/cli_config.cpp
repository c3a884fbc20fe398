#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <iostream>
#include <system_error>

#include "cli.h"
#include "cli_text.h"
#include "config_sections.h"
#include "dosigate/app/init.h"

namespace dosigate::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// What no association could have; nothing when it is one.
std::optional<std::string> wrong(const Who& who) {
  for (const std::string* title : {&who.called, &who.calling})
    if (const auto why = wrong_ae(*title)) return "\"" + *title + "\": " + *why;
  if (who.address.find('/') != std::string::npos || !parse_network(who.address))
    return "\"" + who.address + "\" is no address, as in \"10.1.4.7\"";
  return std::nullopt;
}

int print_route(const Config& config, const Who& who) {
  std::optional<TlsIdentity> certificate;
  if (!who.certificate.empty()) {
    auto read = tls_identity_of(who.certificate);
    if (!read) {
      complain(read.error().detail);
      return kNotDone;
    }
    certificate = std::move(*read);
  }
  const Config::Route* route =
      find_route(config, who.called, who.calling, who.address, certificate);
  const std::string peer = who.calling + " -> " + who.called + " from " + who.address;
  if (route == nullptr) {
    complain(peer + ": no route, " +
             (answers_to(config, who.called)
                  ? "the caller or its address is not admitted (or not its certificate)"
                  : "the node does not answer to this called AE title"));
    return kNotDone;
  }
  std::string code;
  for (const Config::Site& site : config.sites) {
    if (site.name == route->site) code = site.policy.code;
  }
  std::cout << printable(peer) << "\n"
            << "  route         " << route->name << " (line " << route->line << ")\n"
            << "  site          " << route->site << " (" << code << ")\n"
            << "  profile       " << route->profile << "\n"
            << "  destinations  " << joined(route->destinations) << "\n"
            << "  on_uncertain  "
            << (route->on_uncertain == Config::OnUncertain::Refuse ? "refuse" : "quarantine")
            << "\n"
            << "  revisions     "
            << (route->revisions == Config::Revisions::NewUid ? "new-uid" : "hold") << "\n"
            << "  new_devices   " << (route->new_devices == NewDevices::Hold ? "hold" : "accept")
            << "\n";
  for (const DropRule& rule : route->drop) std::cout << "  drop          " << rule.text << "\n";
  return kDone;
}

}  // namespace

void hand_over(const std::filesystem::path& directory, const std::filesystem::path& key_file) {
  struct stat owner {};
  if (geteuid() != 0 || ::stat(directory.c_str(), &owner) != 0 || owner.st_uid == 0) return;
  const auto give = [&](const std::filesystem::path& path) {
    struct stat info {};
    const bool ours = ::lstat(path.c_str(), &info) == 0 && info.st_uid == 0;
    if (ours && ::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
      throw std::system_error(errno, std::generic_category(), "chown " + path.string());
  };
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    give(entry.path());
  if (!key_file.empty()) give(key_file);
}

int config_check(const Options& options, const std::optional<Who>& who) {
  if (who) {
    if (const auto why = wrong(*who)) {
      complain("--who " + *why);
      return kUsage;
    }
  }
  const auto config = load(options.config);
  if (!config) return kNotDone;
  if (who) return print_route(*config, *who);
  for (const std::string& warning : config->warnings)
    std::cout << "warning: " << printable(warning) << "\n";
  std::cout << options.config.string() << ": valid; " << config->routes.size() << " routes, "
            << config->outputs.size() << " destinations, " << config->sites.size() << " sites, "
            << config->warnings.size() << " warnings\n";
  return kDone;
}

int init(const Options& options, const std::filesystem::path& credential_file) {
  auto config = load(options.config);
  if (!config) return kNotDone;
  // Without key_file the service gets its key as a systemd credential, which systemd reads as root:
  // the file stays root's.
  const std::filesystem::path configured = config->node.key_file;
  if (configured.empty()) config->node.key_file = credential_file;
  const auto key_file = config->node.key_file;
  const auto recovery = initialise(*config);
  if (!recovery) {
    complain(recovery.error().detail);
    return kNotDone;
  }
  hand_over(config->node.state_dir, configured);
  if (!config->node.journal_dir.empty()) hand_over(config->node.journal_dir, {});
  std::cout
      << "state directory  " << config->node.state_dir.string() << "\n"
      << "key file         " << key_file.string() << "\n"
      << "recovery key     " << *recovery << "\n\n"
      << "The recovery key is shown this once. Write it down and keep it away from this machine:\n"
         "with it and a backup the pseudonyms can be restored, without both they cannot.\n";
  if (configured.empty())
    std::cout << "The service reads the key by LoadCredential=dosigate.key:" << key_file.string()
              << "\n";
  return kDone;
}

int init_ledger(const Options& options, const std::filesystem::path& credential_file) {
  auto config = load(options.config);
  if (!config) return kNotDone;
  const std::filesystem::path configured = config->node.key_file;
  if (configured.empty()) config->node.key_file = credential_file;
  if (const auto begun = begin_ledger(*config); !begun) {
    complain(begun.error().detail);
    return kNotDone;
  }
  hand_over(config->node.state_dir, configured);
  std::cout << "an empty ledger was made: what was received before is not counted any more\n";
  return kDone;
}

}  // namespace dosigate::cli
