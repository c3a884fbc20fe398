#include "queue_index.h"

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"

namespace dosigate {
QueueIndex::QueueIndex(std::unique_ptr<SQLite::Database> database,
                       const std::filesystem::path& file)
    : writer_(std::move(database)), reader_(open_reader(file)) {}

std::int64_t QueueIndex::number_of_study(std::string_view study_uid) {
  const auto hash = sha256(as_bytes(study_uid));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) number = number << 8U | hash[i];
  return static_cast<std::int64_t>(number >> 1U);
}

QueueItem QueueIndex::item_of(std::int64_t item_id, const InstanceId& id, const SpoolCard& card,
                              std::uint64_t length, const std::string& destination) {
  QueueItem item;
  item.item_id = item_id;
  item.id = id;
  item.sop_class_uid = card.sop_class_uid;
  item.sop_instance_uid = card.sop_instance_uid;
  item.study_instance_uid = card.study_instance_uid;
  item.transfer_syntax_uid = card.transfer_syntax_uid;
  item.pseudonym = card.pseudonym;
  item.length = length;
  item.queued_unix = card.queued_unix;
  item.destination = destination;
  return item;
}

std::optional<std::int64_t> QueueIndex::item_id(SQLite::Database& db, const InstanceId& id) {
  Query found = statements_(db, "SELECT item_id FROM item WHERE id = ?");
  found << ByteView(id);
  if (!found.next()) return std::nullopt;
  return found.integer(0);
}

QueueIndex::AddedItem QueueIndex::insert(SQLite::Database& db, const InstanceId& id,
                                         const SpoolCard& card, std::uint64_t bytes,
                                         std::uint64_t length, bool pairs_moved,
                                         const std::map<std::string, QueueDelivery>& deliveries,
                                         std::int64_t now_ms) {
  const bool finished = std::ranges::all_of(deliveries, [](const auto& one) {
    return one.second.state == DeliveryState::Delivered ||
           one.second.state == DeliveryState::Withdrawn;
  });
  // The unique indexes say whether it is there.
  const int rows =
      (statements_(
           db,
           "INSERT INTO item (id, sop_uid, sop_class, transfer_syntax, study_uid, "
           "pseudonym, fingerprint, bytes, length, queued, finished, "
           "pairs_moved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
       << ByteView(id) << card.sop_instance_uid << card.sop_class_uid << card.transfer_syntax_uid
       << card.study_instance_uid << card.pseudonym << ByteView(card.fingerprint)
       << static_cast<std::int64_t>(bytes) << static_cast<std::int64_t>(length)
       << static_cast<std::int64_t>(card.queued_unix) << std::int64_t{finished}
       << std::int64_t{pairs_moved})
          .run();
  if (rows == 0) return {item_id(db, id) ? Added::IdIsThere : Added::SopIsThere, 0};
  const std::int64_t added = db.getLastInsertRowid();
  const std::int64_t study = number_of_study(card.study_instance_uid);
  for (const auto& [name, delivery] : deliveries) {
    (statements_(db,
                 "INSERT INTO delivery (item_id, destination, state, next_attempt, reason, "
                 "changed, study) VALUES (?, ?, ?, ?, ?, ?, ?)")
     << added << name << static_cast<std::int64_t>(delivery.state) << now_ms << delivery.reason
     << now_ms / 1000 << study)
        .run();
  }
  return {Added::Yes, added};
}

QueueIndex::AddedItem QueueIndex::add(const InstanceId& id, const SpoolCard& card,
                                      std::uint64_t bytes, std::uint64_t length, bool pairs_moved,
                                      const std::map<std::string, QueueDelivery>& deliveries,
                                      std::int64_t now_ms,
                                      const std::optional<InstanceId>& instead_of) {
  AddedItem result{};
  write([&](SQLite::Database& db) {
    if (instead_of) {
      (statements_(db,
                   "DELETE FROM item WHERE id = ? AND finished = 0 AND NOT EXISTS"
                   " (SELECT 1 FROM delivery d WHERE d.item_id = item.item_id AND d.state = 0)")
       << ByteView(*instead_of))
          .run();
    }
    result = insert(db, id, card, bytes, length, pairs_moved, deliveries, now_ms);
  });
  return result;
}

std::vector<std::int64_t> QueueIndex::add(const Enrolment::Instances& instances,
                                          std::int64_t now_ms) {
  std::vector<std::int64_t> out;
  write([&](SQLite::Database& db) {
    out.clear();
    for (const Enrolment::Instance& one : instances) {
      std::map<std::string, QueueDelivery> deliveries;
      for (const std::string& destination : one.card.destinations) deliveries[destination];
      const AddedItem added =
          insert(db, one.id, one.card, one.bytes, one.length, one.pairs_moved, deliveries, now_ms);
      if (added.what == Added::SopIsThere)
        throw std::logic_error("queue: two of one SOP instance were put instance=" +
                               to_hex(one.id));
      out.push_back(added.what == Added::Yes ? added.item_id : item_id(db, one.id).value());
    }
  });
  return out;
}

void QueueIndex::remove(const InstanceId& id) {
  write([&](SQLite::Database& db) {
    (statements_(db, "DELETE FROM item WHERE id = ?") << ByteView(id)).run();
  });
}

std::optional<QueueIndex::Live> QueueIndex::live(std::string_view sop_instance_uid) {
  return reader_.with([&](ReadConnection& read) -> std::optional<Live> {
    Query row = read("SELECT id, fingerprint FROM item WHERE sop_uid = ? AND finished = 0");
    row << sop_instance_uid;
    if (!row.next()) return std::nullopt;
    return Live{row.id(0), row.blob(1)};
  });
}

bool QueueIndex::has(const InstanceId& id) {
  return reader_.with([&](ReadConnection& read) {
    return (read("SELECT 1 FROM item WHERE id = ?") << ByteView(id)).next();
  });
}

bool QueueIndex::is_queued(const InstanceId& id) {
  return reader_.with([&](ReadConnection& read) {
    return (read("SELECT 1 FROM item JOIN delivery USING (item_id) WHERE id = ? AND state = 0 "
                 "LIMIT 1")
            << ByteView(id))
        .next();
  });
}

QueueIndex::Known QueueIndex::known(const InstanceId& id, std::string_view sop_instance_uid,
                                    ByteView fingerprint) {
  return reader_.with([&](ReadConnection& read) {
    Known out;
    Query rows = read(
        "SELECT 0 FROM item WHERE id = ?1 UNION ALL SELECT 1 FROM item WHERE sop_uid = ?2 AND "
        "finished = 0 UNION ALL SELECT 2 FROM item WHERE sop_uid = ?2 AND finished = 1 AND "
        "fingerprint <> ?3");
    rows << ByteView(id) << sop_instance_uid << fingerprint;
    while (rows.next()) {
      const std::int64_t what = rows.integer(0);
      (what == 0 ? out.id_is_there : what == 1 ? out.is_live : out.was_another) = true;
    }
    return out;
  });
}

void QueueIndex::forget_finished(const InstanceId& id) {
  write([&](SQLite::Database& db) {
    (statements_(db, "DELETE FROM item WHERE id = ? AND finished = 1") << ByteView(id)).run();
  });
}

std::vector<InstanceId> QueueIndex::unmoved_pairs(std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<InstanceId> out;
    Query rows = read("SELECT id FROM item WHERE pairs_moved = 0 ORDER BY item_id LIMIT ?");
    rows << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back(rows.id(0));
    return out;
  });
}

