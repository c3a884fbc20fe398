#include "soak/shelf.h"

#include <fstream>
#include <iterator>

#include "support/phantom_leaks.h"

namespace dosigate::testing {
namespace {

constexpr std::uint64_t kSearchEvery = 10;  ///< searching a file costs more than all else with it

/// Not what a folder destination keeps beside the instances, nor what is being written.
bool is_instance(const std::filesystem::path& path) {
  return path.extension() != ".part" && path.extension() != ".json" &&
         path.parent_path().filename() != ".study-json";
}

}  // namespace

void Shelf::clear(const std::vector<Planted>& planted, std::chrono::seconds rest) {
  std::vector<std::filesystem::path> resting;
  const auto until = std::filesystem::file_time_type::clock::now() - rest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    std::error_code vanished;  // a file under a temporary name gets its own
    const bool file = entry.is_regular_file(vanished) && is_instance(entry.path());
    if (file && !vanished && entry.last_write_time(vanished) <= until && !vanished)
      resting.push_back(entry.path());
  }
  for (const auto& path : resting) {
    if (!census_.look_at(path)) continue;
    if (files_++ % kSearchEvery == 0) {
      ++searched_;
      std::ifstream in(path, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)),
                              std::istreambuf_iterator<char>());
      for (const Planted& leak : leaks_in(bytes, planted)) leaks_.insert(leak.kind);
    }
    std::filesystem::remove(path);
  }
}

std::vector<std::string> Shelf::faults() const {
  std::vector<std::string> out;
  for (const std::string& fault : census_.faults()) out.push_back(name_ + ": " + fault);
  for (const std::string& kind : leaks_)
    out.push_back(name_ + ": an identifier of the patient arrived, kind " + kind);
  return out;
}

}  // namespace dosigate::testing
