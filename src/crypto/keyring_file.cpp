#include "keyring_file.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

constexpr std::string_view kMagic = "DSGKEYS2";
constexpr std::size_t kCountAt = 8 + 16;
constexpr std::size_t kRecoveryAt = kCountAt + 1;
constexpr std::size_t kMastersAt = kRecoveryAt + sizeof(BoxPublic);
constexpr std::size_t kMostMasters = 2;
constexpr std::size_t kBodyOverhead = Aead::kNonceSize + Aead::kTagSize;
constexpr std::size_t kRow = 1 + 4 + Secret::kSize;
constexpr std::size_t kLargest = 1U << 20U;

/// Where the parts of a file with this many master keys begin.
struct Layout {
  explicit Layout(std::size_t masters)
      : boxes(kMastersAt + masters * sizeof(BoxPublic)),
        length(boxes + (1 + masters) * kBoxSize),
        body(length + 4) {}
  std::size_t boxes, length, body;
};

Error corrupt(const std::filesystem::path& file) {
  return fail(Fault::Corrupt, "the keyring " + file.string() +
                                  " is damaged; restore it from a backup, or from its copy in "
                                  "journal_dir");
}

Result<Bytes> read_checked(const std::filesystem::path& file) {
  Bytes content;
  try {
    content = read_file(file, kLargest);
  } catch (const std::system_error& broken) {
    if (broken.code() == std::errc::no_such_file_or_directory)
      return fail(Fault::NotFound,
                  "the keyring " + file.string() +
                      " does not exist; without it nothing sealed can be opened: restore it from a "
                      "backup, or on a new node run `dosigate --config FILE init`");
    if (broken.code() == std::errc::file_too_large) return corrupt(file);
    throw;
  }
  const bool ours = content.size() > kMastersAt &&
                    std::equal(kMagic.begin(), kMagic.end(), content.begin()) &&
                    content[kCountAt] >= 1 && content[kCountAt] <= kMostMasters;
  if (!ours) return corrupt(file);
  const Layout at(content[kCountAt]);
  if (content.size() < at.body + kBodyOverhead ||
      content.size() - at.body != Unpacker(ByteView(content).subspan(at.length)).u32())
    return corrupt(file);
  return content;
}

BoxPublic public_at(ByteView content, std::size_t at) {
  BoxPublic out;
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

/// Index key and keys; false when the body is not one of ours.
bool read_body(ByteView in, KeyringContent& into) {
  if (in.size() < Secret::kSize + 4) return false;
  into.index_key = std::make_shared<const Secret>(in.first(Secret::kSize));
  const std::uint32_t count = Unpacker(in.subspan(Secret::kSize)).u32();
  ByteView rows = in.subspan(Secret::kSize + 4);
  if (rows.size() != std::uint64_t{count} * kRow) return false;
  for (; !rows.empty(); rows = rows.subspan(kRow)) {
    Unpacker row(rows.first(5));
    const auto purpose = static_cast<Purpose>(row.u8());
    into.keys.emplace(std::pair(purpose, row.u32()),
                      std::make_shared<const Secret>(rows.subspan(5, Secret::kSize)));
  }
  return true;
}

}  // namespace

BoxKey master_box_key(const Secret& master) {
  return {master.reveal(), "dosigate keyring, master key"};
}

BoxKey recovery_box_key(ByteView recovery) { return {recovery, "dosigate keyring, recovery key"}; }

Bytes encode(const KeyringContent& content) {
  if (content.masters.empty() || content.masters.size() > kMostMasters)
    throw std::logic_error("a keyring has one or two master keys");
  const Secret body_key = random_secret();
  Bytes out(kMagic.begin(), kMagic.end());
  const auto append = [&out](ByteView part) { out.insert(out.end(), part.begin(), part.end()); };
  append(content.id);
  out.push_back(static_cast<Byte>(content.masters.size()));
  append(content.recovery);
  for (const BoxPublic& master : content.masters) append(master);
  const Bytes named = out;
  append(close_box(content.recovery, body_key, named));
  for (const BoxPublic& master : content.masters) append(close_box(master, body_key, named));

  // One buffer of the final size, wiped below: a growing vector would leave copies of keys behind.
  Bytes body;
  body.reserve(Secret::kSize + 4 + content.keys.size() * kRow);
  const auto add = [&body](ByteView part) { body.insert(body.end(), part.begin(), part.end()); };
  add(content.index_key->reveal());
  add(Packer().u32(static_cast<std::uint32_t>(content.keys.size())).take());
  for (const auto& [of, key] : content.keys) {
    add(Packer().u8(static_cast<std::uint8_t>(of.first)).u32(of.second).take());
    add(key->reveal());
  }
  append(Packer().u32(static_cast<std::uint32_t>(body.size() + kBodyOverhead)).take());
  append(close_under(body_key, body, out));
  wipe(body.data(), body.size());
  return out;
}

std::optional<InstanceId> keyring_id(ByteView content) {
  InstanceId id;
  if (content.size() < kCountAt || !std::equal(kMagic.begin(), kMagic.end(), content.begin()))
    return std::nullopt;
  std::copy_n(content.begin() + kMagic.size(), id.size(), id.begin());
  return id;
}

Result<KeyringContent> read_keyring(const std::filesystem::path& file, const BoxKey& with,
                                    bool recovery) {
  const auto content = read_checked(file);
  if (!content) return content.error();
  const ByteView all(*content);
  const std::size_t count = all[kCountAt];
  const Layout at(count);

  KeyringContent out;
  std::copy_n(all.begin() + kMagic.size(), out.id.size(), out.id.begin());
  out.recovery = public_at(all, kRecoveryAt);
  for (std::size_t i = 0; i < count; ++i)
    out.masters.push_back(public_at(all, kMastersAt + i * sizeof(BoxPublic)));

  std::size_t box = 0;  // of the recovery key; those of the master keys follow
  if (!recovery)
    box = 1 + static_cast<std::size_t>(std::ranges::find(out.masters, with.public_half()) -
                                       out.masters.begin());
  if (box > count || (recovery && out.recovery != with.public_half()))
    return fail(Fault::Denied, "the keyring " + file.string() + " does not open with this " +
                                   (recovery ? "recovery" : "master") +
                                   " key: it was made with another one, or the file is damaged; "
                                   "give the key that belongs to it");
  const auto body_key =
      open_box(with, all.subspan(at.boxes + box * kBoxSize, kBoxSize), all.first(at.boxes));
  if (!body_key) return corrupt(file);
  Bytes body(all.size() - at.body - kBodyOverhead);
  if (!open_under(*body_key, all.subspan(at.body), all.first(at.body), body)) return corrupt(file);
  const bool reads = read_body(body, out);
  wipe(body.data(), body.size());
  if (!reads) return corrupt(file);
  return out;
}

}  // namespace dosigate
