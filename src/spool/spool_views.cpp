#include "spool_core.h"

// What is seen of the queue from outside: each answer is one question to queue.db.

namespace dosigate {
bool SpoolCore::pairs_waiting() const {
  wait_for_rows();
  return index_.read([](ReadConnection& read) {
    return read("SELECT 1 FROM item WHERE pairs_moved <> 1 LIMIT 1").next();
  });
}

std::vector<SpoolCore::Row> SpoolCore::list(std::size_t max) const {
  enrolment_.wait_a_moment();
  return index_.read([&](ReadConnection& read) {
    std::vector<Row> out;
    Query rows = read(
        "SELECT i.id, d.destination, i.study_uid, i.sop_class, i.pseudonym, d.reason, d.state, "
        "d.attempts, d.status, i.queued, d.next_attempt, i.bytes"
        " FROM delivery d JOIN item i USING (item_id) WHERE d.state IN (0, 2) ORDER BY d.item_id, "
        "d.destination LIMIT ?");
    rows << static_cast<std::int64_t>(max);
    while (rows.next()) {
      out.push_back({rows.id(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                     rows.text(5), static_cast<DeliveryState>(rows.integer(6)),
                     static_cast<unsigned>(rows.integer(7)),
                     static_cast<std::uint16_t>(rows.integer(8)), rows.unsigned_integer(9),
                     rows.unsigned_integer(10) / 1'000, rows.unsigned_integer(11)});
    }
    return out;
  });
}

SpoolCore::Summary SpoolCore::summary() const {
  enrolment_.wait_a_moment();
  return summary_.get([this] {
    if (!shown_)
      shown_ = std::make_unique<ReadConnection>(open_reader(settings_.directory / "queue.db"));
    ReadConnection& read = *shown_;
    Summary out;
    {
      Query row = read(
          "SELECT COUNT(*), COALESCE(SUM(bytes), 0), COALESCE(SUM(pairs_moved = 2), 0) FROM item");
      row.next();
      out.files = row.unsigned_integer(0);
      out.bytes = row.unsigned_integer(1);
      out.pairs_stuck = row.unsigned_integer(2);
    }
    Query rows = read(
        "SELECT d.destination, SUM(d.state = 0), SUM(d.state = 2), SUM(CASE d.state WHEN 0 THEN "
        "i.bytes ELSE 0 END),"
        " MIN(CASE d.state WHEN 0 THEN i.queued END) FROM delivery d JOIN item i USING (item_id) "
        "WHERE d.state IN (0, 2) GROUP BY d.destination");
    while (rows.next()) {
      out.destinations[rows.text(0)] = {rows.unsigned_integer(1), rows.unsigned_integer(2),
                                        rows.unsigned_integer(3), rows.unsigned_integer(4)};
    }
    return out;
  });
}

}  // namespace dosigate
