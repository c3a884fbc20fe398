#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/process.h"

namespace dosigate::testing {

/// A program of somebody else that sends files by C-STORE.
struct StockSender {
  std::string name;     ///< also its AE title
  std::string program;  ///< what has to be installed
  /// Sends `files` and waits for the end.
  Finished (*send)(std::uint16_t port, const std::vector<std::filesystem::path>& files);
  /// It writes decimal strings anew, with up to 17 digits where 16 are allowed: what it sends has
  /// errors that the file has not.
  bool rewrites_numbers = false;
};
/// storescu, dcmsend, odil, CTN and PixelMed. Orthanc is a class of its own (orthanc.h).
const std::vector<StockSender>& stock_senders();

/// argv of storescu, for tests that start it themselves.
std::vector<std::string> storescu_arguments(std::uint16_t port,
                                            const std::vector<std::filesystem::path>& files);
/// argv of dcmsend.
std::vector<std::string> dcmsend_arguments(std::uint16_t port,
                                           const std::vector<std::filesystem::path>& files);
/// The files that storescu says were answered with success, read from its own log (-v).
std::set<std::string> acknowledged(const std::string& log);

}  // namespace dosigate::testing
