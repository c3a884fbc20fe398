// Rotates a keyring from beginning to end, in a process of its own that a fail point may kill.
// rotate_once DIRECTORY: with `keyring`, its copy `copy` and its key file `key` in it.

#include <cstdio>

#include "dosigate/crypto/keyring.h"

int main(int count, char** words) {
  using namespace dosigate;
  if (count != 2) return 2;
  const std::filesystem::path directory = words[1];
  const auto master = load_master_key(directory / "key");
  if (!master) return 3;
  auto keys = Keyring::open(directory / "keyring", *master);
  if (!keys || !keys->keep_copy(directory / "copy")) return 4;
  const auto next = next_master_key(directory / "key");
  if (!next) return 5;
  const MasterPublic now = public_half(*next);
  if (const auto begun = keys->begin_rotation(now); !begun) {
    std::fprintf(stderr, "%s\n", begun.error().detail.c_str());
    return 6;
  }
  use_next_master_key(directory / "key");
  if (!keys->key_file_written(now) || !keys->finish_rotation()) return 7;
  return 0;
}
