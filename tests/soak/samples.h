#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "wire/node_process.h"

namespace dosigate::testing {

/// What the daemon uses at one moment.
struct Sample {
  double minute = 0, age_s = 0;                      ///< of the run; of the process
  int life = 0;                                      ///< number of the process
  double rss_kib = 0, descriptors = 0, threads = 0;  ///< descriptors -1: only root may count them
  double spool_files = 0, map_kib = 0, queue_kib = 0, ledger_kib = 0;

  std::string line() const;
  boost::json::object json() const;
};
/// Nothing when the process has just gone.
std::optional<Sample> sample_of(const NodeProcess& node);

/// Medians of the second and of the last quarter of one process life.
struct Flatness {
  std::string what;
  double second_quarter = 0, last_quarter = 0;
  bool flat = false;  ///< the last is at most 20 % (and 4 units: descriptors, MiB) above the second
};
/// @param samples  of one life, in order; nothing when they are fewer than 16.
std::vector<Flatness> flatness(const std::vector<Sample>& samples);

}  // namespace dosigate::testing
