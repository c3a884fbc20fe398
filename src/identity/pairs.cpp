// UID pairs and fingerprints: sealed into the instance's spool file, later moved into map.db.

#include "dosigate/crypto/seal.h"
#include "map_impl.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>

namespace dosigate {
namespace {

// Stand in spool files. Format 1 ends its instance with the fingerprint: what an earlier program
// queued is absorbed all the same.
constexpr std::uint8_t kFormatWithoutParts = 1, kFormat = 2;

std::string place_of(const InstanceId& id) { return "pairs/" + to_hex(id); }

Result<PairBatch> open_pairs(const Keyring& keys, const InstanceId& id, ByteView sealed) {
  auto plain = unseal(keys, Purpose::Identity, sealed, place_of(id));
  if (!plain) return plain.error();

  Unpacker in(*plain);
  PairBatch batch;
  const std::uint8_t format = in.u8();
  batch.study = in.i64();
  batch.sop_uid = in.text();
  const Bytes fingerprint = in.bytes();
  if (format == kFormat) {
    batch.revision = in.u32();
    batch.sent_uid = in.text();
    batch.series_uid = in.text();
    batch.sop_class_uid = in.text();
  }
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    Phi original(in.text());
    batch.pairs.push_back({std::move(original), in.text()});
  }
  if ((format != kFormat && format != kFormatWithoutParts) || !in.done() ||
      fingerprint.size() != batch.fingerprint.size()) {
    return fail(Fault::Corrupt,
                "the UID pairs of instance " + to_hex(id) + " open but do not read");
  }
  std::copy(fingerprint.begin(), fingerprint.end(), batch.fingerprint.begin());
  return batch;
}

/// A key rotation ends only once the map has taken in all pairs under the old key. What is offered
/// under it later (the queue's index was made anew from its files) has long been here.
bool was_taken_in_before(const Keyring& keys, const Error& why, ByteView sealed) {
  return why.fault == Fault::Denied &&
         Unpacker(sealed.subspan(1)).u32() < keys.current(Purpose::Identity).version;
}

using Prepare = std::function<Query(std::string_view)>;

bool study_exists(const Prepare& query, std::int64_t study) {
  return (query("SELECT 1 FROM study WHERE study_id = ?") << study).next();
}

/// The row of its series and SOP class; nullopt when the batch names none.
std::optional<std::int64_t> part_of(const Prepare& query, const PairBatch& batch) {
  if (batch.series_uid.empty()) return std::nullopt;
  const auto series = uuid_of(batch.series_uid);
  const auto find = [&]() -> std::optional<std::int64_t> {
    Query row =
        query("SELECT part_id FROM part WHERE study_id = ? AND series = ? AND sop_class = ?");
    row << batch.study << ByteView(series) << batch.sop_class_uid;
    if (!row.next()) return std::nullopt;
    return row.integer(0);
  };
  if (const auto known = find()) return known;
  (query("INSERT INTO part (study_id, series, sop_class) VALUES (?, ?, ?)")
   << batch.study << ByteView(series) << batch.sop_class_uid)
      .run();
  return find();
}

/// What is there stays as it is; only a row from before version 4 learns its part.
void insert_instance(const Prepare& query, const PairBatch& batch) {
  const auto part = part_of(query, batch);
  const auto sop = uuid_of(batch.sop_uid);
  Query row = query(
      "INSERT INTO instance (study_id, sop, revision, fingerprint, part_id, sent) VALUES "
      "(?, ?, ?, ?, ?, ?) ON CONFLICT (study_id, sop, revision) DO UPDATE SET part_id = "
      "excluded.part_id WHERE instance.part_id IS NULL AND excluded.part_id IS NOT NULL");
  row << batch.study << ByteView(sop) << std::int64_t{batch.revision}
      << ByteView(batch.fingerprint);
  if (part) {
    row << *part;
  } else {
    row << std::nullopt;
  }
  if (!batch.sent_uid.empty() && batch.sent_uid != batch.sop_uid)
    row << ByteView(uuid_of(batch.sent_uid));
  row.run();
}

std::array<Byte, 16> column_uuid(const SQLite::Column& column) {
  const Bytes bytes = column_bytes(column);
  std::array<Byte, 16> uuid{};
  if (bytes.size() != uuid.size())
    throw std::runtime_error("map.db holds a UUID of a wrong length");
  std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

}  // namespace

Bytes PseudonymMap::seal_pairs(const InstanceId& id, const PairBatch& batch) const {
  // Throws now rather than when nobody can answer for it.
  (void)uuid_of(batch.sop_uid);
  if (!batch.sent_uid.empty()) (void)uuid_of(batch.sent_uid);
  if (!batch.series_uid.empty()) (void)uuid_of(batch.series_uid);
  Packer out;
  out.u8(kFormat).i64(batch.study).text(batch.sop_uid).bytes(batch.fingerprint);
  out.u32(batch.revision).text(batch.sent_uid).text(batch.series_uid).text(batch.sop_class_uid);
  const bool keep = impl_->settings.keep_originals == KeepOriginals::Study;
  out.u32(keep ? static_cast<std::uint32_t>(batch.pairs.size()) : 0);
  for (const UidPair& pair : batch.pairs) {
    (void)uuid_of(pair.mapped);
    if (!keep) continue;
    out.text(pair.original.reveal()).text(pair.mapped);
  }
  return seal(impl_->keys, Purpose::Identity, out.view(), place_of(id));
}

Result<void> PseudonymMap::absorb(const std::vector<std::pair<InstanceId, Bytes>>& sealed) try {
  Result<void> outcome;
  std::vector<PairBatch> batches;
  for (const auto& [id, bytes] : sealed) {
    if (auto opened = open_pairs(impl_->keys, id, bytes)) {
      batches.push_back(std::move(*opened));
    } else if (!was_taken_in_before(impl_->keys, opened.error(), bytes)) {
      outcome = fail(opened.error().fault,
                     "UID pairs of instance " + to_hex(id) + ": " + opened.error().detail);
    }
  }

  impl_->write([&](SQLite::Database& database) {
    std::int64_t added = 0;
    const Prepare query = [&](std::string_view sql) { return impl_->statements(database, sql); };
    for (const PairBatch& batch : batches) {
      if (!study_exists(query, batch.study)) {
        outcome = fail(
            Fault::NotFound,
            "UID pairs name study row " + std::to_string(batch.study) +
                ", which the map does not have: was an older map restored without its journal?");
        continue;
      }
      insert_instance(query, batch);
      // Sealed under another setting, before a restart: what holds now counts.
      if (impl_->settings.keep_originals != KeepOriginals::Study) continue;
      for (const UidPair& pair : batch.pairs) {
        const auto pseudo = uuid_of(pair.mapped);
        if ((query("SELECT 1 FROM uid_pair WHERE study_id = ? AND pseudo = ?")
             << batch.study << ByteView(pseudo))
                .next())
          continue;  // study, series and frame of reference come with every instance

        const std::string place =
            "uid_pair.sealed_uid/" + std::to_string(batch.study) + "/" + to_hex(pseudo);
        const Bytes sealed_uid =
            seal(impl_->keys, Purpose::Identity, as_bytes(pair.original.reveal()), place);
        (query("INSERT INTO uid_pair (study_id, pseudo, sealed_uid) VALUES (?, ?, ?)")
         << batch.study << ByteView(pseudo) << ByteView(sealed_uid))
            .run();
        ++added;
      }
    }
    if (added != 0) (query("UPDATE meta SET uid_pairs = uid_pairs + ?") << added).run();
  });
  return outcome;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("UID pairs cannot be moved into the map: ") + broken.what());
}

