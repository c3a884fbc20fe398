#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/phantom.h"
#include "support/phantom_compare.h"

namespace dosigate::testing {

/// What was sent next to what arrived.
struct Arrival {
  std::vector<std::unique_ptr<LoadedFile>> sent, arrived;
  std::vector<std::pair<LoadedFile*, LoadedFile*>> pairs;
  std::vector<std::string> missing;  ///< paths of what was sent and is not there
  std::set<std::string> pseudonyms;  ///< PatientID of what arrived
};
/// Pairs every file of the phantom with the one that came of it. Further files in `arrived` are an
/// error of the test's expectations and stand in `arrived`.
Arrival match_arrival(const std::vector<PhantomFile>& sent, const std::filesystem::path& arrived);

/// Kinds of error that `dciodvfy -new` reports: the text without values. Nothing when it dies of a
/// signal, which is no verdict.
std::optional<std::set<std::string>> dciodvfy_errors(const std::filesystem::path& file);

/// Kinds of error that dciodvfy reports after and did not report before, each once.
std::vector<std::string> new_dciodvfy_errors(const Phantom& phantom,
                                             const std::filesystem::path& arrived);

/// Empty, or what is wrong: instances missing, pixels changed, intervals changed, more than one
/// pseudonym.
std::vector<std::string> faults_of(const Phantom& phantom, const std::filesystem::path& arrived);

/// Where identifiers are found below `root`, one line each without the value.
std::vector<std::string> leak_lines(const std::filesystem::path& root,
                                    const std::vector<Planted>& planted,
                                    const std::vector<std::filesystem::path>& except);

}  // namespace dosigate::testing
