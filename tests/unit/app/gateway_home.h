#pragma once

#include <stdexcept>

#include "dosigate/app/ingest.h"
#include "dosigate/app/pair_mover.h"
#include "dosigate/app/reconcile.h"
#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/hash.h"
#include "support/data_sets.h"

namespace dosigate::testing {

/// Everything an instance meets between its association and the disk, in a directory that may have
/// lived before: opened and brought together as the node does it at its start.
class GatewayHome {
 public:
  enum class Journal { Yes, No };

  /// Makes the keyring, the map and its journal once.
  static void create(const std::filesystem::path& path, const Secret& master,
                     Journal journal = Journal::Yes) {
    make_private_directory(path / "journal");
    must(Keyring::create(path / "keyring", master));
    const Keyring keys = *must(Keyring::open(path / "keyring", master));
    must(PseudonymMap::create(map_settings(path, journal), keys));
    must(Ledger::open(path / "ledger.db"));
    sync_directory(path);
  }

  GatewayHome(const std::filesystem::path& path, const Secret& master,
              Journal journal = Journal::Yes) {
    keys = std::make_unique<Keyring>(*must(Keyring::open(path / "keyring", master)));
    map = std::move(*must(PseudonymMap::open(map_settings(path, journal), *keys)));
    ledger = std::move(*must(Ledger::open(path / "ledger.db")));
    ArchiveSpool::Settings settings;
    settings.directory = path / "archive";
    settings.min_free_bytes = 1;
    spool = std::move(*must(ArchiveSpool::open(settings, *keys, *ledger)));
    quarantine = std::make_unique<Quarantine>(path / "quarantine", *keys, 1U << 30U);
    reconcile(*quarantine, *ledger);
    withdrawals = std::make_unique<Withdrawals>(*map, *spool, *ledger);
    ingest = std::make_unique<Ingest>(*map, *spool, *ledger, *quarantine, *withdrawals);

    Config config;
    config.sites = {{"HSP", {"HSP", {}, {}}}};
    Config::Route route;
    route.name = "all";
    route.site = "HSP";
    route.destinations = {"ARCHIVE"};
    DropRule screen_saves;
    screen_saves.image_type = "SCREEN SAVE";
    screen_saves.text = "image_type = SCREEN SAVE";
    route.drop = {screen_saves};
    config.routes = {route};
    ingest->use(*must(Routing::make(config, *map)));
  }

  AssociationServer::Answer send(ReceivedInstance received) {
    received.origin = {"DOSIGATE", "CAMERA", "127.0.0.1", "all"};
    auto answer = ingest->accept(received);
    (void)spool->files();  // its row comes after the answer: for whoever claims now
    return answer;
  }

  std::unique_ptr<Keyring> keys;
  std::unique_ptr<PseudonymMap> map;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<ArchiveSpool> spool;
  std::unique_ptr<Quarantine> quarantine;
  std::unique_ptr<Withdrawals> withdrawals;
  std::unique_ptr<Ingest> ingest;

 private:
  static PseudonymMap::Settings map_settings(const std::filesystem::path& path, Journal journal) {
    PseudonymMap::Settings settings;
    settings.directory = path / "identity";
    if (journal == Journal::Yes) settings.journal_directory = path / "journal";
    return settings;
  }
  template <class T>
  static Result<T> must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    return result;
  }
};

}  // namespace dosigate::testing
