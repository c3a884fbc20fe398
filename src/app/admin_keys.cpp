// The node's keys over the API. No key ever comes this way but the recovery key, when it is
// verified: a rotation needs only the public halves of the master keys.

#include <algorithm>
#include <boost/json.hpp>

#include "admin_api.h"
#include "admin_fields.h"
#include "dosigate/app/init.h"
#include "key_rotation.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr const char* kVerified = "recovery-verified";

std::optional<MasterPublic> public_field(const std::string& text) {
  const auto bytes = from_hex(text);
  MasterPublic out;
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::ranges::copy(*bytes, out.begin());
  return out;
}

ApiResponse no_public_half(std::string_view field) {
  return problem(fail(Fault::Invalid, "\"" + std::string(field) +
                                          "\" is not the public half of a master key: 64 "
                                          "hexadecimal digits"));
}

const char* word(Keyring::Rotation state) {
  switch (state) {
    case Keyring::Rotation::None:
      return "none";
    case Keyring::Rotation::WaitingForKeyFile:
      return "waiting-for-key-file";
    case Keyring::Rotation::Resealing:
      break;
  }
  return "resealing";
}

/// Whether both hold the same keys, as far as it matters for what is sealed today.
bool same_keys(const Keyring& a, const Keyring& b) {
  const auto now = a.current(Purpose::Identity);
  const auto there = b.find(Purpose::Identity, now.version);
  return a.id() == b.id() && std::ranges::equal(a.index_key().reveal(), b.index_key().reveal()) &&
         there != nullptr && std::ranges::equal(now.key->reveal(), there->reveal());
}

}  // namespace

ApiResponse AdminApi::key_status(const ApiRequest& request) const {
  const auto progress = node_.key_rotation_->progress();
  const Keyring& keys = *node_.stores_.keys;
  json::object out{{"state", word(progress.state)},
                   {"step", progress.step},
                   {"rows", progress.rows},
                   {"files", progress.files},
                   {"trouble", progress.trouble},
                   {"version", keys.current(Purpose::Identity).version},
                   {"recovery_verified", node_.stores_.ledger->milestone(kVerified)},
                   {"copy", keyring_copy(node_.config_).string()}};
  for (const auto& [name, value] : request.query) {
    if (name != "master") continue;
    const auto master = public_field(value);
    if (!master) return no_public_half("master");
    out["master_known"] = keys.has_master(*master);
  }
  return {200, std::move(out)};
}

ApiResponse AdminApi::rotate_keys(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  const auto present = public_field(text_of(request.body, "present"));
  const auto next = public_field(text_of(request.body, "next"));
  if (reason.empty()) return missing("reason");
  if (!present) return no_public_half("present");
  if (!next) return no_public_half("next");
  if (auto begun = node_.key_rotation_->begin(*present, *next, request.actor, reason); !begun)
    return problem(begun.error());
  return {200, json::object{{"state", word(node_.stores_.keys->rotation())}}};
}

ApiResponse AdminApi::key_file_written(const ApiRequest& request) {
  auto in_file = public_field(text_of(request.body, "key_file"));
  if (!in_file) return no_public_half("key_file");
  // A credential of systemd is read once, at the start; a file of our own can be looked at.
  if (!node_.config_.node.key_file.empty()) {
    const auto there = load_master_key(node_.config_.node.key_file);
    if (!there) return problem(there.error());
    in_file = public_half(*there);
  }
  if (auto known = node_.key_rotation_->key_file_written(*in_file); !known)
    return problem(known.error());
  return {200, json::object{{"state", word(node_.stores_.keys->rotation())}}};
}

ApiResponse AdminApi::verify_recovery(const ApiRequest& request) {
  std::string recovery = text_of(request.body, "recovery_key");
  if (recovery.empty()) return missing("recovery_key");
  auto files = std::vector{node_.config_.node.state_dir / "keyring"};
  if (const auto copy = keyring_copy(node_.config_); !copy.empty()) files.push_back(copy);
  Result<void> verified;
  for (const auto& file : files) {
    const auto opened = Keyring::open_with_recovery(file, recovery);
    if (!opened) {
      verified = opened.error();
    } else if (!same_keys(*node_.stores_.keys, *opened)) {
      verified = fail(Fault::Corrupt, "the keyring " + file.string() +
                                          " holds other keys than the node uses: restart the "
                                          "node, which writes the copy anew");
    }
    if (!verified) break;
  }
  wipe(recovery.data(), recovery.size());
  node_.stores_.audit->record("key.recovery-verify", request.actor,
                              {{"outcome", verified ? "verified" : "refused"}});
  if (!verified) return problem(verified.error());
  const auto now = to_unix(wall_now());
  node_.stores_.ledger->milestone(kVerified, now);
  return {200, json::object{{"recovery_verified", now}}};
}

ApiResponse AdminApi::keys_compromised(const ApiRequest& request) {
  const auto reason = text_of(request.body, "reason");
  if (reason.empty()) return missing("reason");
  node_.stores_.audit->record("key.compromise", request.actor, {{"reason", reason}});
  return {200, json::object{{"recorded", true}}};
}

}  // namespace dosigate
