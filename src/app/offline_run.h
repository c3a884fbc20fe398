#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "dosigate/deid/deidentifier.h"
#include "offline_input.h"

namespace dosigate::offline {

enum class Outcome {
  Cleaned,
  Same,      ///< the same instance stands in the input before
  Dropped,   ///< by rule
  NotDicom,  ///< nothing in it to clean
  Held,      ///< a person would have to look at it
  Refused,   ///< broken, or cannot be read
  NotReached
};
std::string_view outcome_text(Outcome outcome);  ///< "cleaned", "same-again", "not-dicom", ...
/// What is DICOM and of which nothing, or nothing certain, stands in the output.
bool is_failure(Outcome outcome);

/// What became of one item of the input.
struct Fate {
  Outcome outcome = Outcome::NotReached;
  std::string reason;                ///< a word or a few: "secondary-capture", "symbolic link, ..."
  std::string detail;                ///< tags and kinds, never a value
  std::filesystem::path file;        ///< below the output, pseudonymous; Cleaned and Same
  std::string pseudonym, study_uid;  ///< pseudonymous
};

struct RunSettings {
  const Deidentifier& engine;
  PseudonymMap& map;
  bool remember;  ///< UID pairs and fingerprints go into the map, which is kept
  std::filesystem::path output;
  unsigned jobs = 1;
  std::uint64_t most_bytes = 512U << 20U;    ///< of one instance
  std::uint64_t memory_bytes = 512U << 20U;  ///< of the instances in work; a larger one goes alone
};

struct RunResult {
  std::vector<Fate> fates;  ///< of each item, in the order of the input
  std::size_t dates_emptied = 0, type_blind = 0;
  std::string broken;  ///< why the run ended early: a full disk, no memory; empty otherwise
};

/// De-identifies every item into `output`, as the daemon's folder destination would write it:
/// whole files, durable, under pseudonymous names.
///
/// The result does not depend on the number of jobs: when one instance stands in the input twice,
/// the earlier item is written; the later is Same, or Held when its pixels or inputs of dosimetry
/// are others.
/// @param stop      ends the run after the instances in work; the rest is NotReached.
/// @param progress  is called in the caller's thread, about ten times a second, with the number of
///                  items done and how many of them are failures.
RunResult run_offline(const RunSettings& settings, const std::vector<InputItem>& items,
                      const std::atomic<bool>& stop,
                      const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace dosigate::offline
