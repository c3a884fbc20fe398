// Opens a map and resolves one invented patient, in a process of its own that a fail point may
// kill. resolve_once STATE_DIRECTORY PATIENT_ID STUDY_UID: prints "<pseudonym> <offset> <study
// uid>" once resolve has returned.

#include <cstdio>

#include "map_fixture.h"

int main(int count, char** words) {
  if (count != 4) return 2;
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
  const auto subject = (*map)->resolve(
      dosigate::testing::site_a(), dosigate::testing::Source().id(words[2]).study(words[3]).value);
  if (!subject) {
    std::fprintf(stderr, "%s\n", subject.error().detail.c_str());
    return 5;
  }
  std::printf("%s %d %s\n", subject->pseudonym.c_str(), static_cast<int>(subject->offset.count()),
              subject->study_uid.c_str());
  std::fflush(stdout);
  return 0;
}
