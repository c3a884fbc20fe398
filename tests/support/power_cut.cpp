#include "support/power_cut.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace dosigate::testing {
namespace {

using Kind = DiskStep::Kind;

/// What a disk writes at once.
constexpr std::size_t kBlock = 512;

Bytes content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void change(Bytes& content, const DiskStep& step) {
  if (step.kind == Kind::Truncate) {
    content.resize(step.offset);
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), step.offset + step.data.size()));
  std::ranges::copy(step.data, content.begin() + static_cast<std::ptrdiff_t>(step.offset));
}

bool by_luck(std::mt19937& chance) { return chance() % 2 == 0; }

/// A write of which only some blocks reached the disk: the others hold what was there, or zeros.
void change_by_luck(Bytes& content, const DiskStep& step, std::mt19937& chance) {
  if (!by_luck(chance)) return;
  if (step.kind == Kind::Truncate || by_luck(chance)) {
    change(content, step);
    return;
  }
  for (std::size_t at = 0; at < step.data.size(); at += kBlock) {
    if (!by_luck(chance)) continue;
    const std::size_t end = std::min(at + kBlock, step.data.size());
    change(content, {Kind::Write,
                     step.path,
                     {},
                     step.offset + at,
                     {step.data.begin() + static_cast<std::ptrdiff_t>(at),
                      step.data.begin() + static_cast<std::ptrdiff_t>(end)}});
  }
}

void write_file(const std::filesystem::path& path, const Bytes& content) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  if (!out) throw std::runtime_error("cannot write " + path.string());
  out.close();
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

void make_directory(const std::filesystem::path& path) {
  std::filesystem::create_directories(path);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

}  // namespace

SimulatedDisk::SimulatedDisk(const std::filesystem::path& start,
                             const std::filesystem::path& called)
    : root_(called.empty() ? start : called), tree_(std::make_shared<Directory>()) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(start)) {
    Directory& in = directory_of(root_ / entry.path().lexically_relative(start));
    const std::string name = entry.path().filename();
    if (entry.is_directory()) {
      in.directories[name] = in.lasting_directories[name] = std::make_shared<Directory>();
    } else if (entry.is_regular_file() && !name.ends_with("-shm")) {
      auto file = std::make_shared<File>();
      file->now = file->lasting = content_of(entry.path());
      in.now[name] = in.lasting[name] = file;
    }
  }
}

std::filesystem::path SimulatedDisk::relative(const std::filesystem::path& path) const {
  return path.lexically_relative(root_);
}

SimulatedDisk::Directory& SimulatedDisk::directory_of(const std::filesystem::path& path) {
  Directory* at = tree_.get();
  for (const auto& part : relative(path).parent_path()) {
    const auto found = at->directories.find(part);
    if (found == at->directories.end())
      throw std::logic_error("a step in an unknown directory: " + path.string());
    at = found->second.get();
  }
  return *at;
}

void SimulatedDisk::apply(const DiskStep& step) {
  if (step.kind == Kind::Mark) return;
  const std::string name = step.path.filename();
  if (step.kind == Kind::SyncDirectory) {
    Directory& synced = step.path == root_ ? *tree_ : directory_of(step.path / "x");
    synced.lasting = synced.now;
    synced.lasting_directories = synced.directories;
    return;
  }
  Directory& in = directory_of(step.path);
  switch (step.kind) {
    case Kind::MakeDirectory:
      in.directories[name] = std::make_shared<Directory>();
      return;
    case Kind::Create:
      in.now[name] = std::make_shared<File>();
      return;
    case Kind::Unlink:
      in.now.erase(name);
      in.directories.erase(name);
      gone_.insert(step.path);
      return;
    case Kind::Rename: {
      const auto file = in.now.at(name);
      in.now.erase(name);
      gone_.insert(step.path);
      directory_of(step.to).now[step.to.filename()] = file;
      return;
    }
    default:
      break;
  }
  const auto found = in.now.find(name);
  if (found == in.now.end()) {
    if (!gone_.contains(step.path))
      throw std::logic_error("an unknown file: " + step.path.string());
    return;  // unlinked, and still open
  }
  File& file = *found->second;
  if (step.kind == Kind::Sync) {
    file.lasting = file.now;
    file.unsynced.clear();
    return;
  }
  change(file.now, step);
  file.unsynced.push_back(step);
}

void SimulatedDisk::power_cut(const std::filesystem::path& into, std::mt19937* chance) const {
  std::filesystem::remove_all(into);
  make_directory(into);
  write_out(*tree_, into, chance);
}

void SimulatedDisk::seen(const std::filesystem::path& into) const {
  std::filesystem::remove_all(into);
  make_directory(into);
  write_seen(*tree_, into);
}

void SimulatedDisk::write_seen(const Directory& from, const std::filesystem::path& into) const {
  for (const auto& [name, file] : from.now) write_file(into / name, file->now);
  for (const auto& [name, directory] : from.directories) {
    make_directory(into / name);
    write_seen(*directory, into / name);
  }
}

void SimulatedDisk::write_out(const Directory& from, const std::filesystem::path& into,
                              std::mt19937* chance) const {
  auto files = from.lasting;
  auto directories = from.lasting_directories;
  if (chance != nullptr) {
    for (const auto& [name, file] : from.now)
      if (by_luck(*chance)) files[name] = file;
    for (const auto& [name, file] : from.lasting)
      if (!from.now.contains(name) && by_luck(*chance)) files.erase(name);
    for (const auto& [name, directory] : from.directories)
      if (by_luck(*chance)) directories[name] = directory;
  }
  for (const auto& [name, file] : files) {
    Bytes content = file->lasting;
    if (chance != nullptr)
      for (const DiskStep& step : file->unsynced) change_by_luck(content, step, *chance);
    write_file(into / name, content);
  }
  for (const auto& [name, directory] : directories) {
    make_directory(into / name);
    write_out(*directory, into / name, chance);
  }
}

}  // namespace dosigate::testing
