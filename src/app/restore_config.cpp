#include <algorithm>
#include <map>

#include "backup.h"
#include "dosigate/base/durable_file.h"
#include "restore.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = 4U << 20U;  ///< of a configuration or profile

Error not_valid(const fs::path& file, const ConfigErrors& errors, bool written) {
  std::string all = written ? "the configuration of the backup was written to " + file.string() +
                                  ", but does not hold on this machine: mend it and restore again"
                            : file.string() + " is wrong: mend it and restore again";
  for (const auto& line : errors.lines) all += "\n" + line;
  return fail(Fault::Invalid, all);
}

/// Configuration and profiles of the backup, by entry. Reads, and so proves, all of it.
Result<std::map<std::string, Bytes>> small_entries(const BundleReader& backup) {
  std::map<std::string, Bytes> out;
  bool too_large = false;
  const auto whole = backup.read([&](const std::string& name, ByteView piece) {
    if (name != kBackupConfig && !name.starts_with(kBackupProfiles)) return;
    Bytes& content = out[name];
    too_large = too_large || content.size() + piece.size() > kLargest;
    if (!too_large) content.insert(content.end(), piece.begin(), piece.end());
  });
  if (!whole) return whole.error();
  if (too_large || !out.contains(kBackupConfig))
    return fail(Fault::Corrupt, "the backup holds no configuration of a size that one may have");
  return out;
}

/// The service reads it as its own user, and there is no secret in it.
void write_readable(const fs::path& file, const Bytes& content) {
  const fs::path directory = fs::absolute(file).parent_path();
  if (!fs::exists(directory)) {
    make_private_directory(directory);
    fs::permissions(directory, fs::perms(0755));
  }
  replace_file(file, content);
  fs::permissions(file, fs::perms(0644));
}

bool holds_profiles(const fs::path& directory) {
  if (!fs::is_directory(directory)) return false;
  return std::any_of(fs::directory_iterator(directory), fs::directory_iterator(),
                     [](const auto& file) { return file.path().extension() == ".toml"; });
}

}  // namespace

Result<ConfigToUse> config_to_use(const fs::path& file, const BundleReader& backup) {
  const auto entries = small_entries(backup);
  if (!entries) return entries.error();
  ConfigToUse out;
  if (!fs::exists(file)) {
    write_readable(file, entries->at(kBackupConfig));
    out.written = true;
  }
  const auto profiles = profiles_dir_of(file);
  if (!profiles) return profiles.error();
  if (out.written && !holds_profiles(*profiles)) {
    const std::string prefix = kBackupProfiles;
    for (const auto& [name, content] : *entries)
      if (name.starts_with(prefix)) write_readable(*profiles / name.substr(prefix.size()), content);
  }
  out.another = read_file(file, kLargest) != entries->at(kBackupConfig);
  auto config = load_config(file);
  if (!config) return not_valid(file, config.error(), out.written);
  out.config = std::move(*config);
  return out;
}

}  // namespace dosigate
