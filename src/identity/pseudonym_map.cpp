#include "dosigate/identity/pseudonym_map.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dosigate/base/fail_point.h"
#include "map_impl.h"

namespace dosigate {
namespace {

namespace fs = std::filesystem;

fs::path map_file(const fs::path& directory) { return directory / "map.db"; }

Result<void> journal_directory_is_there(const fs::path& directory) {
  if (directory.empty() || fs::is_directory(directory)) return {};
  return fail(Fault::Unavailable, "journal_dir " + directory.string() +
                                      " is not there: mount it, or create it once. Without it no "
                                      "new patient can be taken in safely");
}

/// Held for the life of the map: two writers would give one patient two pseudonyms.
Result<FileDescriptor> lock_directory(const fs::path& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return fail(Fault::NotFound, "the map's directory " + directory.string() + " is not there");
  }
  if ((info.st_mode & 077U) != 0) {
    return fail(Fault::Denied,
                directory.string() + " can be entered by others: chmod 700 " + directory.string());
  }
  FileDescriptor file = open_for_reading(directory);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Fault::Unavailable,
                "another process has the pseudonym map in " + directory.string() + " open");
  }
  return file;
}

Result<void> check_keyring(SQLite::Database& database, const Keyring& keys, const fs::path& file) {
  SQLite::Statement meta(database, "SELECT keyring_id FROM meta");
  if (!meta.executeStep()) {
    return fail(Fault::Corrupt, file.string() + " is empty inside: restore it from the backup");
  }
  const Bytes id = column_bytes(meta.getColumn(0));
  if (!std::equal(id.begin(), id.end(), keys.id().begin(), keys.id().end())) {
    return fail(
        Fault::Conflict,
        file.string() + " belongs to another keyring: put map and keyring of one backup together");
  }
  return {};
}

}  // namespace

