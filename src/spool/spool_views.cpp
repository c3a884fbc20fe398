#include <time.h>

#include <chrono>

#include "spool_core.h"

// What is seen of the queue from outside: each answer is one question to queue.db.

namespace dosigate {
namespace {

constexpr std::chrono::milliseconds kQuick{5};
constexpr int kRest = 30;

/// Of this thread: on a busy machine a short look must not count as a long one.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

bool SpoolCore::pairs_waiting() const {
  return index_.read([](ReadConnection& read) {
    return read("SELECT 1 FROM item WHERE pairs_moved <> 1 LIMIT 1").next();
  });
}

std::vector<SpoolCore::Row> SpoolCore::list(std::size_t max) const {
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
  return seen_.with([&](Seen& seen) {
    if (steady_now() < seen.until) return seen.summary;
    const auto begun = processor_time();
    if (!seen.read)
      seen.read = std::make_unique<ReadConnection>(open_reader(settings_.directory / "queue.db"));
    Summary out;
    {
      Query row = (*seen.read)(
          "SELECT COUNT(*), COALESCE(SUM(bytes), 0), COALESCE(SUM(pairs_moved = 2), 0) FROM item");
      row.next();
      out.files = row.unsigned_integer(0);
      out.bytes = row.unsigned_integer(1);
      out.pairs_stuck = row.unsigned_integer(2);
    }
    Query rows = (*seen.read)(
        "SELECT d.destination, SUM(d.state = 0), SUM(d.state = 2), SUM(CASE d.state WHEN 0 THEN "
        "i.bytes ELSE 0 END),"
        " MIN(CASE d.state WHEN 0 THEN i.queued END) FROM delivery d JOIN item i USING (item_id) "
        "WHERE d.state IN (0, 2) GROUP BY d.destination");
    while (rows.next()) {
      out.destinations[rows.text(0)] = {rows.unsigned_integer(1), rows.unsigned_integer(2),
                                        rows.unsigned_integer(3), rows.unsigned_integer(4)};
    }
    const auto took = processor_time() - begun;
    seen.until = took < kQuick ? SteadyTime{} : steady_now() + kRest * took;
    seen.summary = out;
    return out;
  });
}

}  // namespace dosigate
