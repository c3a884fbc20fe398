#include "places.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace dosigate {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOfOthers = 0077;
constexpr mode_t kWritable = 0022;

std::string name_of(uid_t uid) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(uid);
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

/// Of state_dir: this user's alone.
Result<void> is_ours_alone(const fs::path& path, const fs::path& state_dir) {
  struct stat real {};  // of what a link leads to: an administrator may have put a disk there
  if (::stat(path.c_str(), &real) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    throw std::system_error(errno, std::generic_category(), "look at " + path.string());
  }
  if (real.st_uid != ::geteuid())
    return fail(Fault::Denied, path.string() + " belongs to " + name_of(real.st_uid) +
                                   ", and the node runs as " + name_of(::geteuid()) +
                                   ": start it as that user, or `chown -R " + name_of(::geteuid()) +
                                   ": " + state_dir.string() + "`");
  if ((real.st_mode & kOfOthers) != 0)
    return fail(Fault::Denied, path.string() + " has mode " + octal(real.st_mode) +
                                   ", so that others may come at identities or change them: find "
                                   "out who did, then `chmod -R go-rwx " +
                                   state_dir.string() + "`");
  return {};
}

/// What the node obeys: written by root and this user only.
Result<void> is_trusted(const fs::path& path, bool may_be_sticky) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};  // its reader says that it is not there
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return fail(Fault::Denied, path.string() + " belongs to " + name_of(info.st_uid) +
                                   ", who can change what the node does: `chown root " +
                                   path.string() + "`");
  if ((info.st_mode & kWritable) == 0) return {};
  if (may_be_sticky && (info.st_mode & S_ISVTX) != 0) return {};
  return fail(Fault::Denied, path.string() + " has mode " + octal(info.st_mode) +
                                 ": others can write it and so change what the node does: read it, "
                                 "then `chmod go-w " +
                                 path.string() + "`");
}

std::vector<fs::path> kept_in(const fs::path& state) {
  std::vector<fs::path> out{state,
                            state / "keyring",
                            state / "lock",
                            state / "approvals",
                            state / "identity",
                            state / "audit",
                            state / "archive",
                            state / "archive" / "spool",
                            state / "quarantine"};
  for (const char* database : {"identity/map.db", "ledger.db", "archive/queue.db"})
    for (const char* part : {"", "-wal", "-shm"})
      out.push_back(state / (std::string(database) + part));
  // Few files; those of spool and quarantine are many, and nobody else enters their directories.
  std::error_code absent;
  for (const auto& file : fs::directory_iterator(state / "audit", absent)) out.push_back(file);
  return out;
}

}  // namespace

Result<void> check_places(const Config& config) {
  const auto& node = config.node;
  for (const auto& path : kept_in(node.state_dir))
    if (auto ours = is_ours_alone(path, node.state_dir); !ours) return ours;

  std::vector<fs::path> obeyed{config.file};
  std::error_code absent;
  for (const auto& file : fs::directory_iterator(node.profiles_dir, absent))
    obeyed.push_back(file.path());
  for (const auto& file : obeyed)
    if (auto trusted = is_trusted(file, false); !trusted) return trusted;
  for (const auto& directory : {config.file.parent_path(), node.profiles_dir})
    if (auto trusted = is_trusted(directory, true); !directory.empty() && !trusted) return trusted;

  struct stat journal {};
  if (!node.journal_dir.empty() && ::stat(node.journal_dir.c_str(), &journal) == 0 &&
      (journal.st_mode & S_IWOTH) != 0)
    return fail(Fault::Denied, node.journal_dir.string() +
                                   " can be written by everybody, who could destroy the journal: "
                                   "`chmod o-w " +
                                   node.journal_dir.string() + "`");
  return {};
}

Result<void> away_from_key(const fs::path& directory, const fs::path& key_file) {
  if (key_file.empty()) return {};
  std::error_code away;
  const fs::path inner = fs::weakly_canonical(key_file, away);
  const fs::path outer = fs::weakly_canonical(directory, away);
  if (std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first != outer.end())
    return {};
  return fail(Fault::Denied, "the master key " + key_file.string() + " lies in " +
                                 directory.string() +
                                 ": who takes the copy would have its key as well; name another "
                                 "directory, or move the key and set [node] key_file");
}

}  // namespace dosigate
