#include <algorithm>
#include <cctype>

#include "config_sections.h"
#include "dosigate/deid/profile.h"
#include "route_match.h"

namespace dosigate {
namespace {

bool is_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
  // Symbolic links of what exists are followed: a link out of state_dir is outside, a link into it
  // inside.
  // A share that is away must stop neither a start nor a reload: its path is then taken as written.
  const auto resolved = [](const std::filesystem::path& given) {
    std::error_code away;
    const auto out = std::filesystem::weakly_canonical(given, away);
    return away ? given.lexically_normal() : out;
  };
  const auto inner = resolved(path);
  const auto outer = resolved(directory);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

std::vector<std::string> names_of(const std::map<std::string, unsigned>& taken) {
  std::vector<std::string> out;
  for (const auto& [name, line] : taken) out.push_back(name);
  return out;
}

bool is_profile_name(std::string_view name) {
  // The name becomes a file name: no path may hide in it.
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

bool is_loopback(std::string_view endpoint) {
  static const Network loopback = *parse_network("127.0.0.0/8");
  if (endpoint.starts_with("[::1]")) return true;
  return loopback.contains(endpoint.substr(0, endpoint.rfind(':')));
}

void SectionReader::together() {
  embedded_destination();
  sites_of_routes();
  references();
  paths();
  own_output();
  routes_against_each_other();
  tls_together();
  http_together();
  unwise();
  for (Config::Output& output : config_.outputs) {
    output.destination.calling_ae = config_.node.ae_title;
    output.destination.connect_timeout = config_.node.connect_timeout;
  }
}

void SectionReader::embedded_destination() {
  if (!config_.outputs.empty()) return;
  // The product does its job with no archive at all: Part 10 files beside the state directory.
  Config::Output outbox;
  outbox.destination.name = "outbox";
  outbox.destination.kind = Destination::Kind::Folder;
  outbox.destination.path = config_.node.state_dir;
  outbox.destination.path += "-outbox";
  destinations_.emplace("outbox", 0);
  problems_.warning(
      0, "[[destination]]",
      "none is declared: studies go to the folder " + outbox.destination.path.string());
  config_.outputs.push_back(std::move(outbox));
  for (const Pending& pending : pending_) {
    if (!pending.names_destinations) config_.routes[pending.route].destinations = {"outbox"};
  }
}

void SectionReader::sites_of_routes() {
  const bool declared = !config_.sites.empty();
  for (const Pending& pending : pending_) {
    Config::Route& route = config_.routes[pending.route];
    const auto& [line, where] = pending.site;
    if (route.site.empty()) {
      if (config_.sites.size() == 1 && declared) {
        route.site = config_.sites.front().name;
      } else {
        problems_.error(line, where,
                        declared ? "is missing: several sites are declared"
                                 : "is missing: its code stands in every pseudonym, for ever");
      }
      continue;
    }
    if (sites_.contains(route.site)) continue;
    if (declared) {
      problems_.error(line, where,
                      "no [[site]] is named \"" + route.site + "\"" +
                          did_you_mean(route.site, names_of(sites_)));
      continue;
    }
    Config::Site site;
    site.name = route.site;
    site.policy.code = code_of(route.site);
    sites_.emplace(site.name, line);
    if (site.policy.code.empty()) {
      problems_.error(line, where,
                      "\"" + route.site +
                          "\" has no upper-case letter or digit to make a code of; "
                          "declare [[site]] with name and code");
    } else if (const auto [first, fresh] = site_codes_.emplace(site.policy.code, line); !fresh) {
      problems_.error(line, where,
                      "\"" + route.site + "\" gives the code " + site.policy.code +
                          ", as does line " + std::to_string(first->second) +
                          "; declare [[site]] with name and code");
    }
    config_.sites.push_back(std::move(site));
  }
}

void SectionReader::references() {
  if (pending_.empty())
    problems_.error(0, "[[route]]", "none is declared: no association would be accepted");
  for (const Pending& pending : pending_) {
    const Config::Route& route = config_.routes[pending.route];
    if (route.destinations.empty()) {
      problems_.error(pending.destinations.line, pending.destinations.where,
                      "a route needs at least one destination");
    }
    for (std::size_t i = 0; i < route.destinations.size(); ++i) {
      const std::string& name = route.destinations[i];
      if (!destinations_.contains(name)) {
        problems_.error(pending.destinations.line, pending.destinations.where,
                        "no [[destination]] is named \"" + name + "\"" +
                            did_you_mean(name, names_of(destinations_)));
      }
      const auto here = route.destinations.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(route.destinations.begin(), here, name) != here)
        problems_.error(pending.destinations.line, pending.destinations.where,
                        "\"" + name + "\" stands twice");
    }
    const auto& [line, where] = pending.profile;
    if (!is_profile_name(route.profile)) {
      problems_.error(line, where,
                      "\"" + route.profile + "\" is no profile name (letters, digits, - _ .)");
    } else if (const auto profile = Profile::load(config_.node.profiles_dir, route.profile);
               !profile) {
      const bool absent = profile.error().fault == Fault::NotFound;
      problems_.error(line, where,
                      (absent ? "no profile \"" + route.profile + "\": " : "") +
                          profile.error().detail +
                          (absent ? did_you_mean(route.profile, {"dosimetry", "basic"}) : ""));
    }
  }
}

void SectionReader::paths() {
  const Config::Node& node = config_.node;
  const auto said = [&](const char* key) {
    const auto found = node_keys_.find(key);
    return found != node_keys_.end() ? found->second : Said{0, std::string("[node] ") + key};
  };
  if (!node.key_file.empty() && is_inside(node.key_file, node.state_dir)) {
    const auto [line, where] = said("key_file");
    problems_.error(line, where,
                    "lies inside state_dir: who copies the state would have its key as well; `mv " +
                        node.key_file.string() + " DIRECTORY` elsewhere and name it here");
  }
  if (!node.key_file.empty() && !node.journal_dir.empty() &&
      is_inside(node.key_file, node.journal_dir)) {
    const auto [line, where] = said("key_file");
    problems_.error(
        line, where,
        "lies inside journal_dir, which holds a copy of the keyring: who takes that disk "
        "would have its key as well; `mv " +
            node.key_file.string() + " DIRECTORY` elsewhere and name it here");
  }
  if (!node.journal_dir.empty() && is_inside(node.journal_dir, node.state_dir)) {
    const auto [line, where] = said("journal_dir");
    problems_.warning(line, where, "lies inside state_dir and would be lost together with it");
  }
  std::map<std::filesystem::path, std::string> folders;
  for (const Config::Output& output : config_.outputs) {
    const Destination& to = output.destination;
    if (to.kind != Destination::Kind::Folder || to.path.empty()) continue;
    const auto found = folder_paths_.find(to.name);
    const Said place =
        found != folder_paths_.end() ? found->second : Said{0, "[[destination]] path"};
    if (is_inside(to.path, node.state_dir))
      problems_.error(place.line, place.where,
                      "lies inside state_dir, which holds identities and is no one else's");
    if (is_inside(node.state_dir, to.path))
      problems_.error(place.line, place.where,
                      "holds state_dir; studies need a folder of their own");
    const auto [first, fresh] = folders.emplace(to.path, to.name);
    if (!fresh)
      problems_.error(place.line, place.where,
                      "is the folder of destination \"" + first->second + "\" as well");
  }
}

/// What a node sends to itself it would receive, and send to itself.
void SectionReader::own_output() {
  std::vector<std::string> own = config_.node.listen;
  own.insert(own.end(), config_.node.listen_tls.begin(), config_.node.listen_tls.end());
  for (const Config::Output& output : config_.outputs) {
    const Destination& to = output.destination;
    if (to.kind != Destination::Kind::Dicom) continue;
    const std::string port = ":" + std::to_string(to.port);
    const bool v6 = to.host.find(':') != std::string::npos;
    const std::string target = (v6 ? "[" + to.host + "]" : to.host) + port;
    const bool this_machine = to.host == "localhost" || is_loopback(target);
    for (const std::string& endpoint : own) {
      const bool local = endpoint == "0.0.0.0" + port || endpoint == "[::]" + port ||
                         (is_loopback(endpoint) && endpoint.ends_with(port));
      if (endpoint != target && !(this_machine && local)) continue;
      const auto line = destinations_.find(to.name);  // not there when it has no name
      problems_.error(line == destinations_.end() ? 0 : line->second, "[[destination]] port",
                      "\"" + to.name + "\" is this node itself, which listens on " + endpoint +
                          ": what it sends would come back to it");
    }
  }
}

void SectionReader::routes_against_each_other() {
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Config::Route& here = config_.routes[pending_[i].route];
      const Config::Route& there = config_.routes[pending_[j].route];
      const auto tie = equally_specific(here, there);
      if (!tie) continue;
      const auto& [line, where] = pending_[i].route_itself;
      problems_.error(line, where,
                      "\"" + here.name + "\" and \"" + there.name + "\" (line " +
                          std::to_string(there.line) + ") are equally specific: " + *tie +
                          "; make called_ae, calling_ae or from differ");
    }
  }
}

