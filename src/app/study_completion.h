#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/spool/ledger.h"

namespace dosigate {

/// How much of a study is here, each object once, and how much its data sets say there is.
struct StudyCounts {
  struct Series {
    std::string series_uid, modality;
    std::uint64_t received = 0;
    /// (0020,1209), or slices x time slices of a PET series; nullopt when no data set says it.
    std::optional<std::uint64_t> expected{};
  };
  std::uint64_t instances = 0;
  std::vector<Series> series;
  std::optional<std::uint64_t> expected{};  ///< (0020,1208)
};
/// Empty for a study that was forgotten or arrived before facts were kept.
StudyCounts study_counts(const Ledger& ledger, const std::string& study_uid);

/// One log line for each study into which nothing has arrived for `quiet`, and its arrival period
/// is closed. A kill between the two says it again after the restart, which is better than never.
/// @return  how many.
/// @param also  what else is told of each.
std::size_t announce_complete(
    Ledger& ledger, std::chrono::seconds quiet,
    const std::function<void(const Ledger::StudyArrival&, const StudyCounts&)>& also);

}  // namespace dosigate
