#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "dosigate/crypto/hash.h"
#include "dosigate/forward/verifier.h"
#include "support/commitment_peer.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

inline constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

inline Destination scripted(std::uint16_t port) {
  Destination to;
  to.name = "A";
  to.kind = Destination::Kind::Dicom;
  to.ae_title = "ARCHIVE";
  to.calling_ae = "DOSIGATE";
  to.host = "127.0.0.1";
  to.port = port;
  to.connect_timeout = std::chrono::seconds(2);
  to.dimse_timeout = std::chrono::seconds(2);
  return to;
}

/// A ledger with deliveries to destination "A", and who verifies them.
class Verifying : public ::testing::Test {
 protected:
  Verifying() {
    auto opened = Ledger::open(dir.path / "ledger.db", [this] { return now; });
    if (!opened) throw std::runtime_error(opened.error().detail);
    ledger = std::move(*opened);
    verifier = std::make_unique<Verifier>(*ledger, desk);
  }
  InstanceId deliver(const std::string& study, const std::string& sop,
                     const std::string& destination = "A") const {
    const InstanceId id = random_id();
    Ledger::Entry entry{id, study, {destination}, kCt, sop};
    entry.pseudonym = "DSG-TEST-0000-0000-000";
    ledger->queued(entry);
    ledger->changed({{id, destination, DeliveryState::Delivered, 0}});
    return id;
  }
  Verifier::Outcome run(const Verifier::Order& order) const {
    return verifier->run(order, std::stop_token()).at(0);
  }
  Verifier::Outcome run(const Destination& to, Verifier::By by,
                        std::chrono::seconds wait = std::chrono::seconds(10)) const {
    Verifier::Order order;
    order.destinations = {to};
    order.by = by;
    order.wait = wait;
    return run(order);
  }

  TempDir dir;
  WallTime now = WallTime(std::chrono::days(20'000));
  std::unique_ptr<Ledger> ledger;
  CommitmentDesk desk;
  std::unique_ptr<Verifier> verifier;
};

}  // namespace dosigate::testing