std::vector<KnownInstance> PseudonymMap::seen(std::int64_t study, std::string_view sop_uid) {
  const auto sop = uuid_of(sop_uid);
  return impl_->readers.with_statements([&](ReadConnection& read) {
    Query rows = read(
        "SELECT revision, fingerprint FROM instance WHERE study_id = ? AND sop = ? ORDER BY "
        "revision");
    rows << study << ByteView(sop);
    std::vector<KnownInstance> out;
    while (rows.next()) {
      const Bytes bytes = rows.blob(1);
      KnownInstance known{static_cast<std::uint32_t>(rows.integer(0)), {}};
      if (bytes.size() != known.fingerprint.size())
        throw std::runtime_error("map.db holds a fingerprint of a wrong length");
      std::copy(bytes.begin(), bytes.end(), known.fingerprint.begin());
      out.push_back(known);
    }
    return out;
  });
}

Result<PseudonymMap::Sent> PseudonymMap::sent_objects(std::string_view study_uid) {
  return impl_->readers.with([&](SQLite::Database& database) -> Result<Sent> {
    constexpr int kForgotten = 3;
    SQLite::Statement study(database,
                            "SELECT study_id FROM study WHERE study_uid = ? AND state <> ?");
    study.bind(1, std::string(study_uid));
    study.bind(2, kForgotten);
    if (!study.executeStep())
      return fail(Fault::NotFound, "this map has no study " + std::string(study_uid));

    SQLite::Statement rows(
        database,
        "SELECT i.sop, i.revision, i.sent, p.series, p.sop_class FROM instance i LEFT JOIN part p "
        "ON p.part_id = i.part_id WHERE i.study_id = ? ORDER BY i.sop, i.revision");
    rows.bind(1, study.getColumn(0).getInt64());
    Sent out;
    while (rows.executeStep()) {
      if (rows.getColumn(3).isNull()) {
        ++out.unlisted;
        continue;
      }
      SentObject object;
      object.first_uid = uid_of(column_uuid(rows.getColumn(0)));
      object.revision = rows.getColumn(1).getUInt();
      object.sop_uid =
          rows.getColumn(2).isNull() ? object.first_uid : uid_of(column_uuid(rows.getColumn(2)));
      object.series_uid = uid_of(column_uuid(rows.getColumn(3)));
      object.sop_class_uid = rows.getColumn(4).getString();
      out.objects.push_back(std::move(object));
    }
    return out;
  });
}

}  // namespace dosigate
