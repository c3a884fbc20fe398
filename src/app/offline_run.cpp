#include "offline_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "dosigate/app/ingest.h"
#include "dosigate/base/guarded.h"
#include "dosigate/crypto/hash.h"
#include "dosigate/forward/folder.h"

namespace dosigate::offline {
namespace {

constexpr std::size_t kPairsPerBatch = 256;
constexpr std::uint64_t kCopies = 3;  ///< of an instance in work: as read, parsed, written
constexpr std::chrono::milliseconds kProgressPause{100};

/// Bytes of the instances in work, so that eight large ones do not meet in memory.
class Budget {
 public:
  explicit Budget(std::uint64_t most) : most_(most) {}
  void take(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [&] { return used_ == 0 || used_ + bytes <= most_; });
    used_ += bytes;
  }
  void give_back(std::uint64_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      used_ -= bytes;
    }
    given_back_.notify_all();
  }

 private:
  const std::uint64_t most_;
  std::uint64_t used_ = 0;
  std::mutex mutex_;
  std::condition_variable given_back_;
};

class Taken {
 public:
  Taken(Budget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
    budget_.take(bytes_);
  }
  ~Taken() { budget_.give_back(bytes_); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

 private:
  Budget& budget_;
  std::uint64_t bytes_;
};

const Fate& revision() {
  static const Fate fate{Outcome::Held,
                         std::string(hold_reason_text(HoldReason::Revision)),
                         "the same SOP Instance UID stands in the input or in the map with other "
                         "pixels or other inputs of dosimetry",
                         {},
                         {},
                         {}};
  return fate;
}

/// One cleaned item of the input that says which instance it is.
struct Claim {
  std::size_t item;
  Fingerprint fingerprint;
  InstanceId id;
  Bytes pairs;  ///< sealed; empty once they are in the map, and where nothing is remembered
};

class Run {
 public:
  Run(const RunSettings& settings, const std::vector<InputItem>& items,
      const std::atomic<bool>& stop)
      : settings_(settings), items_(items), stop_(stop), budget_(settings.memory_bytes) {
    result_.fates.resize(items.size());
    done_.resize(items.size());
  }

