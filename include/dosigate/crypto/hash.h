#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/secret.h"

namespace dosigate {

using Digest = std::array<Byte, 32>;

/// HMAC-SHA-256 (RFC 2104) over length-prefixed parts, so that ("ab","c") and ("a","bc") differ:
/// 01 | length of label u64 | label | length of each part u64 | part, little-endian. Final: blind
/// indexes and UIDs are made with it.
/// @param label  what the hash is for; the same parts under another label give another value.
/// Thread: any; no state.
Digest keyed_hash(const Secret& key, std::string_view label, std::initializer_list<ByteView> parts);

/// SHA-256 without a key: for digests of files and profiles, never of an identity (2^33 CPFs are
/// searched in seconds).
Digest sha256(ByteView content);

/// The same of content that comes in pieces. Thread: one at a time.
class PlainDigest {
 public:
  PlainDigest();
  PlainDigest(PlainDigest&&) noexcept;
  ~PlainDigest();
  void add(ByteView piece);
  /// Once, at the end.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// From the operating system's generator through OpenSSL; throws std::runtime_error if it fails.
void fill_random(std::span<Byte> into);
Secret random_secret();
InstanceId random_id();
/// Uniform in [low, high], without modulo bias. low <= high.
std::int64_t random_between(std::int64_t low, std::int64_t high);

}  // namespace dosigate
