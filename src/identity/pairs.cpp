// UID pairs and fingerprints: sealed into the instance's spool file, later moved into map.db.

#include <set>

#include "dosigate/crypto/seal.h"
#include "map_impl.h"

namespace dosigate {
namespace {

constexpr std::uint8_t kFormat = 1;  // stands in spool files

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
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    Phi original(in.text());
    batch.pairs.push_back({std::move(original), in.text()});
  }
  if (format != kFormat || !in.done() || fingerprint.size() != batch.fingerprint.size()) {
    return fail(Fault::Corrupt,
                "the UID pairs of instance " + to_hex(id) + " open but do not read");
  }
  std::copy(fingerprint.begin(), fingerprint.end(), batch.fingerprint.begin());
  return batch;
}

bool study_exists(SQLite::Database& database, std::int64_t study) {
  SQLite::Statement row(database, "SELECT 1 FROM study WHERE study_id = ?");
  row.bind(1, study);
  return row.executeStep();
}

void insert_instance(SQLite::Database& database, const PairBatch& batch) {
  SQLite::Statement row(
      database, "INSERT OR IGNORE INTO instance (study_id, sop, fingerprint) VALUES (?, ?, ?)");
  row.bind(1, batch.study);
  bind_bytes(row, 2, uuid_of(batch.sop_uid));
  bind_bytes(row, 3, batch.fingerprint);
  row.exec();
}

}  // namespace

Bytes PseudonymMap::seal_pairs(const InstanceId& id, const PairBatch& batch) const {
  (void)uuid_of(batch.sop_uid);  // throws now rather than when nobody can answer for it
  Packer out;
  out.u8(kFormat).i64(batch.study).text(batch.sop_uid).bytes(batch.fingerprint);
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
    } else {
      outcome = fail(opened.error().fault,
                     "UID pairs of instance " + to_hex(id) + ": " + opened.error().detail);
    }
  }

  long long added = 0;
  impl_->write([&](SQLite::Database& database) {
    SQLite::Statement known(database, "SELECT 1 FROM uid_pair WHERE study_id = ? AND pseudo = ?");
    SQLite::Statement insert(
        database, "INSERT INTO uid_pair (study_id, pseudo, sealed_uid) VALUES (?, ?, ?)");
    for (const PairBatch& batch : batches) {
      if (!study_exists(database, batch.study)) {
        outcome = fail(
            Fault::NotFound,
            "UID pairs name study row " + std::to_string(batch.study) +
                ", which the map does not have: was an older map restored without its journal?");
        continue;
      }
      insert_instance(database, batch);
      // Sealed under another setting, before a restart: what holds now counts.
      if (impl_->settings.keep_originals != KeepOriginals::Study) continue;
      for (const UidPair& pair : batch.pairs) {
        const auto pseudo = uuid_of(pair.mapped);
        known.reset();
        known.bind(1, batch.study);
        bind_bytes(known, 2, pseudo);
        if (known.executeStep())
          continue;  // study, series and frame of reference come with every instance

        const std::string place =
            "uid_pair.sealed_uid/" + std::to_string(batch.study) + "/" + to_hex(pseudo);
        insert.reset();
        insert.bind(1, batch.study);
        bind_bytes(insert, 2, pseudo);
        bind_bytes(insert, 3,
                   seal(impl_->keys, Purpose::Identity, as_bytes(pair.original.reveal()), place));
        insert.exec();
        ++added;
      }
    }
  });
  impl_->uid_pairs += added;
  return outcome;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("UID pairs cannot be moved into the map: ") + broken.what());
}

std::vector<KnownInstance> PseudonymMap::seen(std::int64_t study, std::string_view sop_uid) {
  const auto sop = uuid_of(sop_uid);
  return impl_->readers.with([&](SQLite::Database& database) {
    SQLite::Statement rows(
        database,
        "SELECT revision, fingerprint FROM instance WHERE study_id = ? AND sop = ? ORDER BY "
        "revision");
    rows.bind(1, study);
    bind_bytes(rows, 2, sop);
    std::vector<KnownInstance> out;
    while (rows.executeStep()) {
      const Bytes bytes = column_bytes(rows.getColumn(1));
      KnownInstance known{rows.getColumn(0).getUInt(), {}};
      if (bytes.size() != known.fingerprint.size())
        throw std::runtime_error("map.db holds a fingerprint of a wrong length");
      std::copy(bytes.begin(), bytes.end(), known.fingerprint.begin());
      out.push_back(known);
    }
    return out;
  });
}

}  // namespace dosigate
