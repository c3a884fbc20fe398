#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "dosigate/base/guarded.h"
#include "dosigate/dicom/instance.h"

namespace dosigate {

/// Who was turned away, so that an administrator can paste the missing route, and when to log it:
/// once for each peer, then once at the end of each interval with the count, and never more than a
/// few lines for all together, whatever a peer calls itself. Bounded: of too many rows the one that
/// was refused least often goes, the longest silent of these, and an address with many titles has
/// few rows; so who tries once under a thousand names does not push out a camera that tries again
/// and again. Thread: any.
class RefusedPeers {
 public:
  struct Peer {
    Origin origin;  ///< titles are empty when it has tried too many, or none was read
    std::string reason;
    std::uint64_t count = 0;
    long long last_unix = 0;
  };
  /// What is to be logged at the end of an interval.
  struct Summary {
    std::vector<Peer> again;   ///< `count`: since the last line about it
    std::uint64_t others = 0;  ///< refusals of which no line tells
  };

  explicit RefusedPeers(std::chrono::seconds log_interval = std::chrono::minutes(10))
      : interval_(log_interval.count()) {}

  /// @return true: log it now. Otherwise it is counted, and told by `due`.
  bool add(const Origin& origin, const std::string& reason, long long now_unix);
  /// Of the peers whose interval is over.
  Summary due(long long now_unix);
  /// Latest first.
  std::vector<Peer> list() const;
  /// Refusals whose row had to go.
  std::uint64_t not_listed() const;

 private:
  struct Row {
    Peer peer;
    long long told_unix = 0;   ///< when the last line about it was written, or would have been
    std::uint64_t untold = 0;  ///< since then
    bool known = false;        ///< a line has named it
  };
  struct Book {
    std::vector<Row> rows;
    std::uint64_t not_listed = 0, others = 0;
    long long others_since = 0;
    long long lines_since = 0;  ///< begin of the interval that `lines` counts in
    int lines = 0;
  };
  static void add_others(Book& book, std::uint64_t count, long long since);
  static Row& row_of(Book& book, const Origin& origin, long long now_unix);
  bool may_log(Book& book, long long now_unix) const;

  long long interval_;
  Guarded<Book> book_;
};

/// The `[[route]]` that would admit a peer, as TOML with what only a person knows to be filled in.
/// Valid whatever the peer called itself: a character that no configuration may have, and "*",
/// which would admit everybody, stand as "?", which matches any one character; a comment then says
/// so.
std::string route_toml(const Origin& origin);

}  // namespace dosigate