PseudonymMap::PseudonymMap(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PseudonymMap::~PseudonymMap() {
  // A statistic that cannot be written at the end is lost; who writes it every few seconds was told
  // why.
  if (impl_) static_cast<void>(write_removed_creators());
}

Result<void> PseudonymMap::create(const Settings& settings, const Keyring& keys) try {
  const fs::path file = map_file(settings.directory);
  if (fs::exists(file))
    return fail(Fault::Conflict, file.string() + " exists already: it is never overwritten");
  if (auto there = journal_directory_is_there(settings.journal_directory); !there) return there;
  if (!settings.journal_directory.empty() &&
      fs::exists(settings.journal_directory / "identity.journal")) {
    return fail(
        Fault::Conflict,
        "journal_dir " + settings.journal_directory.string() +
            " holds the journal of a map that was: restore that map, or name an empty directory");
  }
  make_private_directory(settings.directory);

  // Under another name until it is whole, so that a crash leaves no map that looks made and is
  // empty inside.
  fs::path unfinished = file;
  unfinished += ".new";
  for (const char* part : {"", "-wal", "-shm"}) fs::remove(unfinished.string() + part);
  {
    auto database = open_database(unfinished, kIdentitySchema, OpenMode::Create);
    if (!database) return database.error();
    SQLite::Statement meta(**database,
                           "INSERT INTO meta (one, keyring_id, created) VALUES (1, ?, ?)");
    bind_bytes(meta, 1, keys.id());
    meta.bind(2, static_cast<std::int64_t>(to_unix(settings.clock())));
    meta.exec();
    (*database)->exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  fs::rename(unfinished, file);
  sync_directory(settings.directory);
  sync_directory(settings.directory.parent_path().empty() ? "." : settings.directory.parent_path());

  // Begins the journal, and proves that what was made opens.
  if (auto opened = open(settings, keys); !opened) return opened.error();
  return {};
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be made: ") + broken.what());
}

Result<std::unique_ptr<PseudonymMap>> PseudonymMap::open(Settings settings,
                                                         const Keyring& keys) try {
  const fs::path file = map_file(settings.directory);
  if (!fs::exists(file)) {
    return fail(Fault::NotFound, "no pseudonym map " + file.string() +
                                     ": restore it from the backup; only a new node gets an empty "
                                     "one, from `dosigate init`");
  }
  if (auto there = journal_directory_is_there(settings.journal_directory); !there)
    return there.error();
  auto lock = lock_directory(settings.directory);
  if (!lock) return lock.error();
  auto database = open_database(file, kIdentitySchema, OpenMode::MustExist);
  if (!database) return database.error();
  (*database)->exec("PRAGMA synchronous = FULL");
  if (auto fits = check_keyring(**database, keys, file); !fits) return fits.error();

  auto impl = std::make_unique<Impl>(std::move(settings), keys, file);
  impl->lock = std::move(*lock);
  if (auto attached = impl->attach_journal(**database); !attached) return attached.error();
  impl->alarms = MapRows(**database, keys).count_alarms();
  impl->gap_since = number_in(**database, "SELECT coalesce(gap_since, 0) FROM meta");
  const bool forgetting = number_in(**database, "SELECT forgetting FROM meta") != 0;
  impl->writer = std::make_unique<DatabaseWriter>(std::move(*database));
  if (forgetting) impl->finish_forgetting();
  return std::unique_ptr<PseudonymMap>(new PseudonymMap(std::move(impl)));
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be opened: ") + broken.what());
}

Result<void> PseudonymMap::Impl::attach_journal(SQLite::Database& database) {
  SQLite::Statement meta(database, "SELECT journal_id, journal_seq FROM meta");
  meta.executeStep();
  const Bytes known_id = meta.getColumn(0).isNull() ? Bytes() : column_bytes(meta.getColumn(0));
  const auto known_number = static_cast<std::uint64_t>(meta.getColumn(1).getInt64());
  meta.reset();

  const fs::path& directory = settings.journal_directory;
  if (directory.empty()) {
    // What happens from now on is in no journal: one that is configured later has to begin with
    // everything.
    if (!known_id.empty()) database.exec("UPDATE meta SET journal_id = NULL, journal_seq = 0");
    return {};
  }
  const std::string way_out =
      " If it is lost for good, start once without journal_dir; with an empty one again, a new "
      "journal begins with everything in the map";

  auto found = Journal::open(directory, keys);
  if (!found && found.error().fault != Fault::NotFound) return found.error();
  if (!found && !known_id.empty()) {
    return fail(Fault::Unavailable, "the journal of the pseudonym map is missing in " +
                                        directory.string() + ": is its disk mounted?" + way_out);
  }
  journal = found ? std::move(*found) : Journal::create(directory, keys, now());

  const bool same =
      std::equal(known_id.begin(), known_id.end(), journal->id().begin(), journal->id().end());
  const auto continued =
      known_id.empty() || same ? std::nullopt : journal->continued_from(known_id);
  const bool later = continued.has_value();
  if (!known_id.empty() && !same && !later) {
    return fail(Fault::Conflict, "the journal in " + directory.string() +
                                     " is not the one this map writes: mount the right disk." +
                                     way_out);
  }
  if (const std::uint64_t last = continued.value_or(journal->last()); last < known_number) {
    return fail(
        Fault::Corrupt,
        "the journal in " + directory.string() + " ends at record " + std::to_string(last) +
            ", but the map holds what record " + std::to_string(known_number) +
            " says: an older copy of the journal was put in its place; put the newest one there." +
            way_out);
  }

  SQLite::Transaction transaction(database);
  catch_up(database);
  if (known_id.empty()) {
    if (journal->last() > 0) {
      // It was not written for a while: somebody may have been forgotten since who stands in it.
      rewrite_journal(database);
    } else {
      MapRows rows(database, keys);
      append_everything(*journal, rows);
      journal->sync();
      rows.set_journal(journal->id(), journal->last());
    }
  }
  transaction.commit();
  return {};
}

std::string PseudonymMap::trouble() const {
  if (std::string why = impl_->writer->trouble(); !why.empty()) return why;
  if (!impl_->journal_failed) return "";
  return "a sync of the journal in " + impl_->settings.journal_directory.string() +
         " failed, and what the disk holds of it is not known: nothing is written any more. Check "
         "the disk, then restart dosigated";
}

void PseudonymMap::Impl::catch_up(SQLite::Database& database) {
  if (!journal) return;
  MapRows rows(database, statements, keys);
  // A journal that was written anew since begins with everything, and is taken up from there.
  const bool same = rows.journal_is(journal->id());
  const std::uint64_t known = same ? rows.journal_number() : 0;
  if (same && known >= journal->last()) return;
  const auto replayed = journal->replay(known, [&](std::uint64_t, ByteView packed) {
    auto changes = unpack_changes(packed);
    if (!changes) throw std::runtime_error(changes.error().detail);
    for (const MapChange& change : *changes) rows.apply(change);
  });
  if (!replayed) throw std::runtime_error(replayed.error().detail);
  rows.set_journal(journal->id(), journal->last());
}

void PseudonymMap::Impl::write(const DatabaseWriter::Job& job) {
  writer->run(
      [&](SQLite::Database& database) {
        try {
          catch_up(database);
          job(database);
        } catch (...) {
          journal_failed = journal && journal->is_broken();
          throw;
        }
      },
      Durability::Full);
}

void PseudonymMap::Impl::record(SQLite::Database& database, const MapChanges& changes) {
  MapRows rows(database, statements, keys);
  fail_point("map.before-journal");
  if (journal) {
    Bytes packed = pack_changes(changes);
    journal->append(packed);
    wipe(packed.data(), packed.size());
    journal->sync();
  }
  fail_point("map.after-journal");
  for (const MapChange& change : changes) rows.apply(change);
  if (journal) rows.set_journal(journal->id(), journal->last());
}

Secret PseudonymMap::Impl::pixel_key_of(const Keyring& keys) {
  Digest derived = keyed_hash(keys.index_key(), "fingerprint-pixels-key", {});
  Secret key(derived);
  wipe(derived.data(), derived.size());
  return key;
}

const Secret& PseudonymMap::pixel_key() const { return impl_->pixel_key; }

}  // namespace dosigate