  RunResult all(const std::function<void(std::size_t, std::size_t)>& progress) {
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 0; i < std::max(settings_.jobs, 1U); ++i)
        workers.emplace_back([this] { work(); });
      std::unique_lock lock(mutex_);
      while (working_ < workers.size()) {
        ended_.wait_for(lock, kProgressPause);
        const auto [done, failed] = std::pair(finished_, failed_);
        lock.unlock();
        progress(done, failed);
        lock.lock();
      }
    }
    settle_claims();
    if (result_.broken.empty()) {
      try {
        remember(true);
      } catch (const std::exception& broken) {
        result_.broken = broken.what();
      }
    }
    return std::move(result_);
  }

 private:
  void work() noexcept {
    try {
      while (!stop_ && !give_up_) {
        const std::size_t item = next_++;
        if (item >= items_.size()) break;
        finish(item, judge(item));
        if (settings_.remember) remember(false);
      }
    } catch (const std::exception& broken) {
      // Disk, database or memory: whatever comes next would meet the same.
      give_up_ = true;
      const std::lock_guard lock(mutex_);
      if (result_.broken.empty()) result_.broken = broken.what();
    }
    const std::lock_guard lock(mutex_);
    ++working_;
    ended_.notify_all();
  }

  Fate judge(std::size_t item) {
    const Taken memory(budget_, kCopies * items_[item].size);
    const FileContent content = load_item(items_[item], settings_.most_bytes);
    if (const auto* none = std::get_if<NoDicom>(&content))
      return {Outcome::NotDicom, none->why, {}, {}, {}, {}};
    if (std::holds_alternative<MediaDirectory>(content))
      return {Outcome::NotDicom, "DICOMDIR, the index of a medium", {}, {}, {}, {}};
    if (const auto* refused = std::get_if<Refused>(&content)) return refusal(*refused);

    const Verdict verdict = settings_.engine.clean(std::get<ReceivedInstance>(content));
    if (const auto* held = std::get_if<Held>(&verdict))
      return {Outcome::Held, std::string(hold_reason_text(held->reason)), held->detail, {}, {}, {}};
    if (const auto* dropped = std::get_if<Dropped>(&verdict))
      return {Outcome::Dropped, dropped->rule, {}, {}, {}, {}};
    if (const auto* refused = std::get_if<Refused>(&verdict)) {
      if (refused->fault == Fault::Mismatch)
        return refusal(
            {refused->fault, "the file's meta information names another object than its data set"});
      return refusal(*refused);
    }
    return keep(item, std::get<Cleaned>(verdict));
  }

  static Fate refusal(const Refused& refused) {
    return {Outcome::Refused, std::string(fault_word(refused.fault)), refused.detail, {}, {}, {}};
  }

  Fate keep(std::size_t item, const Cleaned& cleaned) {
    const CleanInstance& instance = cleaned.instance;
    const FolderItem name{instance.pseudonym(), instance.study_instance_uid(),
                          instance.sop_class_uid(), instance.sop_instance_uid(),
                          instance.transfer_syntax_uid()};
    Fate fate{Outcome::Cleaned,
              {},
              {},
              folder_path(name),
              instance.pseudonym(),
              instance.study_instance_uid()};
    // One instance at a time under one name; others go on meanwhile.
    const std::lock_guard one(names_[std::hash<std::string>{}(fate.file.string()) % names_.size()]);
    if (is_revision(fate.file, cleaned)) return revision();
    if (is_first(item, fate.file)) {
      const auto written = write_to_folder(
          settings_.output, name, [&](const std::function<bool(ByteView)>& give) -> Result<void> {
            for (const ByteView part : {instance.header(), instance.body(), instance.trailer()})
              give(part);
            return {};
          });
      if (!written) return refusal({written.error().fault, written.error().detail});
    }
    claim(item, fate.file, cleaned);
    return fate;
  }

  /// Whether the map knew this instance, with another fingerprint, before the run.
  bool is_revision(const std::filesystem::path& file, const Cleaned& cleaned) {
    if (!settings_.remember) return false;
    const auto asked = [&] {
      const std::lock_guard lock(mutex_);
      const auto found = known_.find(file);
      return found == known_.end() ? std::nullopt : std::optional(found->second);
    }();
    // Once: later the map may hold what this run has brought.
    const auto known =
        asked ? *asked : settings_.map.seen(cleaned.memory.study, cleaned.memory.sop_uid);
    if (!asked) {
      const std::lock_guard lock(mutex_);
      known_.emplace(file, known);
    }
    return !known.empty() && known.back().fingerprint != cleaned.memory.fingerprint;
  }

  bool is_first(std::size_t item, const std::filesystem::path& file) {
    const std::lock_guard lock(mutex_);
    const auto claims = claims_.find(file);
    return claims == claims_.end() ||
           std::all_of(claims->second.begin(), claims->second.end(),
                       [&](const Claim& other) { return item < other.item; });
  }

  void claim(std::size_t item, const std::filesystem::path& file, const Cleaned& cleaned) {
    Claim claim{item, cleaned.memory.fingerprint, random_id(), {}};
    if (settings_.remember) {
      claim.pairs = settings_.map.seal_pairs(claim.id, cleaned.memory);
      settings_.map.note_removed_creators(cleaned.device, cleaned.removed_creators);
    }
    const std::lock_guard lock(mutex_);
    claims_[file].push_back(std::move(claim));
    result_.dates_emptied += cleaned.dates_emptied;
    result_.type_blind += cleaned.type_blind;
  }

  void finish(std::size_t item, Fate fate) {
    const std::lock_guard lock(mutex_);
    ++finished_;
    if (is_failure(fate.outcome)) ++failed_;
    result_.fates[item] = std::move(fate);
    done_[item] = true;
    while (settled_ < done_.size() && done_[settled_]) ++settled_;
  }

  /// Moves the pairs of written instances into the map: only of items before which nothing is
  /// outstanding, so that no earlier one can take the name. `all`: at the end, whatever there is.
  void remember(bool all) {
    if (!settings_.remember) return;
    const std::unique_lock remembering(remembering_, std::try_to_lock);
    if (!remembering) return;  // another worker does it
    std::vector<std::pair<InstanceId, Bytes>> batch;
    {
      const std::lock_guard lock(mutex_);
      if (!all && settled_ < remembered_ + kPairsPerBatch) return;
      const std::size_t end = all ? done_.size() : settled_;
      for (; remembered_ < end; ++remembered_) {
        const auto claims = claims_.find(result_.fates[remembered_].file);
        if (claims == claims_.end()) continue;
        for (Claim& claim : claims->second) {
          if (claim.item == remembered_ && claim.item == first_of(claims->second).item)
            batch.emplace_back(claim.id, std::exchange(claim.pairs, {}));
        }
      }
    }
    if (batch.empty()) return;
    if (const auto absorbed = settings_.map.absorb(batch); !absorbed)
      throw std::runtime_error("the map does not take UID pairs: " + absorbed.error().detail);
  }

  static const Claim& first_of(const std::vector<Claim>& claims) {
    return *std::min_element(claims.begin(), claims.end(),
                             [](const Claim& a, const Claim& b) { return a.item < b.item; });
  }

  /// Of several items that are one instance, the first is what stands in the output.
  void settle_claims() {
    for (const auto& [file, claims] : claims_) {
      const Claim& first = first_of(claims);
      for (const Claim& claim : claims) {
        if (claim.item == first.item) continue;
        Fate& fate = result_.fates[claim.item];
        if (claim.fingerprint == first.fingerprint)
          fate.outcome = Outcome::Same;
        else
          fate = revision();
      }
    }
  }

  const RunSettings& settings_;
  const std::vector<InputItem>& items_;
  const std::atomic<bool>& stop_;
  Budget budget_;
  std::atomic<bool> give_up_{false};
  std::atomic<std::size_t> next_{0};
  std::array<std::mutex, 64> names_;
  std::mutex remembering_;

  std::mutex mutex_;  ///< of everything below
  std::condition_variable ended_;
  std::size_t working_ = 0;  ///< workers that have ended
  std::size_t finished_ = 0, failed_ = 0;
  std::vector<bool> done_;
  std::size_t settled_ = 0;     ///< items before which nothing is outstanding
  std::size_t remembered_ = 0;  ///< of these, in the map
  std::map<std::filesystem::path, std::vector<Claim>> claims_;
  std::map<std::filesystem::path, std::vector<KnownInstance>> known_;  ///< to the map, before
  RunResult result_;
};

}  // namespace

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::Cleaned:
      return "cleaned";
    case Outcome::Same:
      return "same-again";
    case Outcome::Dropped:
      return "dropped";
    case Outcome::NotDicom:
      return "not-dicom";
    case Outcome::Held:
      return "held";
    case Outcome::Refused:
      return "refused";
    case Outcome::NotReached:
      return "not-reached";
  }
  return "?";
}

bool is_failure(Outcome outcome) {
  return outcome == Outcome::Held || outcome == Outcome::Refused || outcome == Outcome::NotReached;
}

RunResult run_offline(const RunSettings& settings, const std::vector<InputItem>& items,
                      const std::atomic<bool>& stop,
                      const std::function<void(std::size_t, std::size_t)>& progress) {
  return Run(settings, items, stop).all(progress);
}

}  // namespace dosigate::offline
