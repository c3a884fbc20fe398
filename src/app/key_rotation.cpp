#include "key_rotation.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace dosigate {
namespace {

constexpr std::size_t kRowsAtOnce = 500;
constexpr std::size_t kPairsLookedAt = 500;
constexpr std::chrono::milliseconds kPairsPause{200};
constexpr std::chrono::seconds kLook{1};      ///< whether there is something to do
constexpr std::chrono::seconds kTrouble{10};  ///< before it is tried again

/// Of a sealed value: format u8 | key version u32 | ... (crypto/seal.h).
bool is_under(ByteView sealed, std::uint32_t version) {
  return sealed.size() >= 5 && Unpacker(sealed.subspan(1)).u32() == version;
}

}  // namespace

KeyRotation::KeyRotation(Parts parts)
    : parts_(parts), thread_([this](const std::stop_token& stop) { run(stop); }) {}

KeyRotation::~KeyRotation() = default;

Result<void> KeyRotation::begin(const MasterPublic& present, const MasterPublic& next,
                                const std::string& actor, const std::string& reason) {
  if (!parts_.keys.has_master(present))
    return fail(Fault::Denied,
                "the key file is not the one that this node reads its key from: name it with "
                "--credential-file");
  parts_.audit.record("key.rotate.begin", actor, {{"reason", reason}});
  if (auto begun = parts_.keys.begin_rotation(next); !begun) return begun;
  spdlog::info("key rotation begun: new keys are in use");
  return {};
}

Result<void> KeyRotation::key_file_written(const MasterPublic& in_key_file) {
  if (auto known = parts_.keys.key_file_written(in_key_file); !known) return known;
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
  return {};
}

KeyRotation::Progress KeyRotation::progress() const {
  Progress out = progress_.with([](const Progress& now) { return now; });
  out.state = parts_.keys.rotation();
  if (out.state == Keyring::Rotation::WaitingForKeyFile)
    out.trouble = "the new master key is not in the key file yet: run `dosigate key rotate` again";
  return out;
}

void KeyRotation::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::chrono::milliseconds rest = kLook;
    if (parts_.keys.rotation() == Keyring::Rotation::Resealing) {
      Result<bool> outcome = false;
      try {
        outcome = finish(stop);
      } catch (const std::exception& broken) {
        outcome = fail(Fault::Unavailable, broken.what());
      }
      progress_.with([&](Progress& now) {
        now.step.clear();
        now.trouble = outcome ? "" : outcome.error().detail;
      });
      if (!outcome) {
        spdlog::error("key rotation does not go on, tried again in {} s error=\"{}\"",
                      kTrouble.count(), outcome.error().detail);
        rest = kTrouble;
      }
    }
    pause(stop, rest);
  }
}

Result<bool> KeyRotation::finish(const std::stop_token& stop) {
  step("waiting for instances in flight");
  { const auto still = parts_.ingest.still(); }  // what they sealed under old keys is on disk now

  for (const auto work :
       {&KeyRotation::reseal_rows, &KeyRotation::rewrap_files, &KeyRotation::wait_for_pairs}) {
    auto done = (this->*work)(stop);
    if (!done || !*done) return done;
  }
  step("writing the journal anew");
  if (auto written = parts_.map.rewrite_journal(); !written) return written.error();
  parts_.approvals.seal_anew();
  step("removing the old keys");
  if (auto finished = parts_.keys.finish_rotation(); !finished) return finished.error();
  parts_.audit.record("key.rotate.finished", "dosigated", {});
  spdlog::info("key rotation finished: the old keys open nothing any more");
  return true;
}

Result<bool> KeyRotation::reseal_rows(const std::stop_token& stop) {
  step("sealing the map anew");
  while (!stop.stop_requested()) {
    const auto rows = parts_.map.reseal(kRowsAtOnce);
    if (!rows) return rows.error();
    if (*rows == 0) return true;
    progress_.with([&](Progress& now) { now.rows += *rows; });
  }
  return false;
}

Result<bool> KeyRotation::rewrap_files(const std::stop_token& stop) {
  step("wrapping spool files and quarantined originals anew");
  while (!stop.stop_requested()) {
    const auto spool = parts_.spool.rewrap();
    if (!spool) return spool.error();
    const auto quarantine = parts_.quarantine.rewrap();
    if (!quarantine) return quarantine.error();
    if (*spool + *quarantine == 0) return true;
    progress_.with([&](Progress& now) { now.files += *spool + *quarantine; });
  }
  return false;
}

Result<bool> KeyRotation::wait_for_pairs(const std::stop_token& stop) {
  step("waiting until the map has taken in UID pairs that were sealed before");
  while (!stop.stop_requested()) {
    if (const auto stuck = parts_.spool.pairs_stuck(); stuck > 0)
      return fail(Fault::Unavailable,
                  std::to_string(stuck) +
                      " spool files hold UID pairs that the map does not take and that only the "
                      "old keys open (see pairs-not-moved)");
    if (!parts_.spool.pairs_waiting() || !old_pairs_wait()) return true;
    pause(stop, kPairsPause);
  }
  return false;
}

/// While instances arrive some pairs always wait; those under the new key may.
bool KeyRotation::old_pairs_wait() const {
  const auto version = parts_.keys.current(Purpose::Identity).version;
  const auto waiting = parts_.spool.pairs_to_move(kPairsLookedAt);
  return waiting.size() == kPairsLookedAt || std::ranges::any_of(waiting, [&](const auto& one) {
           return !is_under(one.second, version);
         });
}

void KeyRotation::step(const char* words) {
  progress_.with([&](Progress& now) { now.step = words; });
}

void KeyRotation::pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [this] { return woken_; });
  woken_ = false;
}

}  // namespace dosigate
