#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <system_error>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "dosigate/crypto/hash.h"
#include "sealed_bundle.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1U << 20U;
constexpr std::uint64_t kLargestKeyring = 1U << 20U;
/// The card of a sealed file has 60,000 bytes.
constexpr std::size_t kMostEntries = 200;

std::string stamp(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

/// Not taken yet: two backups in one second, or a clock that was set back.
fs::path free_name(const fs::path& directory, const std::string& name) {
  fs::path out = name;
  for (int n = 2; fs::exists(fs::symlink_status(directory / out)); ++n)
    out = name + "-" + std::to_string(n);
  return out;
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end();
}

}  // namespace

bool is_entry_name(std::string_view name) {
  if (name.empty() || name.size() > 200) return false;
  if (!std::all_of(name.begin(), name.end(),
                   [](char c) { return c > ' ' && c <= '~' && c != '\\'; }))
    return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const auto part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

Result<void> bundle_directory(const fs::path& directory, const fs::path& state_dir) {
  const std::string shown = directory.string();
  if (!directory.is_absolute())
    return fail(Fault::Invalid, "\"" + shown +
                                    "\" is no absolute path: the daemon writes it, and does not "
                                    "know where you are");
  std::error_code away;
  if (!fs::is_directory(directory, away))
    return fail(Fault::NotFound, shown +
                                     " is no directory that the daemon can see: make or mount it "
                                     "first (under systemd /home, /root and /tmp are hidden)");
  const fs::path real = fs::canonical(directory);
  if (lies_in(real, fs::weakly_canonical(state_dir)))
    return fail(Fault::Invalid, shown + " lies in state_dir " + state_dir.string() +
                                    " and would be lost with it: name a directory on another disk");
  if (::access(real.c_str(), W_OK | X_OK) != 0)
    return fail(Fault::Denied,
                "the daemon may not write into " + shown +
                    ": give it to the daemon's user, and under systemd name it in ReadWritePaths= "
                    "(systemctl edit dosigate)");
  return {};
}

BundleWriter::BundleWriter(const Keyring& keys, fs::path keyring_file, fs::path directory,
                           std::string_view prefix, WallTime now)
    : keyring_file_(std::move(keyring_file)),
      directory_(std::move(directory)),
      name_(free_name(directory_, std::string(prefix) + "-" + stamp(now))),
      temporary_(directory_ / ("." + name_.string() + "." + to_hex(random_id()) + ".part")),
      created_(static_cast<std::uint64_t>(to_unix(now))) {
  keyring_ = read_file(keyring_file_, kLargestKeyring);
  make_private_directory(temporary_);
  try {
    replace_file(temporary_ / "keyring", keyring_);
    file_.emplace(keys, temporary_ / "bundle.dsb", random_id(), created_);
  } catch (...) {
    std::error_code stays;
    fs::remove_all(temporary_, stays);
    throw;
  }
}

BundleWriter::~BundleWriter() {
  file_.reset();
  std::error_code stays;  // a hidden folder without an end, which no reader opens
  if (!temporary_.empty()) fs::remove_all(temporary_, stays);
}

void BundleWriter::begin(std::string_view name) {
  if (!is_entry_name(name))
    throw std::invalid_argument("\"" + std::string(name) + "\" cannot be the name of an entry");
  if (entries_.size() == kMostEntries)
    throw std::length_error("a bundle has at most 200 entries: are there so many profiles?");
  end_entry();
  entries_.emplace_back(name, 0);
  in_entry_ = true;
  file_->write(Section::Body, Packer().text(name).take());
}

void BundleWriter::write(ByteView content) {
  while (!content.empty()) {
    const ByteView piece = content.first(std::min(content.size(), kPiece));
    file_->write(Section::Body, Packer().u32(static_cast<std::uint32_t>(piece.size())).take());
    file_->write(Section::Body, piece);
    entries_.back().second += piece.size();
    content = content.subspan(piece.size());
  }
}

void BundleWriter::end_entry() {
  if (in_entry_) file_->write(Section::Body, Packer().u32(0).take());
  in_entry_ = false;
}

void BundleWriter::add_file(std::string_view name, const fs::path& path,
                            std::optional<std::uint64_t> bytes) {
  begin(name);
  const FileDescriptor file = open_for_reading(path);
  const std::uint64_t size = bytes ? *bytes : fs::file_size(path);
  Bytes piece;
  for (std::uint64_t at = 0; at < size; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kPiece, size - at));
    if (!read_exactly_at(file.get(), piece, at, path))
      throw std::system_error(EIO, std::generic_category(), path.string() + " became shorter");
    write(piece);
  }
}

Result<fs::path> BundleWriter::finish(BundleCard card) {
  end_entry();
  boost::json::array entries;
  for (const auto& [name, bytes] : entries_)
    entries.emplace_back(boost::json::object{{"name", name}, {"bytes", bytes}});
  boost::json::object facts;
  for (const auto& [name, value] : card.facts) facts[name] = value;
  const boost::json::object json{{"format", 1},
                                 {"kind", card.kind},
                                 {"version", DOSIGATE_VERSION},
                                 {"node", card.node},
                                 {"created", created_},
                                 {"facts", std::move(facts)},
                                 {"entries", std::move(entries)}};
  file_->finish(Purpose::Backup, as_bytes(boost::json::serialize(json)));
  if (read_file(keyring_file_, kLargestKeyring) != keyring_)
    return fail(Fault::Busy, "the keys were rotated while it was written: begin again in a minute");
  sync_directory(temporary_);
  const fs::path folder = directory_ / name_;
  if (::rename(temporary_.c_str(), folder.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), "rename to " + folder.string());
  temporary_.clear();
  sync_directory(directory_);
  return folder;
}

}  // namespace dosigate
