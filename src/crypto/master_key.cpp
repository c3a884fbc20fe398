#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"
#include "new_file.h"

namespace dosigate {
namespace {

constexpr std::size_t kDigits = 2 * Secret::kSize;

std::string octal(unsigned mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

Error invalid(const std::filesystem::path& file) {
  return fail(
      Fault::Invalid,
      "the master key " + file.string() +
          " is not 64 hexadecimal digits and a newline; give the file that `dosigate init` wrote");
}

std::filesystem::path next_of(const std::filesystem::path& key_file) {
  return key_file.string() + ".new";
}

/// @param model  whose owner and mode the new file gets; may be empty.
Result<Secret> create_like(const std::filesystem::path& file, const std::filesystem::path& model) {
  Secret master = random_secret();
  std::string digits = to_hex(master.reveal());
  std::string text;
  text.reserve(kDigits + 1);  // growing would leave a copy of the digits behind
  text.append(digits).append("\n");
  auto written = write_new_key_file(file, as_bytes(text), "master key", model);
  wipe(digits.data(), digits.size());
  wipe(text.data(), text.size());
  if (!written) return written.error();
  return master;
}

}  // namespace

Result<Secret> load_master_key(const std::filesystem::path& key_file,
                               std::optional<unsigned> also) {
  const int fd = ::open(key_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return fail(
        Fault::NotFound,
        "the master key " + key_file.string() +
            " does not exist; name the right key_file or run `dosigate --config FILE init`");
  if (fd < 0 && errno == EACCES)
    return fail(Fault::Denied, "the master key " + key_file.string() +
                                   " cannot be read by this user; run as its owner");
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + key_file.string());
  const FileDescriptor file(fd);

  struct stat info {};
  if (::fstat(fd, &info) != 0)
    throw std::system_error(errno, std::generic_category(), "stat " + key_file.string());
  if (!S_ISREG(info.st_mode))
    return fail(Fault::Invalid, "the master key " + key_file.string() + " is not a regular file");
  if (info.st_uid != 0 && info.st_uid != ::geteuid() && info.st_uid != also)
    return fail(Fault::Denied, "the master key " + key_file.string() + " belongs to uid " +
                                   std::to_string(info.st_uid) +
                                   ", neither to this user nor to root: `chown " +
                                   std::to_string(::geteuid()) + " " + key_file.string() +
                                   "`, and consider the key known (dosigate key compromise)");
  // A systemd credential shows 0440 where access is given by an ACL.
  const unsigned mode = info.st_mode & 07777U;
  if (mode != 0400 && mode != 0440 && mode != 0600)
    return fail(Fault::Denied, "the master key " + key_file.string() + " has mode " + octal(mode) +
                                   "; others could read or change it: `chmod 0400 " +
                                   key_file.string() +
                                   "`, and consider the key known (dosigate key compromise)");

  const auto size = static_cast<std::size_t>(info.st_size);
  if (size < kDigits || size > kDigits + 1) return invalid(key_file);
  Bytes content(size);
  if (!read_exactly_at(fd, content, 0, key_file)) return invalid(key_file);
  const std::string_view text = as_text(content);
  auto key =
      size == kDigits || text.back() == '\n' ? from_hex(text.substr(0, kDigits)) : std::nullopt;
  wipe(content.data(), content.size());
  if (!key) return invalid(key_file);
  Secret master(*key);
  wipe(key->data(), key->size());
  return master;
}

std::optional<unsigned> owner_of(const std::filesystem::path& key_file) {
  struct stat info {};
  if (::geteuid() != 0 || ::stat(key_file.c_str(), &info) != 0) return std::nullopt;
  return info.st_uid;
}

Result<Secret> create_master_key(const std::filesystem::path& key_file) {
  return create_like(key_file, {});
}

Result<Secret> next_master_key(const std::filesystem::path& key_file) {
  const auto next = next_of(key_file);
  if (has_next_master_key(key_file)) return load_master_key(next, owner_of(key_file));
  return create_like(next, key_file);
}

bool has_next_master_key(const std::filesystem::path& key_file) {
  return std::filesystem::exists(next_of(key_file));
}

void use_next_master_key(const std::filesystem::path& key_file) {
  std::filesystem::rename(next_of(key_file), key_file);
  sync_directory(key_file.parent_path().empty() ? "." : key_file.parent_path());
}

}  // namespace dosigate
