#include "dosigate/crypto/keyring.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/fail_point.h"
#include "dosigate/base/guarded.h"
#include "dosigate/crypto/hash.h"
#include "keyring_file.h"
#include "new_file.h"
#include "recovery_key.h"

namespace dosigate {
namespace {

constexpr Purpose kPurposes[] = {Purpose::Identity,   Purpose::SpoolArchive, Purpose::SpoolHospital,
                                 Purpose::Quarantine, Purpose::Journal,      Purpose::Audit,
                                 Purpose::Backup};

using Keys = KeyringContent::Keys;

std::shared_ptr<const Secret> new_key() { return std::make_shared<const Secret>(random_secret()); }

/// The newest one, or the end.
Keys::const_iterator newest(const Keys& keys, Purpose purpose) {
  auto past = keys.upper_bound(std::pair(purpose, std::numeric_limits<std::uint32_t>::max()));
  return past != keys.begin() && (--past)->first.first == purpose ? past : keys.end();
}

/// Lines of the audit record are never sealed anew, so their keys stay.
bool is_old(const Keys& keys, const Keys::value_type& one) {
  return one.first.first != Purpose::Audit && newest(keys, one.first.first)->first != one.first;
}

bool holds_old(const Keys& keys) {
  return std::ranges::any_of(keys, [&](const auto& one) { return is_old(keys, one); });
}

}  // namespace

MasterPublic public_half(const Secret& master) { return master_box_key(master).public_half(); }

struct Keyring::Impl {
  /// Never changed once it is here: whoever reads it goes on with it during a rotation.
  struct State {
    KeyringContent content;
    bool newest_master = false;  ///< the newest master key is in the key file

    Rotation rotation() const {
      if (content.masters.size() > 1 && !newest_master) return Rotation::WaitingForKeyFile;
      return content.masters.size() > 1 || holds_old(content.keys) ? Rotation::Resealing
                                                                   : Rotation::None;
    }
  };

  Impl(std::filesystem::path path, KeyringContent content, bool newest_master)
      : file(std::move(path)),
        id(content.id),
        index_key(content.index_key),
        state(std::make_shared<const State>(State{std::move(content), newest_master})) {}

  std::shared_ptr<const State> now() const {
    return state.with([](const auto& present) { return present; });
  }
  /// On disk first, so that nothing is ever sealed under a key that only this process knows. The
  /// copy before the file: the file alone counts at the next start, and writes the copy again.
  Result<void> change(State next) try {
    const Bytes bytes = encode(next.content);
    fail_point("keyring.before-copy");
    if (!copy.empty()) replace_file(copy, bytes);
    fail_point("keyring.after-copy");
    replace_file(file, bytes);
    fail_point("keyring.after-file");
    auto changed = std::make_shared<const State>(std::move(next));
    state.with([&](auto& present) { present = std::move(changed); });
    return {};
  } catch (const std::system_error& broken) {
    return fail(Fault::Unavailable, std::string("the keyring cannot be written: ") + broken.what());
  }