void SectionReader::unwise() {
  const Config::Node& node = config_.node;
  if (node.journal_dir.empty()) {
    problems_.warning(
        0, "[node] journal_dir",
        "is not set: patients taken in since the last backup lose their pseudonyms with the disk");
  } else if (std::error_code away; !std::filesystem::is_directory(node.journal_dir, away)) {
    const auto& [line, where] = node_keys_.at("journal_dir");
    problems_.warning(line, where,
                      node.journal_dir.string() + " is no directory yet (is the disk mounted?)");
  }
  for (const auto& [name, place] : folder_paths_) {
    const auto output = std::ranges::find(
        config_.outputs, name, [](const Config::Output& one) { return one.destination.name; });
    if (output == config_.outputs.end()) continue;
    const auto& path = output->destination.path;
    const auto parent = (path.has_filename() ? path : path.parent_path()).parent_path();
    if (std::error_code away; parent.empty() || std::filesystem::is_directory(parent, away))
      continue;
    problems_.warning(place.line, place.where,
                      parent.string() +
                          " is no directory yet (is the disk mounted?): what goes to \"" + name +
                          "\" waits until it is one");
  }
  const bool open_to_network = std::any_of(node.listen.begin(), node.listen.end(),
                                           [](const std::string& e) { return !is_loopback(e); });
  for (const Pending& pending : pending_) {
    const Config::Route& route = config_.routes[pending.route];
    const bool any_caller =
        std::find(route.calling_ae.begin(), route.calling_ae.end(), "*") != route.calling_ae.end();
    if (open_to_network && any_caller && route.from.empty() && route.tls.empty()) {
      problems_.warning(
          pending.route_itself.line, pending.route_itself.where,
          "\"" + route.name + "\" lets every machine in the network send: say from or calling_ae");
    }
  }
}

}  // namespace dosigate
