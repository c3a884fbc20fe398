#pragma once

#include <gtest/gtest.h>

#include "dosigate/app/ingest.h"
#include "dosigate/app/pair_mover.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "support/data_sets.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

/// Everything an instance meets between its association and the disk.
class IngestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    make_private_directory(home_.path / "journal");
    ASSERT_TRUE(Keyring::create(home_.path / "keyring", master_));
    keys_ = std::make_unique<Keyring>(*Keyring::open(home_.path / "keyring", master_));
    PseudonymMap::Settings map;
    map.directory = home_.path / "identity";
    map.journal_directory = home_.path / "journal";
    ASSERT_TRUE(PseudonymMap::create(map, *keys_));
    open_all();
  }

  /// As a start does.
  void open_all() {
    close_all();
    PseudonymMap::Settings map;
    map.directory = home_.path / "identity";
    map.journal_directory = home_.path / "journal";
    map_ = std::move(*PseudonymMap::open(map, *keys_));
    ledger_ = std::move(*Ledger::open(home_.path / "ledger.db"));
    ArchiveSpool::Settings spool;
    spool.directory = home_.path / "archive";
    spool.min_free_bytes = 1;
    spool_ = std::move(*ArchiveSpool::open(spool, *keys_, *ledger_));
    open_quarantine(1U << 30U);
    route_.name = "all";
    route_.site = "HSP";
    route_.destinations = {"ARCHIVE"};
    use_route();
  }

  void close_all() {
    ingest_.reset();
    withdrawals_.reset();
    quarantine_.reset();
    spool_.reset();
    ledger_.reset();
    map_.reset();
  }

  /// With another map, and nothing in it.
  void start_anew() {
    close_all();
    for (const auto& entry : std::filesystem::directory_iterator(home_.path))
      std::filesystem::remove_all(entry);
    SetUp();
  }

  void open_quarantine(std::uint64_t cap) {
    quarantine_ = std::make_unique<Quarantine>(home_.path / "quarantine", *keys_, cap);
    withdrawals_ = std::make_unique<Withdrawals>(*map_, *spool_, *ledger_);
    ingest_ =
        std::make_unique<Ingest>(*map_, *spool_, *ledger_, *quarantine_, *withdrawals_, watch_);
  }

  void use_route() {
    Config config;
    config.sites = {{"HSP", {"HSP", {}, {}}}};
    config.routes = {route_};
    auto routing = Routing::make(config, *map_);
    ASSERT_TRUE(routing) << routing.error().detail;
    ingest_->use(*routing);
  }

  AssociationServer::Answer send(DataSet&& data_set) {
    ReceivedInstance received = data_set.received();
    received.origin = {"DOSIGATE", "CAMERA", "127.0.0.1", route_.name};
    auto answer = ingest_->accept(received);
    (void)spool_->files();  // its row comes after the answer: for whoever claims now
    return answer;
  }

  void deliver_all() {
    auto claimed = spool_->claim("ARCHIVE", 100);
    spool_->delivered(std::move(claimed), 0);
    std::vector<InstanceId> moved;
    const auto pairs = spool_->pairs_to_move(100);
    ASSERT_TRUE(map_->absorb(pairs));
    for (const auto& [id, sealed] : pairs) moved.push_back(id);
    spool_->pairs_moved(moved);
  }

  TempDir home_;
  Secret master_ = random_secret();
  std::unique_ptr<Keyring> keys_;
  std::unique_ptr<PseudonymMap> map_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<ArchiveSpool> spool_;
  std::unique_ptr<Quarantine> quarantine_;
  std::unique_ptr<Withdrawals> withdrawals_;
  std::unique_ptr<Ingest> ingest_;
  Config::Route route_;
  IngestWatch watch_;  ///< of an ingest made after it was set
};

}  // namespace dosigate::testing
