#include "offline_dicomdir.h"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>

namespace dosigate::offline {
namespace {

namespace fs = std::filesystem;

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::optional<fs::path> find_component(const fs::path& folder, const std::string& name) {
  std::error_code failed;
  if (fs::exists(fs::symlink_status(folder / name, failed))) return folder / name;
  std::optional<fs::path> found;
  fs::directory_iterator each(folder, failed);
  for (; !failed && each != fs::directory_iterator(); each.increment(failed)) {
    const fs::path& path = each->path();
    // The first in order of the names, should several differ in case only.
    if (folded(path.filename().string()) == folded(name) && (!found || path < *found)) found = path;
  }
  return found;
}

}  // namespace

Result<fs::path> find_referenced(const fs::path& medium, std::string_view file_id) {
  const Error outside = fail(Fault::Denied, "the DICOMDIR references a file outside its medium");
  fs::path here = medium;
  for (std::size_t at = 0; at <= file_id.size();) {
    const auto end = std::min(file_id.find('\\', at), file_id.size());
    std::string name(file_id.substr(at, end - at));
    name.erase(std::min(name.find_last_not_of(' ') + 1, name.size()));
    at = end + 1;
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos)
      return outside;
    const auto found = find_component(here, name);
    if (!found)
      return fail(Fault::NotFound, "the DICOMDIR references a file that is not on its medium");
    here = *found;
    std::error_code failed;
    if (fs::is_symlink(fs::symlink_status(here, failed))) return outside;
  }
  if (!fs::is_regular_file(here))
    return fail(Fault::NotFound, "the DICOMDIR references a file that is not on its medium");
  return here;
}

}  // namespace dosigate::offline
