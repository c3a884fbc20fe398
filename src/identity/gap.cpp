// A map that was restored without its journal, and copies of the map.

#include "dosigate/store/database.h"
#include "map_impl.h"

namespace dosigate {

std::optional<long long> PseudonymMap::gap_since() {
  const long long since = impl_->gap_since;
  return since == 0 ? std::nullopt : std::optional(since);
}

Result<void> PseudonymMap::accept_gap() try {
  impl_->correct(
      [&](SQLite::Database& database) { database.exec("UPDATE meta SET gap_since = NULL"); });
  impl_->gap_since = 0;
  return {};
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

Result<void> PseudonymMap::mark_gap(const Settings& settings, const Keyring& keys,
                                    long long since) try {
  Settings alone = settings;
  alone.journal_directory.clear();  // what it was written with is lost
  auto map = open(std::move(alone), keys);
  if (!map) return map.error();
  (*map)->impl_->write([&](SQLite::Database& database) {
    SQLite::Statement mark(database, "UPDATE meta SET gap_since = ?");
    mark.bind(1, static_cast<std::int64_t>(since));
    mark.exec();
  });
  return {};
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

Result<void> PseudonymMap::copy_to(const std::filesystem::path& file) try {
  return copy_database(impl_->file(), file);
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be copied: ") + broken.what());
}

}  // namespace dosigate
