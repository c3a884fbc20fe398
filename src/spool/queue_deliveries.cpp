// Of the rows of the queue: what is due at which destination, and what became of it.

#include "queue_index.h"

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

}  // namespace dosigate
