#include "queue_index.h"

#include <algorithm>
#include <stdexcept>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

QueueItem read_item(Query& row, const std::string& destination) {
  QueueItem item;
  item.item_id = row.integer(0);
  item.id = row.id(1);
  item.sop_class_uid = row.text(2);
  item.sop_instance_uid = row.text(3);
  item.study_instance_uid = row.text(4);
  item.transfer_syntax_uid = row.text(5);
  item.pseudonym = row.text(6);
  item.length = row.unsigned_integer(7);
  item.queued_unix = row.unsigned_integer(8);
  item.attempts = static_cast<unsigned>(row.integer(9));
  item.sent_once = row.integer(10) != 0;
  item.destination = destination;
  return item;
}

}  // namespace

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

std::vector<InstanceId> QueueIndex::due(const std::string& destination, When when,
                                        std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<InstanceId> out;
    const auto look = [&](const char* sql, std::int64_t limit_ms) {
      if (out.size() == max) return;
      Query rows = read(sql);
      rows << destination << limit_ms << static_cast<std::int64_t>(max - out.size());
      while (rows.next()) out.push_back(rows.id(0));
    };
    look(
        "SELECT i.id FROM delivery d JOIN item i USING (item_id) WHERE d.destination = ? AND "
        "d.state = 0 AND d.next_attempt <= ? ORDER BY d.next_attempt, d.item_id LIMIT ?",
        when.now_ms);
    look(
        "SELECT i.id FROM delivery d JOIN item i USING (item_id) WHERE d.destination = ? AND "
        "d.state = 0 AND d.next_attempt > ? ORDER BY d.next_attempt, d.item_id LIMIT ?",
        when.latest_ms);
    return out;
  });
}

std::optional<std::int64_t> QueueIndex::next_study(const std::string& destination,
                                                   std::int64_t study) {
  return reader_.with([&](ReadConnection& read) -> std::optional<std::int64_t> {
    Query row = read(
        "SELECT study FROM delivery WHERE destination = ? AND state = 0 AND study > ? ORDER BY "
        "study LIMIT 1");
    row << destination << study;
    if (!row.next()) return std::nullopt;
    return row.integer(0);
  });
}

std::vector<QueueItem> QueueIndex::due_of(const std::string& destination, std::int64_t study,
                                          When when, std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<QueueItem> out;
    Query rows = read(
        "SELECT d.item_id, i.id, i.sop_class, i.sop_uid, i.study_uid, i.transfer_syntax, "
        "i.pseudonym, i.length, i.queued, d.attempts, d.sent_once FROM delivery d JOIN item i "
        "USING (item_id) WHERE d.destination = ? AND d.state = 0 AND d.study = ? AND "
        "(d.next_attempt <= ? OR d.next_attempt > ?) ORDER BY d.next_attempt, d.item_id LIMIT ?");
    rows << destination << study << when.now_ms << when.latest_ms << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back(read_item(rows, destination));
    return out;
  });
}

std::optional<std::int64_t> QueueIndex::next_due(const std::string& destination,
                                                 std::int64_t now_ms) {
  return reader_.with([&](ReadConnection& read) -> std::optional<std::int64_t> {
    Query row = read(
        "SELECT next_attempt FROM delivery WHERE destination = ? AND state = 0 AND next_attempt > "
        "? ORDER BY next_attempt LIMIT 1");
    row << destination << now_ms;
    if (!row.next()) return std::nullopt;
    return row.integer(0);
  });
}

void QueueIndex::mark_sent(const std::vector<std::pair<InstanceId, std::string>>& sent) {
  write([&](SQLite::Database& db) {
    for (const auto& [id, destination] : sent) {
      (statements_(db,
                   "UPDATE delivery SET sent_once = 1 WHERE destination = ? AND item_id = (SELECT "
                   "item_id FROM item WHERE id = ?)")
       << destination << ByteView(id))
          .run();
    }
  });
}

bool QueueIndex::finish_if_final(SQLite::Database& db, std::int64_t item_id) {
  if ((statements_(db, "SELECT 1 FROM delivery WHERE item_id = ? AND state NOT IN (1, 3) LIMIT 1")
       << item_id)
          .next())
    return false;
  if ((statements_(db, "DELETE FROM item WHERE item_id = ? AND pairs_moved = 1") << item_id).run() >
      0)
    return true;
  (statements_(db, "UPDATE item SET finished = 1 WHERE item_id = ?") << item_id).run();
  return false;
}

std::vector<InstanceId> QueueIndex::settle(const std::vector<Verdict>& verdicts,
                                           std::int64_t now_ms) {
  std::vector<InstanceId> erasable;
  write([&](SQLite::Database& db) {
    erasable.clear();
    for (const Verdict& verdict : verdicts) {
      InstanceId id{};
      {
        Query row = statements_(db, "SELECT id FROM item WHERE item_id = ?");
        row << verdict.item_id;
        if (!row.next()) continue;  // its last destination was settled twice
        id = row.id(0);
      }
      (statements_(db,
                   "UPDATE delivery SET state = ?, status = ?, reason = ?, next_attempt = ?, "
                   "changed = ?, sent_once = max(sent_once, ?) WHERE item_id = ? AND destination = "
                   "?")
       << static_cast<std::int64_t>(verdict.state) << std::int64_t{verdict.status} << verdict.reason
       << now_ms << now_ms / 1000 << std::int64_t{verdict.sent} << verdict.item_id
       << verdict.destination)
          .run();
      if (finish_if_final(db, verdict.item_id)) erasable.push_back(id);
    }
  });
  return erasable;
}

