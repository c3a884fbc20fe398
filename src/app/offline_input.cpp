#include "offline_input.h"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "offline_dicomdir.h"

namespace dosigate::offline {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestDirectory = 256U << 20U;  // of a DICOMDIR

Bytes first_bytes(const fs::path& file) {
  const FileDescriptor opened = open_for_reading(file);
  Bytes start(4);
  if (!read_exactly_at(opened.get(), start, 0, file)) start.clear();
  return start;
}

Refused unreadable(const std::error_code& why) {
  return {Fault::Unavailable, "cannot be read: " + why.message()};
}

bool has_zip_name(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return ending == ".zip";
}

class Lister {
 public:
  std::vector<InputItem> items;

  void folder(const fs::path& root, const fs::path& relative) {
    std::error_code failed;
    std::vector<fs::directory_entry> entries;
    fs::directory_iterator each(root / relative, failed);
    for (; !failed && each != fs::directory_iterator(); each.increment(failed))
      entries.push_back(*each);
    if (failed) items.push_back({relative.string() + "/", 0, unreadable(failed)});
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a.path().filename().native() < b.path().filename().native();
    });
    for (const auto& entry : entries) one(root, relative / entry.path().filename(), entry);
  }

  void zip(const fs::path& file, const std::string& name) {
    auto archive = ZipArchive::open(file);
    if (!archive) {
      items.push_back({name, 0, Refused{archive.error().fault, archive.error().detail}});
      return;
    }
    const std::string prefix = name.empty() ? "" : name + ": ";
    for (std::size_t i = 0; i < (*archive)->entries().size(); ++i) {
      const auto& entry = (*archive)->entries()[i];
      items.push_back({prefix + entry.name, entry.size, ZipMember{*archive, i}});
    }
  }

  /// The files of a medium in the order of its DICOMDIR, each once. `only_missing`: the files
  /// themselves are found by walking the folder.
  void references(const fs::path& medium, const MediaDirectory& directory, bool only_missing) {
    std::set<std::string> seen;
    for (const std::string& id : directory.files) {
      if (!seen.insert(id).second) continue;
      const auto file = find_referenced(medium, id);
      if (!file) {
        items.push_back({"DICOMDIR: " + id, 0, Refused{file.error().fault, file.error().detail}});
      } else if (!only_missing) {
        std::error_code unknown;
        const auto size = fs::file_size(*file, unknown);
        items.push_back({file->lexically_relative(medium).string(), unknown ? 0 : size, *file});
      }
    }
  }

 private:
  void one(const fs::path& root, const fs::path& relative, const fs::directory_entry& entry) {
    std::error_code failed;
    const fs::file_status status = entry.symlink_status(failed);
    const std::string name = relative.string();
    if (failed) {
      items.push_back({name, 0, unreadable(failed)});
    } else if (fs::is_symlink(status)) {
      items.push_back({name, 0, NoDicom{"symbolic link, not followed"}});
    } else if (fs::is_directory(status)) {
      folder(root, relative);
    } else if (!fs::is_regular_file(status)) {
      items.push_back({name, 0, NoDicom{"neither a file nor a folder"}});
    } else if (has_zip_name(relative) && looks_like_zip(entry.path())) {
      zip(entry.path(), name);
    } else {
      const auto size = entry.file_size(failed);
      items.push_back({name, failed ? 0 : size, entry.path()});
    }
  }

  /// A file that cannot be read is found again, and named, when its turn comes.
  static bool looks_like_zip(const fs::path& file) try {
    return is_zip(first_bytes(file));
  } catch (const std::system_error&) {
    return false;
  }
};

/// What the DICOMDIR of a folder says, when there is one.
std::optional<MediaDirectory> directory_in(const fs::path& folder) {
  const auto file = find_referenced(folder, "DICOMDIR");
  if (!file) return std::nullopt;
  const FileContent content =
      load_item({"DICOMDIR", fs::file_size(*file), *file}, kLargestDirectory);
  if (const auto* directory = std::get_if<MediaDirectory>(&content)) return *directory;
  return std::nullopt;  // listed as any other file, and judged in its turn
}

}  // namespace

Result<std::vector<InputItem>> list_input(const fs::path& input) try {
  Lister lister;
  const fs::file_status status = fs::status(input);
  if (!fs::exists(status)) return fail(Fault::NotFound, input.string() + " does not exist");
  if (fs::is_directory(status)) {
    lister.folder(input, {});
    if (const auto directory = directory_in(input)) lister.references(input, *directory, true);
    return std::move(lister.items);
  }
  if (!fs::is_regular_file(status))
    return fail(Fault::Invalid, input.string() + " is neither a file nor a folder");
  if (is_zip(first_bytes(input))) {
    lister.zip(input, "");
    if (lister.items.size() == 1) {
      if (const auto* refused = std::get_if<Refused>(&lister.items[0].where))
        return fail(refused->fault, input.string() + ": " + refused->detail);
    }
    return std::move(lister.items);
  }
  const InputItem item{input.filename().string(), fs::file_size(input), input};
  if (item.size <= kLargestDirectory) {
    const FileContent content = load_item(item, kLargestDirectory);
    if (const auto* directory = std::get_if<MediaDirectory>(&content)) {
      const fs::path medium = input.parent_path().empty() ? "." : input.parent_path();
      lister.references(medium, *directory, false);
      return std::move(lister.items);
    }
  }
  lister.items.push_back(item);
  return std::move(lister.items);
} catch (const std::system_error& broken) {
  return fail(Fault::Unavailable, input.string() + " cannot be read: " + broken.code().message());
}

FileContent load_item(const InputItem& item, std::uint64_t most_bytes) {
  if (const auto* none = std::get_if<NoDicom>(&item.where)) return *none;
  if (const auto* refused = std::get_if<Refused>(&item.where)) return *refused;
  if (item.size > most_bytes)
    return Refused{Fault::Busy, "larger than " + std::to_string(most_bytes >> 20U) +
                                    " MB ([node] memory_budget_mb)"};
  if (const auto* member = std::get_if<ZipMember>(&item.where)) {
    auto content = member->archive->read(member->which);
    if (!content) return Refused{content.error().fault, content.error().detail};
    // By name: a viewer's .jar is a ZIP archive, too, and holds no study.
    if (has_zip_name(item.name) && is_zip(*content))
      return Refused{Fault::NotDicom, "a ZIP archive inside a ZIP archive: unpack the outer one"};
    return read_file_content(std::move(*content));
  }
  try {
    return read_file_content(read_file(std::get<fs::path>(item.where), most_bytes));
  } catch (const std::system_error& broken) {
    return unreadable(broken.code());
  }
}

}  // namespace dosigate::offline