  const std::filesystem::path file;
  const InstanceId id;
  const std::shared_ptr<const Secret> index_key;
  std::mutex changing;  ///< one change at a time; guards `copy`
  std::filesystem::path copy;
  Guarded<std::shared_ptr<const State>> state;
};

Keyring::Keyring(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Keyring::Keyring(Keyring&&) noexcept = default;
Keyring& Keyring::operator=(Keyring&&) noexcept = default;
Keyring::~Keyring() = default;

Result<std::string> Keyring::create(const std::filesystem::path& file, const Secret& master) {
  RecoveryKey recovery;
  fill_random(recovery.bytes);
  KeyringContent content;
  content.id = random_id();
  content.recovery = recovery_box_key(recovery.bytes).public_half();
  content.masters = {public_half(master)};
  content.index_key = new_key();
  for (const Purpose purpose : kPurposes) content.keys[{purpose, 1}] = new_key();
  if (auto written = write_new_key_file(file, encode(content), "keyring"); !written)
    return written.error();
  return recovery.text();
}

Result<Keyring> Keyring::open(const std::filesystem::path& file, const Secret& master) {
  const BoxKey key = master_box_key(master);
  auto content = read_keyring(file, key, false);
  if (!content) return content.error();
  const bool newest_master = content->masters.back() == key.public_half();
  return Keyring(std::make_unique<Impl>(file, std::move(*content), newest_master));
}

Result<Keyring> Keyring::open_with_recovery(const std::filesystem::path& file,
                                            std::string_view recovery_key) {
  const auto recovery = RecoveryKey::parse(recovery_key);
  if (!recovery) return recovery.error();
  auto content = read_keyring(file, recovery_box_key(recovery->bytes), true);
  if (!content) return content.error();
  return Keyring(std::make_unique<Impl>(file, std::move(*content), false));
}

Result<void> Keyring::adopt_master(const std::filesystem::path& file, std::string_view recovery_key,
                                   const Secret& new_master,
                                   const std::vector<std::filesystem::path>& others) {
  const auto opened = open_with_recovery(file, recovery_key);
  if (!opened) return opened.error();
  Impl::State next = *opened->impl_->now();
  for (const auto& path : others) {
    const auto other = open_with_recovery(path, recovery_key);
    if (!other) return other.error();
    for (const auto& [of, key] : other->impl_->now()->content.keys) {
      const auto& known = next.content.keys.emplace(of, key).first->second;
      if (!std::ranges::equal(known->reveal(), key->reveal()))
        return fail(Fault::Conflict,
                    "the keyrings " + file.string() + " and " + path.string() +
                        " hold different keys under one version: they are not of one history");
    }
  }
  next.content.masters = {public_half(new_master)};
  return opened->impl_->change(std::move(next));
}

const InstanceId& Keyring::id() const { return impl_->id; }
const Secret& Keyring::index_key() const { return *impl_->index_key; }

Keyring::Key Keyring::current(Purpose purpose) const {
  const auto state = impl_->now();
  const auto found = newest(state->content.keys, purpose);
  if (found == state->content.keys.end())
    throw std::runtime_error("the keyring holds no key for purpose " +
                             std::to_string(static_cast<int>(purpose)));
  return {found->first.second, found->second};
}

std::shared_ptr<const Secret> Keyring::find(Purpose purpose, std::uint32_t version) const {
  const auto state = impl_->now();
  const auto found = state->content.keys.find(std::pair(purpose, version));
  return found == state->content.keys.end() ? nullptr : found->second;
}

Result<void> Keyring::keep_copy(const std::filesystem::path& copy) try {
  const std::lock_guard lock(impl_->changing);
  impl_->copy.clear();
  if (copy.empty()) return {};
  const Bytes present = read_file(impl_->file);
  const Bytes there = std::filesystem::exists(copy) ? read_file(copy) : Bytes();
  // Perhaps the last keyring that another node has.
  if (!there.empty() && keyring_id(there) != impl_->id)
    return fail(Fault::Conflict, copy.string() +
                                     " is not a keyring of this node: move it away, or name "
                                     "another journal_dir");
  if (there != present) replace_file(copy, present);
  impl_->copy = copy;
  return {};
} catch (const std::system_error& broken) {
  return fail(Fault::Unavailable,
              std::string("the copy of the keyring cannot be written: ") + broken.what());
}

Keyring::Rotation Keyring::rotation() const { return impl_->now()->rotation(); }

bool Keyring::has_master(const MasterPublic& master) const {
  const auto state = impl_->now();
  return std::ranges::find(state->content.masters, master) != state->content.masters.end();
}

Result<void> Keyring::begin_rotation(const MasterPublic& new_master) {
  const std::lock_guard lock(impl_->changing);
  Impl::State next = *impl_->now();
  auto& masters = next.content.masters;
  const Rotation rotation = next.rotation();
  if (rotation == Rotation::WaitingForKeyFile && masters.back() == new_master) return {};
  if (rotation == Rotation::Resealing)
    return fail(Fault::Conflict,
                "a key rotation is under way; wait until `dosigate key status` says that it is "
                "finished");
  if (masters.front() == new_master)
    return fail(Fault::Invalid, "this is the present master key: a rotation needs a new one");
  masters.resize(1);
  masters.push_back(new_master);
  next.newest_master = false;
  if (rotation == Rotation::None) {
    for (const Purpose purpose : kPurposes) {
      const auto known = newest(next.content.keys, purpose);
      const std::uint32_t version = known == next.content.keys.end() ? 1 : known->first.second + 1;
      next.content.keys[{purpose, version}] = new_key();
    }
  }
  return impl_->change(std::move(next));
}

Result<void> Keyring::key_file_written(const MasterPublic& in_key_file) {
  const std::lock_guard lock(impl_->changing);
  Impl::State next = *impl_->now();
  if (next.content.masters.back() != in_key_file)
    return fail(Fault::Denied,
                "the key file does not hold the keyring's newest master key: run `dosigate key "
                "rotate` again");
  next.newest_master = true;
  auto changed = std::make_shared<const Impl::State>(std::move(next));
  impl_->state.with([&](auto& present) { present = std::move(changed); });
  return {};
}

Result<void> Keyring::finish_rotation() {
  const std::lock_guard lock(impl_->changing);
  Impl::State next = *impl_->now();
  switch (next.rotation()) {
    case Rotation::None:
      return {};
    case Rotation::WaitingForKeyFile:
      return fail(Fault::Conflict,
                  "the new master key is not in the key file yet: run `dosigate key rotate` again");
    case Rotation::Resealing:
      break;
  }
  auto& content = next.content;
  content.masters.erase(content.masters.begin(), content.masters.end() - 1);
  const Keys before = content.keys;
  std::erase_if(content.keys, [&](const auto& one) { return is_old(before, one); });
  return impl_->change(std::move(next));
}

}  // namespace dosigate