void QueueIndex::retry(std::int64_t item_id, const std::string& destination, std::uint16_t status,
                       std::string_view reason, bool sent_once, std::int64_t next_ms,
                       std::int64_t now_ms) {
  write([&](SQLite::Database& db) {
    (statements_(db,
                 "UPDATE delivery SET attempts = attempts + 1, next_attempt = ?, status = ?, "
                 "reason = ?, sent_once = ?, changed = ?"
                 " WHERE item_id = ? AND destination = ?")
     << next_ms << std::int64_t{status} << reason << std::int64_t{sent_once} << now_ms / 1000
     << item_id << destination)
        .run();
  });
}

void QueueIndex::set_reason(const std::vector<std::int64_t>& items, const std::string& destination,
                            std::string_view reason, std::int64_t now_ms) {
  write([&](SQLite::Database& db) {
    for (const std::int64_t item_id : items) {
      (statements_(
           db, "UPDATE delivery SET reason = ?, changed = ? WHERE item_id = ? AND destination = ?")
       << reason << now_ms / 1000 << item_id << destination)
          .run();
    }
  });
}

std::vector<Ledger::Change> QueueIndex::parked(const std::string& destination,
                                               const std::optional<InstanceId>& id,
                                               std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Ledger::Change> out;
    Query rows = read(
        "SELECT i.id, d.destination FROM delivery d JOIN item i USING (item_id)"
        " WHERE d.state = 2 AND (?1 = '' OR d.destination = ?1) AND (?2 = x'' OR i.id = ?2) LIMIT "
        "?3");
    const ByteView wanted = id ? ByteView(*id) : ByteView();
    rows << destination << wanted << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back({rows.id(0), rows.text(1), DeliveryState::Queued, 0});
    return out;
  });
}

void QueueIndex::unpark(const std::vector<Ledger::Change>& which, std::int64_t now_ms) {
  write([&](SQLite::Database& db) {
    for (const Ledger::Change& change : which) {
      (statements_(db,
                   "UPDATE delivery SET state = 0, attempts = 0, next_attempt = ?, changed = ?"
                   " WHERE state = 2 AND destination = ? AND item_id = (SELECT item_id FROM item "
                   "WHERE id = ?)")
       << now_ms << now_ms / 1000 << change.destination << ByteView(change.id))
          .run();
    }
  });
}

std::uint64_t QueueIndex::hasten(const std::string& destination,
                                 const std::optional<InstanceId>& id, std::int64_t now_ms) {
  std::uint64_t count = 0;
  const ByteView wanted = id ? ByteView(*id) : ByteView();
  write([&](SQLite::Database& db) {
    Query update =
        statements_(db,
                    "UPDATE delivery SET next_attempt = ?1 WHERE state = 0 AND next_attempt > ?1 "
                    "AND (?2 = '' OR destination = ?2)"
                    " AND (?3 = x'' OR item_id = (SELECT item_id FROM item WHERE id = ?3))");
    update << now_ms << destination << wanted;
    count = static_cast<std::uint64_t>(update.run());
  });
  return count;
}

std::vector<QueueIndex::Open> QueueIndex::open_of_study(std::string_view study_uid) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Open> out;
    Query rows = read(
        "SELECT i.item_id, i.id, i.sop_uid, d.destination FROM item i JOIN delivery d USING "
        "(item_id) WHERE i.study_uid = ? AND d.state IN (0, 2) ORDER BY i.item_id");
    rows << study_uid;
    while (rows.next()) out.push_back({rows.integer(0), rows.id(1), rows.text(2), rows.text(3)});
    return out;
  });
}

std::vector<QueueIndex::Open> QueueIndex::open_of(const InstanceId& id,
                                                  const std::string& destination) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Open> out;
    Query rows = read(
        "SELECT i.item_id, i.id, i.sop_uid, d.destination FROM item i JOIN delivery d USING "
        "(item_id) WHERE i.id = ? AND d.destination = ? AND d.state IN (0, 2)");
    rows << ByteView(id) << destination;
    while (rows.next()) out.push_back({rows.integer(0), rows.id(1), rows.text(2), rows.text(3)});
    return out;
  });
}

std::vector<QueueIndex::Open> QueueIndex::open_of_destination(const std::string& destination,
                                                              std::size_t max) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Open> out;
    Query rows = read(
        "SELECT i.item_id, i.id, i.sop_uid, d.destination FROM delivery d JOIN item i USING "
        "(item_id) WHERE d.destination = ? AND d.state IN (0, 2) LIMIT ?");
    rows << destination << static_cast<std::int64_t>(max);
    while (rows.next()) out.push_back({rows.integer(0), rows.id(1), rows.text(2), rows.text(3)});
    return out;
  });
}

std::vector<QueueIndex::Open> QueueIndex::parked_of(const InstanceId& id) {
  return reader_.with([&](ReadConnection& read) {
    std::vector<Open> out;
    Query rows = read(
        "SELECT i.item_id, i.id, i.sop_uid, d.destination FROM item i JOIN delivery d USING "
        "(item_id) WHERE i.id = ? AND d.state = 2");
    rows << ByteView(id);
    while (rows.next()) out.push_back({rows.integer(0), rows.id(1), rows.text(2), rows.text(3)});
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
