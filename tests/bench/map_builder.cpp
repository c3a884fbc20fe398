// Fills the map of a node that `dosigate init` has just made, through the map's own functions: so
// many patients with a study each, and so many UID pairs. For the growth workload, in which no
// figure depends on how it was filled: run it without syncs (slow_disk.cpp).
//   bench_map_builder STATE_DIR KEY_FILE PATIENTS PAIRS

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/crypto/keyring.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate::bench {
namespace {

constexpr unsigned kThreads = 32;
constexpr std::size_t kBatch = 2'000;  // instances whose pairs are moved at once
constexpr const char* kCtImageStorage = "1.2.840.10008.5.1.4.1.1.2";

SourceIdentity source(std::uint64_t number) {
  const std::string text = std::to_string(10'000'000 + number);
  SourceIdentity out;
  out.patient_id = Phi("G" + text);
  out.name = Phi("GROWTH" + text + "^MARIA");
  out.birth_date = Phi("19610305");
  out.sex = Phi("F");
  out.study_uid = Phi("1.2.276.0.7230010.3.1.4.0.78." + text);
  out.study_source = Bytes(200, 's');
  out.manufacturer = Phi("DOSIGATE PHANTOM");
  out.model = Phi("VOXEL BODY");
  out.serial_number = Phi("SNX77120431");
  out.station_name = Phi("GAMASALA3");
  out.software_versions = "1.0";
  return out;
}

using Sealed = std::vector<std::pair<InstanceId, Bytes>>;

/// The pairs of a study: its own, its series', its frame of reference's, and one of each instance.
void add_pairs(const PseudonymMap& map, const Subject& subject, const SourceIdentity& from,
               std::uint64_t number, std::uint64_t pairs, Sealed& out) {
  const auto mapped = [&](const std::string& original) {
    return UidPair{Phi(original), map_uid(*subject.salt, 0, original)};
  };
  const std::string& study = from.study_uid.reveal();
  const UidPair series = mapped(study + ".5"), frame = mapped(study + ".900");
  for (std::uint64_t i = 1; i + 2 < pairs; ++i) {
    const UidPair sop = mapped(study + ".5." + std::to_string(i));
    PairBatch batch;
    batch.study = subject.study;
    batch.sop_uid = batch.sent_uid = sop.mapped;
    batch.series_uid = series.mapped;
    batch.sop_class_uid = kCtImageStorage;
    batch.fingerprint.fill(static_cast<Byte>(i));
    batch.pairs = {sop};
    if (i == 1) {
      batch.pairs.push_back({from.study_uid, subject.study_uid});
      batch.pairs.push_back(series);
      batch.pairs.push_back(frame);
    }
    InstanceId id{};
    for (std::size_t byte = 0; byte < 8; ++byte) {
      id[byte] = static_cast<Byte>(number >> (8 * byte));
      id[8 + byte] = static_cast<Byte>(i >> (8 * byte));
    }
    out.emplace_back(id, map.seal_pairs(id, batch));
  }
}

void require(const Result<void>& done) {
  if (!done) throw std::runtime_error(done.error().detail);
}

int run(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::filesystem::path state(argv[1]);
  const std::uint64_t patients = std::stoul(argv[3]);
  const std::uint64_t pairs = std::stoul(argv[4]) / patients;
  const auto master = load_master_key(argv[2]);
  if (!master) throw std::runtime_error(master.error().detail);
  const auto keys = Keyring::open(state / "keyring", *master);
  if (!keys) throw std::runtime_error(keys.error().detail);
  PseudonymMap::Settings settings;
  settings.directory = state / "identity";
  auto opened = PseudonymMap::open(settings, *keys);
  if (!opened) throw std::runtime_error(opened.error().detail);
  PseudonymMap& map = **opened;
  // As a configuration with `site = "BENCH"` and nothing else says it.
  const SitePolicy site{"BENC", {}, {}};
  require(map.declare_site(site));

  std::atomic<std::uint64_t> next{0};
  std::vector<std::string> errors(kThreads);
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          Sealed sealed;
          for (std::uint64_t number; (number = next++) < patients;) {
            const SourceIdentity from = source(number);
            const auto subject = map.resolve(site, from);
            if (!subject) throw std::runtime_error(subject.error().detail);
            add_pairs(map, *subject, from, number, pairs, sealed);
            if (sealed.size() < kBatch) continue;
            require(map.absorb(sealed));
            sealed.clear();
          }
          require(map.absorb(sealed));
        } catch (const std::exception& error) {
          errors[thread] = error.what();
        }
      });
    }
  }
  for (const std::string& error : errors)
    if (!error.empty()) throw std::runtime_error(error);
  const auto totals = map.totals();
  std::printf("%lld patients, %lld studies, %lld pairs\n", totals.patients, totals.studies,
              totals.uid_pairs);
  return 0;
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  return dosigate::bench::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "map_builder: %s\n", error.what());
  return 1;
}