void QueueIndex::pairs_unreadable(const InstanceId& id) {
  write([&](SQLite::Database& db) {
    (statements_(db, "UPDATE item SET pairs_moved = 2 WHERE id = ?") << ByteView(id)).run();
  });
}

std::vector<InstanceId> QueueIndex::pairs_moved(const std::vector<InstanceId>& ids) {
  std::vector<InstanceId> erasable;
  write([&](SQLite::Database& db) {
    erasable.clear();
    for (const InstanceId& id : ids) {
      (statements_(db, "UPDATE item SET pairs_moved = 1 WHERE id = ?") << ByteView(id)).run();
      if ((statements_(db, "DELETE FROM item WHERE id = ? AND finished = 1") << ByteView(id))
              .run() > 0)
        erasable.push_back(id);
    }
  });
  return erasable;
}

void QueueIndex::offer_unreadable_pairs_again() {
  write([&](SQLite::Database& db) {
    statements_(db, "UPDATE item SET pairs_moved = 0 WHERE pairs_moved = 2").run();
  });
}

std::vector<QueueIndex::Standing> QueueIndex::items_after(std::int64_t item_id, std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Standing> out;
    {
      Query rows = read(
          "SELECT item_id, id, finished, study_uid, sop_class, sop_uid FROM item WHERE item_id > ? "
          "ORDER BY item_id LIMIT ?");
      rows << item_id << static_cast<std::int64_t>(max);
      while (rows.next()) {
        out.push_back({rows.integer(0),
                       rows.id(1),
                       rows.integer(2) != 0,
                       rows.text(3),
                       rows.text(4),
                       rows.text(5),
                       {}});
      }
    }
    for (Standing& standing : out) {
      Query rows = read("SELECT destination, state FROM delivery WHERE item_id = ?");
      rows << standing.item_id;
      while (rows.next())
        standing.deliveries[rows.text(0)] = static_cast<DeliveryState>(rows.integer(1));
    }
    return out;
  });
}

}  // namespace dosigate
