#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "dosigate/forward/forwarder.h"
#include "support/fake_archive.h"
#include "support/spool_home.h"

namespace dosigate::testing {

/// Waits for a condition with a deadline, never for a time.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  const SteadyTime end = steady_now() + deadline;
  while (!holds()) {
    if (steady_now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

inline Destination dicom_destination(std::uint16_t port, const std::string& name = "A") {
  Destination to;
  to.name = name;
  to.kind = Destination::Kind::Dicom;
  to.ae_title = "ARCHIVE";
  to.calling_ae = "DOSIGATE";
  to.host = "127.0.0.1";
  to.port = port;
  to.connect_timeout = std::chrono::seconds(2);
  to.dimse_timeout = std::chrono::seconds(1);
  to.backoff = {std::chrono::milliseconds(40), std::chrono::milliseconds(200)};
  return to;
}

/// A spool whose instances are forwarded.
class Queueing : public ::testing::Test {
 protected:
  std::string sop(int i) const { return "2.25.7" + std::to_string(100 + i); }
  void put(int count, int first = 0) {
    for (int i = first; i < first + count; ++i) home.put(sop(i));
  }
  bool all_delivered(std::uint64_t count) {
    return eventually([&] { return home.ledger->totals().delivered == count && is_settled(); });
  }
  /// Ledger, queue and disk say the same: they learn of a verdict one after the other.
  bool is_settled() const {
    std::uint64_t open = 0;
    for (const auto& [name, d] : home.ledger->by_destination()) open += d.queued + d.parked;
    return home.spool->list(1000).size() == open && home.files_on_disk() == home.spool->files();
  }
  /// What both the ledger and the queue say is parked: the ledger knows a moment earlier.
  std::uint64_t parked() {
    const auto rows = home.spool->list(1000);
    const auto there = std::count_if(rows.begin(), rows.end(), [](const auto& row) {
      return row.state == DeliveryState::Parked;
    });
    return std::min(home.ledger->totals().parked, static_cast<std::uint64_t>(there));
  }
  /// Reason of the only row that is left.
  std::string reason() {
    const auto rows = home.spool->list(10);
    return rows.size() == 1 ? rows[0].reason : std::to_string(rows.size()) + " rows";
  }

  TempDir dir;
  SpoolHome home{dir.path};
};

/// The same with an archive that they may be forwarded to.
class Forwarding : public Queueing {
 protected:
  FakeArchive archive;
};

}  // namespace dosigate::testing
