// Opens a map and forgets a person, in a process of its own that a fail point may kill.
// forget_once STATE_DIRECTORY PSEUDONYM

#include <cstdio>

#include "map_fixture.h"

int main(int count, char** words) {
  if (count != 3) return 2;
  const std::filesystem::path state = words[1];
  const auto keys = dosigate::Keyring::open(state / "keyring", dosigate::testing::test_master());
  if (!keys) return 3;
  dosigate::PseudonymMap::Settings settings;
  settings.directory = state / "identity";
  settings.journal_directory = state / "journal";
  auto map = dosigate::PseudonymMap::open(settings, *keys);
  if (!map) {
    std::fprintf(stderr, "%s\n", map.error().detail.c_str());
    return 4;
  }
  if (const auto forgotten = (*map)->forget(words[2]); !forgotten) {
    std::fprintf(stderr, "%s\n", forgotten.error().detail.c_str());
    return 5;
  }
  return 0;
}
