// Brings a map under the newest key, in a process of its own that a fail point may kill.
// reseal_once STATE_DIRECTORY

#include <cstdio>

#include "reseal_fixture.h"

int main(int count, char** words) {
  using namespace dosigate;
  if (count != 2) return 2;
  const std::filesystem::path state = words[1];
  const auto keys = Keyring::open(state / "keyring", dosigate::testing::next_test_master());
  if (!keys) return 3;
  PseudonymMap::Settings settings;
  settings.directory = state / "identity";
  settings.journal_directory = state / "journal";
  auto map = PseudonymMap::open(settings, *keys);
  if (!map) return 4;
  for (;;) {
    const auto done = (*map)->reseal(3);
    if (!done) {
      std::fprintf(stderr, "%s\n", done.error().detail.c_str());
      return 5;
    }
    if (*done == 0) return 0;
  }
}
