#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "dosigate/crypto/hash.h"
#include "dosigate/crypto/keyring.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

/// True when `needle` stands somewhere in `hay`.
inline bool holds_bytes(ByteView hay, ByteView needle) {
  // std::search: clang 14 does not parse std::ranges::search of libstdc++ 12.
  return std::search(hay.begin(), hay.end(), needle.begin(), needle.end()) != hay.end();
}

/// A keyring of its own in a directory of its own.
struct Keys {
  TempDir dir;
  Secret master = random_secret();
  std::string recovery = create(dir.path / "keyring", master);
  Keyring keyring = open(dir.path / "keyring", master);

 private:
  static std::string create(const std::filesystem::path& file, const Secret& master) {
    auto made = Keyring::create(file, master);
    if (!made) throw std::runtime_error(made.error().detail);
    return *made;
  }
  static Keyring open(const std::filesystem::path& file, const Secret& master) {
    auto opened = Keyring::open(file, master);
    if (!opened) throw std::runtime_error(opened.error().detail);
    return std::move(*opened);
  }
};

}  // namespace dosigate::testing
