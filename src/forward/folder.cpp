#include "dosigate/forward/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/dicom/data_set.h"

namespace dosigate {
namespace {

void make_durable_directory(const std::filesystem::path& directory) {
  if (std::filesystem::is_directory(directory)) return;
  make_private_directory(directory);
  sync_directory(directory.parent_path());
}

}  // namespace

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
         });
}

std::filesystem::path folder_path(const FolderItem& item) {
  return std::filesystem::path(item.pseudonym) / item.study_instance_uid /
         (item.sop_instance_uid + ".dcm");
}

void make_folder(const std::filesystem::path& root) {
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), "create directory " + root.string());
}

Result<void> write_to_folder(
    const std::filesystem::path& root, const FolderItem& item,
    const std::function<Result<void>(const std::function<bool(ByteView)>&)>& source) {
  for (const std::string* name :
       {&item.pseudonym, &item.study_instance_uid, &item.sop_instance_uid}) {
    if (!is_plain_name(*name))
      return fail(Fault::Invalid, "a UID or pseudonym of the instance cannot be a file name");
  }
  const std::filesystem::path file = root / folder_path(item);
  const std::filesystem::path study = file.parent_path();
  const std::filesystem::path patient = study.parent_path();
  const std::filesystem::path temporary = study / ("." + item.sop_instance_uid + ".part");
  make_folder(root);
  make_durable_directory(patient);
  make_durable_directory(study);
  ::unlink(temporary.c_str());  // left by a crash

  try {
    const FileDescriptor out = create_new_file(temporary);
    write_all(out.get(),
              part10_header(item.sop_class_uid, item.sop_instance_uid, item.transfer_syntax_uid),
              temporary);
    const auto given = source([&](ByteView bytes) {
      write_all(out.get(), bytes, temporary);
      return true;
    });
    if (!given) {
      ::unlink(temporary.c_str());
      return given.error();
    }
    sync_data(out.get(), temporary);
    if (::rename(temporary.c_str(), file.c_str()) != 0)
      throw std::system_error(errno, std::generic_category(), "rename to " + file.string());
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(study);
  return {};
}

}  // namespace dosigate
