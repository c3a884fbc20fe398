#include "wire/arrival.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>

#include "support/phantom_leaks.h"
#include "support/process.h"

namespace dosigate::testing {
namespace {

std::unique_ptr<LoadedFile> load(const std::filesystem::path& path) {
  auto file = std::make_unique<LoadedFile>();
  file->path = path;
  if (file->format.loadFile(path.c_str()).bad())
    throw std::runtime_error("cannot read " + path.string());
  return file;
}

}  // namespace

Arrival match_arrival(const std::vector<PhantomFile>& sent, const std::filesystem::path& arrived) {
  Arrival out;
  std::map<std::string, LoadedFile*> by_key;
  for (const auto& path : part10_files(arrived)) {
    out.arrived.push_back(load(path));
    by_key[match_key(out.arrived.back()->data())] = out.arrived.back().get();
    out.pseudonyms.insert(value_of(out.arrived.back()->data(), DCM_PatientID));
  }
  for (const PhantomFile& file : sent) {
    out.sent.push_back(load(file.path));
    const auto found = by_key.find(match_key(out.sent.back()->data()));
    if (found == by_key.end())
      out.missing.push_back(file.path.string());
    else
      out.pairs.emplace_back(out.sent.back().get(), found->second);
  }
  return out;
}

std::optional<std::set<std::string>> dciodvfy_errors(const std::filesystem::path& file) {
  const Finished verdict = run({"dciodvfy", "-new", file.string()});
  if (!verdict.code || *verdict.code >= 128) return std::nullopt;
  static const std::regex value("<[^>/]*>|\\[[0-9]+\\]|= *.*$");
  std::set<std::string> kinds;
  std::istringstream lines(verdict.output);
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("Error", 0) == 0) kinds.insert(std::regex_replace(line, value, ""));
  return kinds;
}

std::vector<std::string> faults_of(const Phantom& phantom, const std::filesystem::path& arrived) {
  const Arrival arrival = match_arrival(phantom.files, arrived);
  std::vector<std::string> faults;
  for (const std::string& path : arrival.missing) faults.push_back("did not arrive: " + path);
  if (arrival.pseudonyms.size() != 1)
    faults.push_back(std::to_string(arrival.pseudonyms.size()) + " pseudonyms for one patient");
  for (const auto& [before, after] : arrival.pairs) {
    if (pixels_of(before->data()) != pixels_of(after->data()))
      faults.push_back("pixel data differs: " + before->path.string());
  }
  const IntervalProof proof = prove_intervals(arrival.pairs);
  faults.insert(faults.end(), proof.failures.begin(), proof.failures.end());
  return faults;
}

std::vector<std::string> new_dciodvfy_errors(const Phantom& phantom,
                                             const std::filesystem::path& arrived) {
  const Arrival arrival = match_arrival(phantom.files, arrived);
  std::set<std::string> lines;
  for (const auto& [before, after] : arrival.pairs) {
    const auto was = dciodvfy_errors(before->path);
    const auto is = dciodvfy_errors(after->path);
    if (!was || !is) continue;
    std::set_difference(is->begin(), is->end(), was->begin(), was->end(),
                        std::inserter(lines, lines.end()));
  }
  return {lines.begin(), lines.end()};
}

std::vector<std::string> leak_lines(const std::filesystem::path& root,
                                    const std::vector<Planted>& planted,
                                    const std::vector<std::filesystem::path>& except) {
  std::vector<std::string> lines;
  for (const Leak& leak : find_leaks(root, planted, except))
    lines.push_back(leak.kind + (leak.in_name ? " in the name of " : " in ") + leak.file.string());
  return lines;
}

}  // namespace dosigate::testing
