// Cameras as the operator sees them, and what was removed of their private elements.

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/seal.h"
#include "map_impl.h"

namespace dosigate {
namespace {

std::string place_of(std::int64_t device, const Index& creator) {
  return "device_creator.sealed_creator/" + std::to_string(device) + "/" + to_hex(creator);
}

bool add_to_row(SQLite::Database& database, std::int64_t device, ByteView creator,
                const RemovedCreators::Count& count) {
  SQLite::Statement update(
      database,
      "UPDATE device_creator SET instances = instances + ?3, last_seen = max(last_seen, ?4) WHERE "
      "device_id = ?1 AND creator_index = ?2");
  update.bind(1, device);
  bind_bytes(update, 2, creator);
  update.bind(3, count.instances);
  update.bind(4, static_cast<std::int64_t>(count.last_seen));
  return update.exec() > 0;
}

void insert_row(SQLite::Database& database, std::int64_t device, ByteView creator,
                const Bytes* sealed, const RemovedCreators::Count& count) {
  SQLite::Statement row(database,
                        "INSERT INTO device_creator (device_id, creator_index, sealed_creator, "
                        "instances, first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?)");
  row.bind(1, device);
  bind_bytes(row, 2, creator);
  if (sealed != nullptr) bind_bytes(row, 3, *sealed);
  row.bind(4, count.instances);
  row.bind(5, static_cast<std::int64_t>(count.first_seen));
  row.bind(6, static_cast<std::int64_t>(count.last_seen));
  row.exec();
}

/// An empty blob is not NULL, and needs an address.
ByteView others_index() {
  static constexpr Byte kNothing = 0;
  return {&kNothing, 0};
}

void add_to_others(SQLite::Database& database, std::int64_t device,
                   const RemovedCreators::Count& count) {
  if (!add_to_row(database, device, others_index(), count))
    insert_row(database, device, others_index(), nullptr, count);
}

std::size_t named_rows(SQLite::Database& database, std::int64_t device) {
  SQLite::Statement row(database,
                        "SELECT count(*) FROM device_creator WHERE device_id = ? AND "
                        "sealed_creator IS NOT NULL");
  row.bind(1, device);
  row.executeStep();
  return static_cast<std::size_t>(row.getColumn(0).getInt64());
}

void write_counts(SQLite::Database& database, const Keyring& keys,
                  const RemovedCreators::ByDevice& counts) {
  for (const auto& [device, of] : counts) {
    std::size_t rows = named_rows(database, device);
    for (const auto& [creator, count] : of.named) {
      const Index index = creator_index(keys.index_key(), creator);
      if (add_to_row(database, device, index, count)) continue;
      if (rows >= RemovedCreators::kMostPerDevice) {
        add_to_others(database, device, count);
        continue;
      }
      const Bytes sealed =
          seal(keys, Purpose::Identity, as_bytes(creator), place_of(device, index));
      insert_row(database, device, index, &sealed, count);
      ++rows;
    }
    if (of.others.instances > 0) add_to_others(database, device, of.others);
  }
}

std::vector<PseudonymMap::Device::Creator> creators_of(SQLite::Database& database,
                                                       const Keyring& keys, std::int64_t device) {
  std::vector<PseudonymMap::Device::Creator> out;
  SQLite::Statement rows(database,
                         "SELECT creator_index, sealed_creator, instances, first_seen, last_seen "
                         "FROM device_creator WHERE device_id = ? ORDER BY sealed_creator IS NULL, "
                         "instances DESC, creator_index");
  rows.bind(1, device);
  while (rows.executeStep()) {
    PseudonymMap::Device::Creator one;
    if (rows.getColumn(1).isNull()) {
      one.others = true;
    } else {
      const Bytes index = column_bytes(rows.getColumn(0));
      Index place{};
      if (index.size() != place.size())
        throw std::runtime_error("map.db holds a blind index of a wrong length");
      std::copy(index.begin(), index.end(), place.begin());
      const auto plain =
          unseal(keys, Purpose::Identity, column_bytes(rows.getColumn(1)), place_of(device, place));
      if (!plain)
        throw std::runtime_error("map.db " + place_of(device, place) +
                                 " does not open: " + plain.error().detail);
      one.text = as_text(*plain);
    }
    one.instances = rows.getColumn(2).getInt64();
    one.first_seen = rows.getColumn(3).getInt64();
    one.last_seen = rows.getColumn(4).getInt64();
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

void PseudonymMap::note_removed_creators(std::int64_t device,
                                         const std::vector<std::string>& creators) {
  if (creators.empty()) return;
  const long long now = impl_->now();
  impl_->removed_creators.with([&](RemovedCreators& counts) {
    for (const std::string& creator : creators) counts.add(device, creator, {1, now, now});
  });
}

Result<void> PseudonymMap::write_removed_creators() {
  const auto counts = impl_->removed_creators.with([](RemovedCreators& all) { return all.take(); });
  if (counts.empty()) return {};
  try {
    impl_->writer->run(
        [&](SQLite::Database& database) { write_counts(database, impl_->keys, counts); },
        Durability::Normal);
    return {};
  } catch (const std::exception& broken) {
    impl_->removed_creators.with([&](RemovedCreators& all) { all.put_back(counts); });
    return fail(
        Fault::Unavailable,
        std::string("the removed private creators cannot be counted in map.db: ") + broken.what());
  }
}

std::vector<PseudonymMap::Device> PseudonymMap::devices() {
  return impl_->readers.with([&](SQLite::Database& database) {
    MapRows rows(database, impl_->keys);
    std::vector<Device> out = rows.devices();
    for (Device& device : out) device.creators = creators_of(database, impl_->keys, device.device);
    if (auto nameless = creators_of(database, impl_->keys, 0); !nameless.empty()) {
      Device none;
      none.creators = std::move(nameless);
      out.push_back(std::move(none));
    }
    return out;
  });
}

std::vector<PseudonymMap::NewCreators> PseudonymMap::new_creators(long long since) {
  return impl_->readers.with([&](SQLite::Database& database) {
    SQLite::Statement rows(
        database,
        "SELECT coalesce(s.code, ''), coalesce(d.label, ''), count(*) FROM device_creator c "
        "LEFT JOIN device d ON d.device_id = c.device_id LEFT JOIN site s ON s.site_id = d.site_id "
        "WHERE c.first_seen >= ? GROUP BY c.device_id ORDER BY c.device_id");
    rows.bind(1, static_cast<std::int64_t>(since));
    std::vector<NewCreators> out;
    while (rows.executeStep())
      out.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString(),
                     rows.getColumn(2).getInt64()});
    return out;
  });
}

Result<void> PseudonymMap::accept_device(std::string_view site_code, std::string_view label) try {
  Result<void> outcome;
  impl_->correct([&](SQLite::Database& database) {
    outcome = {};
    SQLite::Statement row(database,
                          "SELECT d.device_id FROM device d JOIN site s ON s.site_id = d.site_id "
                          "WHERE s.code = ? AND d.label = ?");
    row.bind(1, std::string(site_code));
    row.bind(2, std::string(label));
    if (!row.executeStep()) {
      outcome =
          fail(Fault::NotFound, "this site has no camera of that label: see `dosigate devices`");
      return;
    }
    const std::int64_t device = row.getColumn(0).getInt64();
    row.reset();
    MapChanges changes;
    changes.push_back(DeviceAccepted{device});
    impl_->record(database, changes);
  });
  return outcome;
} catch (const std::exception& broken) {
  return fail(Fault::Unavailable,
              std::string("the pseudonym map cannot be written: ") + broken.what());
}

}  // namespace dosigate
