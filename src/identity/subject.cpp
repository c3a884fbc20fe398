#include "dosigate/identity/subject.h"

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr std::string_view kUuidRoot = "2.25.";

std::string to_decimal(Uint128 value) {
  constexpr std::uint64_t kBelow = 10'000'000'000'000'000'000U;  // 19 digits
  std::string digits = std::to_string(static_cast<std::uint64_t>(value % kBelow));
  if (value < kBelow) return digits;
  return to_decimal(value / kBelow).append(19 - digits.size(), '0').append(digits);
}

std::string_view without_padding_at_end(std::string_view original) {
  const auto last = original.find_last_not_of(std::string_view("\0 ", 2));
  return last == std::string_view::npos ? std::string_view() : original.substr(0, last + 1);
}

std::string uid_of_hash(const Digest& hash) {
  std::array<Byte, 16> uuid;
  std::copy_n(hash.begin(), uuid.size(), uuid.begin());
  return uid_of(uuid);
}

}  // namespace

std::string IdNormalisation::text() const {
  std::string out = "trim";
  if (upper) out += "+upper";
  if (strip_leading_zeros) out += "+zeros";
  if (strip_punctuation) out += "+punctuation";
  return out;
}

Result<IdNormalisation> IdNormalisation::parse(std::string_view text) {
  for (int bits = 0; bits < 8; ++bits) {
    const IdNormalisation candidate{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    if (candidate.text() == text) return candidate;
  }
  return fail(Fault::Invalid,
              "the normalisation of PatientID is none that this program knows; a newer program may "
              "have written it: install that one");
}

std::string map_uid(const Secret& salt, std::uint32_t revision, std::string_view original) {
  original = without_padding_at_end(original);
  if (original.empty()) return {};
  const Bytes revision_bytes = Packer().u32(revision).take();
  return uid_of_hash(keyed_hash(salt, "uid", {revision_bytes, as_bytes(original)}));
}

std::string map_revised_uid(const Secret& salt, std::uint32_t study_revision,
                            std::uint32_t instance_revision, std::string_view original) {
  if (instance_revision == 0) return map_uid(salt, study_revision, original);
  original = without_padding_at_end(original);
  if (original.empty()) return {};
  const Bytes study_bytes = Packer().u32(study_revision).take();
  const Bytes instance_bytes = Packer().u32(instance_revision).take();
  return uid_of_hash(
      keyed_hash(salt, "uid-revision", {study_bytes, instance_bytes, as_bytes(original)}));
}

std::string fresh_uid() {
  std::array<Byte, 16> uuid;
  fill_random(uuid);
  return uid_of(uuid);
}

std::string uid_of(std::array<Byte, 16> uuid) {
  uuid[6] = static_cast<Byte>((uuid[6] & 0x0FU) | 0x80U);  // version 8: made by the application
  uuid[8] = static_cast<Byte>((uuid[8] & 0x3FU) | 0x80U);  // variant 10
  Uint128 value = 0;
  for (const Byte byte : uuid) value = (value << 8) | byte;
  return std::string(kUuidRoot) + to_decimal(value);
}

std::array<Byte, 16> uuid_of(std::string_view mapped_uid) {
  const auto refuse = [] {
    throw std::invalid_argument("not a UID of this program's making (2.25 and a UUID version 8)");
  };
  if (!mapped_uid.starts_with(kUuidRoot)) refuse();
  const std::string_view digits = mapped_uid.substr(kUuidRoot.size());
  if (digits.empty() || digits.size() > 39 || digits.front() == '0') refuse();

  Uint128 value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') refuse();
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  std::array<Byte, 16> uuid;
  for (std::size_t i = 16; i-- > 0; value >>= 8) uuid[i] = static_cast<Byte>(value);
  // A number of 39 digits past 2^128 wraps around: then its digits do not come back.
  Uint128 back = 0;
  for (const Byte b : uuid) back = (back << 8) | b;
  if (to_decimal(back) != digits || (uuid[6] >> 4) != 8 || (uuid[8] >> 6) != 2) refuse();
  return uuid;
}

std::string map_label(const Secret& salt, std::string_view kind, std::string_view original) {
  const Digest hash = keyed_hash(salt, "label", {as_bytes(kind), as_bytes(original)});
  return to_base32(hash).substr(0, 10);
}

}  // namespace dosigate
