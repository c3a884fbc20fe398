// After a key rotation: values of map.db come under the newest key, a few at a time, while the map
// is in use.

#include <algorithm>
#include <array>
#include <stdexcept>

#include "dosigate/base/fail_point.h"
#include "dosigate/crypto/seal.h"
#include "map_impl.h"

namespace dosigate {
namespace {

enum class KeyOf { Number, Blob, NumberAndBlob };

struct SealedColumn {
  const char* table;
  const char* column;
  const char* number;  ///< column of the integer key, or nullptr
  const char* blob;    ///< of the other part of the key, or nullptr

  KeyOf key() const {
    return blob == nullptr ? KeyOf::Number : number == nullptr ? KeyOf::Blob : KeyOf::NumberAndBlob;
  }
};

/// All of map.db that is sealed (schema/identity).
constexpr std::array<SealedColumn, 10> kColumns{
    {{"site", "sealed_salt", "site_id", nullptr},
     {"patient", "sealed_salt", "patient_id", nullptr},
     {"patient", "sealed_offset", "patient_id", nullptr},
     {"patient", "sealed_person", "patient_id", nullptr},
     {"patient_key", "sealed_id", nullptr, "key_index"},
     {"study", "sealed_uid", "study_id", nullptr},
     {"study", "sealed_source", "study_id", nullptr},
     {"device", "sealed_device", "device_id", nullptr},
     {"device_epoch", "sealed_epoch", "device_id", "epoch_index"},
     {"device_creator", "sealed_creator", "device_id", "creator_index"}}};
/// Last, because it is by far the longest.
constexpr SealedColumn kPairs{"uid_pair", "sealed_uid", "study_id", "pseudo"};

const SealedColumn& column_at(std::size_t at) {
  return at < kColumns.size() ? kColumns.at(at) : kPairs;
}
constexpr std::size_t kAll = kColumns.size() + 1;

using RowKey = ResealCursor::RowKey;

/// Associated data, as the statements that wrote the value have it.
std::string place_of(const SealedColumn& column, const RowKey& row) {
  std::string out = std::string(column.table) + "." + column.column;
  if (column.number != nullptr) out += "/" + std::to_string(row.number);
  if (column.blob != nullptr) out += "/" + to_hex(row.blob);
  return out;
}

/// Where the key of a row stands, with parameters ?1 and ?2.
std::string condition(const SealedColumn& column, const char* compare) {
  switch (column.key()) {
    case KeyOf::Number:
      return std::string(column.number) + " " + compare + " ?1";
    case KeyOf::Blob:
      return std::string(column.blob) + " " + compare + " ?2";
    case KeyOf::NumberAndBlob:
      break;
  }
  return std::string("(") + column.number + ", " + column.blob + ") " + compare + " (?1, ?2)";
}

void bind_key(SQLite::Statement& statement, const SealedColumn& column, const RowKey& row) {
  static constexpr Byte kNothing = 0;  // an empty blob is not NULL, and needs an address
  if (column.number != nullptr) statement.bind(1, row.number);
  if (column.blob != nullptr)
    bind_bytes(statement, 2, row.blob.empty() ? ByteView(&kNothing, 0) : ByteView(row.blob));
}

/// A sealed value is format u8 | key version u32 | ...: the version as it stands there.
Bytes stored_version(const Keyring& keys) {
  return Packer().u32(keys.current(Purpose::Identity).version).take();
}

/// The next rows of a column that are under another version, after `after`.
std::vector<RowKey> rows_after(SQLite::Database& database, const SealedColumn& column,
                               const RowKey& after, const Bytes& version, std::size_t max) {
  const std::string number = column.number == nullptr ? "0" : column.number;
  const std::string blob = column.blob == nullptr ? "x''" : column.blob;
  const std::string order = column.key() == KeyOf::NumberAndBlob ? number + ", " + blob
                            : column.blob != nullptr             ? blob
                                                                 : number;
  SQLite::Statement rows(database, "SELECT " + number + ", " + blob + " FROM " + column.table +
                                       " WHERE " + condition(column, ">") + " AND substr(" +
                                       column.column + ", 2, 4) <> ?3 ORDER BY " + order +
                                       " LIMIT ?4");
  bind_key(rows, column, after);
  bind_bytes(rows, 3, version);
  rows.bind(4, static_cast<std::int64_t>(max));
  std::vector<RowKey> out;
  while (rows.executeStep())
    out.push_back({rows.getColumn(0).getInt64(), column_bytes(rows.getColumn(1))});
  return out;
}

/// False when the row is gone, or under the newest version meanwhile.
bool reseal_row(SQLite::Database& database, const Keyring& keys, const SealedColumn& column,
                const RowKey& row, const Bytes& version) {
  SQLite::Statement read(database, std::string("SELECT ") + column.column + " FROM " +
                                       column.table + " WHERE " + condition(column, "=") +
                                       " AND substr(" + column.column + ", 2, 4) <> ?3");
  bind_key(read, column, row);
  bind_bytes(read, 3, version);
  if (!read.executeStep()) return false;
  const std::string place = place_of(column, row);
  auto plain = unseal(keys, Purpose::Identity, column_bytes(read.getColumn(0)), place);
  if (!plain)
    throw std::runtime_error("map.db " + place + " does not open: " + plain.error().detail);
  const Bytes sealed = seal(keys, Purpose::Identity, *plain, place);
  wipe(plain->data(), plain->size());

  SQLite::Statement update(database, std::string("UPDATE ") + column.table + " SET " +
                                         column.column + " = ?3 WHERE " + condition(column, "="));
  bind_key(update, column, row);
  bind_bytes(update, 3, sealed);
  update.exec();
  return true;
}

}  // namespace

Result<std::size_t> PseudonymMap::reseal(std::size_t max) try {
  const Bytes version = stored_version(impl_->keys);
  ResealCursor cursor = impl_->reseal_cursor.with([](const auto& at) { return at; });
  for (;;) {
    if (cursor.column == kAll) {
      const bool clean = !cursor.found;
      cursor = ResealCursor();
      if (clean) break;  // a whole walk has met nothing
    }
    const SealedColumn& column = column_at(cursor.column);
    // Looked for beside the writer, which must not walk through a long table between two patients.
    const auto rows = impl_->readers.with([&](SQLite::Database& database) {
      return rows_after(database, column, cursor.after, version, max);
    });
    if (rows.empty()) {
      cursor = {cursor.column + 1, {}, cursor.found};
      continue;
    }
    std::size_t done = 0;
    impl_->write([&](SQLite::Database& database) {
      for (const RowKey& row : rows)
        if (reseal_row(database, impl_->keys, column, row, version)) ++done;
      fail_point("map.reseal");
    });
    fail_point("map.resealed");
    cursor.after = rows.back();
    cursor.found = true;
    impl_->reseal_cursor.with([&](auto& at) { at = cursor; });
    if (done > 0) return done;
  }
  impl_->reseal_cursor.with([&](auto& at) { at = cursor; });
  // Nobody opens them without the old keys any more, and whoever still has those shall not either.
  remove_schema_copies(impl_->file());
  empty_wal(impl_->file());
  return 0;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("map.db cannot be sealed under the newest key: ") + broken.what());
}

}  // namespace dosigate
