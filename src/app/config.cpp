#include "dosigate/app/config.h"

#include <algorithm>
#include <cstdlib>

#include "config_reader.h"
#include "config_sections.h"
#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

/// TOML forbids NUL and asks for UTF-8; a configuration is small.
constexpr std::uint64_t kLargestFile = 4U << 20U;

std::string content_of(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, kLargestFile);
  return std::string(as_text(bytes));
}

/// Reads every section; `known` collects the keys that were asked for.
Config read_sections(const toml::table& root, const std::filesystem::path& file, Problems& problems,
                     std::set<std::string>* known) {
  Config config;
  config.file = std::filesystem::absolute(file);
  SectionReader sections(config, problems, known);
  TableReader top(root, "", problems, nullptr);
  if (const toml::table* node = top.table("node")) sections.node(*node);
  for (const toml::table* site : top.tables("site")) sections.site(*site);
  for (const toml::table* destination : top.tables("destination"))
    sections.destination(*destination);
  for (const toml::table* route : top.tables("route")) sections.route(*route);
  for (const toml::table* peer : top.tables("peer")) sections.peer(*peer);
  if (const toml::table* tls = top.table("tls")) sections.tls(*tls);
  if (const toml::table* alert = top.table("alert")) sections.alert(*alert);
  if (const toml::table* access = top.table("access")) sections.access(*access);
  if (const toml::table* network = top.table("network")) sections.network(*network);
  if (const toml::table* audit = top.table("audit")) sections.audit(*audit);
  if (const toml::table* http = top.table("http")) sections.http(*http);
  for (const toml::table* client : top.tables("http_client")) sections.http_client(*client);
  top.finish();
  sections.together();
  return config;
}

}  // namespace

boost::system::result<Config, ConfigErrors> load_config(const std::filesystem::path& file) {
  Problems problems(file.string());
  std::string text;
  try {
    text = content_of(file);
  } catch (const std::system_error& unreadable) {
    return ConfigErrors{{file.string() + ": cannot be read: " + unreadable.code().message()}};
  }
  try {
    const toml::table root = toml::parse(text, file.string());
    Config config = read_sections(root, file, problems, nullptr);
    if (problems.any()) return ConfigErrors{problems.errors()};
    config.warnings = problems.warnings();
    return config;
  } catch (const toml::parse_error& broken) {
    problems.error(broken.source().begin.line, {},
                   "no valid TOML: " + std::string(broken.description()));
    return ConfigErrors{problems.errors()};
  }
}

std::vector<std::string> config_keys() {
  // Known is what the reader asks for, so a document with one empty table of each kind tells all.
  const toml::table root = toml::parse(
      "[node]\n[[site]]\n[[destination]]\n[[route]]\ndrop = "
      "[{}]\n[[peer]]\n[alert]\n[access]\n[network]\n[tls]\n[audit]\n[http]\n[[http_client]]\n");
  Problems ignored("");  // an empty route lacks a name; only the keys matter here
  std::set<std::string> known;
  read_sections(root, "dosigate.toml", ignored, &known);
  return {known.begin(), known.end()};
}

namespace {

/// One path of [node], from a file that may be wrong elsewhere.
Result<NodePath> node_path_of(const std::filesystem::path& file, const char* key,
                              const std::filesystem::path& standard) {
  std::string text;
  try {
    text = content_of(file);
  } catch (const std::system_error& unreadable) {
    const Fault fault =
        unreadable.code() == std::errc::permission_denied ? Fault::Denied : Fault::NotFound;
    return fail(fault, file.string() + " cannot be read: " + unreadable.code().message());
  }
  try {
    const toml::table root = toml::parse(text, file.string());
    const auto path = root["node"][key].value<std::string>();
    if (!path || path->empty()) return NodePath{standard};
    return NodePath{(std::filesystem::absolute(file).parent_path() / *path).lexically_normal()};
  } catch (const toml::parse_error& broken) {
    // A running daemon was started with a better file; this is the likely place.
    return NodePath{standard, broken.source().begin.line};
  }
}

}  // namespace

Result<NodePath> admin_socket_of(const std::filesystem::path& file) {
  return node_path_of(file, "admin_socket", Config::Node{}.admin_socket);
}

Result<std::filesystem::path> profiles_dir_of(const std::filesystem::path& file) {
  auto found = node_path_of(file, "profiles_dir", Config::Node{}.profiles_dir);
  if (!found) return found.error();
  return std::move(found->path);
}

}  // namespace dosigate
