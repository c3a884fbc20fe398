#include "dosigate/app/refused_peers.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace dosigate {
namespace {

constexpr std::size_t kMostRows = 64;
constexpr std::ptrdiff_t kMostOfAnAddress = 4;
constexpr int kMostLines = 20;  ///< of new peers in an interval, and again of known ones at its end

/// A TOML basic string of what a peer chose. "*" would admit everybody when it is pasted.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c < 0x20 || c > 0x7E || c == '\\' || c == '*' ? '?' : c;
  }
  return out + "\"";
}

std::string title(const std::string& said) { return quoted(said.empty() ? "FILL IN" : said); }

bool same_peer(const Origin& a, const Origin& b) {
  return a.called_ae == b.called_ae && a.calling_ae == b.calling_ae && a.address == b.address;
}

}  // namespace

void RefusedPeers::add_others(Book& book, std::uint64_t count, long long since) {
  if (book.others == 0) book.others_since = since;
  book.others += count;
}

/// The row of this peer, of its address when that has too many, or a new one.
RefusedPeers::Row& RefusedPeers::row_of(Book& book, const Origin& origin, long long now_unix) {
  auto& rows = book.rows;
  const auto find = [&](const Origin& wanted) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const Row& row) { return same_peer(row.peer.origin, wanted); });
  };
  if (const auto row = find(origin); row != rows.end()) return *row;

  Origin named = origin;
  const auto of_address = std::count_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.peer.origin.address == origin.address;
  });
  if (of_address >= kMostOfAnAddress - 1) {
    named.called_ae.clear();
    named.calling_ae.clear();
    if (const auto row = find(named); row != rows.end()) return *row;
  }
  if (rows.size() == kMostRows) {
    const auto goes = std::min_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      return std::tie(a.peer.count, a.peer.last_unix) < std::tie(b.peer.count, b.peer.last_unix);
    });
    book.not_listed += goes->peer.count;
    if (goes->untold > 0) add_others(book, goes->untold, now_unix);
    rows.erase(goes);
  }
  Row fresh;
  fresh.peer.origin = std::move(named);
  return rows.emplace_back(std::move(fresh));
}

bool RefusedPeers::may_log(Book& book, long long now_unix) const {
  if (now_unix - book.lines_since >= interval_) {
    book.lines_since = now_unix;
    book.lines = 0;
  }
  return book.lines++ < kMostLines;
}

bool RefusedPeers::add(const Origin& origin, const std::string& reason, long long now_unix) {
  return book_.with([&](Book& book) {
    Row& row = row_of(book, origin, now_unix);
    ++row.peer.count;
    row.peer.reason = reason;
    row.peer.last_unix = now_unix;
    const bool quiet = row.untold == 0 && now_unix - row.told_unix >= interval_;
    if (quiet) row.told_unix = now_unix;  // begins an interval of its own
    if (quiet && may_log(book, now_unix)) {
      row.known = true;
      return true;
    }
    ++row.untold;
    return false;
  });
}

RefusedPeers::Summary RefusedPeers::due(long long now_unix) {
  return book_.with([&](Book& book) {
    Summary out;
    for (Row& row : book.rows) {
      if (row.untold == 0 || now_unix - row.told_unix < interval_) continue;
      if (row.known && out.again.size() < kMostLines) {
        out.again.push_back(row.peer);
        out.again.back().count = row.untold;
      } else {
        add_others(book, row.untold, row.told_unix);
      }
      row.untold = 0;
      row.told_unix = now_unix;
    }
    if (book.others > 0 && now_unix - book.others_since >= interval_)
      out.others = std::exchange(book.others, 0);
    return out;
  });
}

std::vector<RefusedPeers::Peer> RefusedPeers::list() const {
  auto peers = book_.with([](const Book& book) {
    std::vector<Peer> all;
    for (const Row& row : book.rows) all.push_back(row.peer);
    return all;
  });
  std::stable_sort(peers.begin(), peers.end(),
                   [](const Peer& a, const Peer& b) { return a.last_unix > b.last_unix; });
  return peers;
}

std::uint64_t RefusedPeers::not_listed() const {
  return book_.with([](const Book& book) { return book.not_listed; });
}

std::string route_toml(const Origin& origin) {
  const std::string who = origin.calling_ae.empty() ? origin.address : origin.calling_ae;
  const std::string said = title(origin.called_ae) + title(origin.calling_ae);
  const char* const hint = said.find('?') == std::string::npos
                               ? ""
                               : "# \"?\" matches any character: write out what you can.\n";
  return hint + std::string("[[route]]\nname = ") + quoted("from " + who) +
         "\nsite = \"FILL IN\"\ncalled_ae = [" + title(origin.called_ae) + "]\ncalling_ae = [" +
         title(origin.calling_ae) + "]\nfrom = [" + quoted(origin.address) +
         "]\nprofile = \"dosimetry\"\ndestinations = [\"FILL IN\"]\n";
}

}  // namespace dosigate
