#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"

namespace dosigate {

/// What a file of a folder destination is named after and says in its meta information.
struct FolderItem {
  const std::string& pseudonym;
  const std::string& study_instance_uid;
  const std::string& sop_class_uid;
  const std::string& sop_instance_uid;
  const std::string& transfer_syntax_uid;
};

/// Of the names in a folder, UIDs and pseudonyms: nothing in them can lead out of it.
bool is_plain_name(std::string_view name);

/// Where that file lies below the root: <pseudonym>/<study>/<instance>.dcm.
std::filesystem::path folder_path(const FolderItem& item);

/// Makes the folder of a destination if it is not there, but not the one that it lies in: where
/// that is missing, a disk is not mounted, and its place on another disk would fill up instead.
/// Throws std::system_error.
void make_folder(const std::filesystem::path& root);

/// Writes <root>/<pseudonym>/<study>/<instance>.dcm, Part 10 (PS3.10), as a whole or not at all and
/// durable on return; one of that name is replaced. A fault of `source` is returned as it is,
/// Invalid when a name is none of ours. Throws std::system_error when the disk fails or is not
/// there (make_folder). Thread: any,
/// for different instances.
Result<void> write_to_folder(
    const std::filesystem::path& root, const FolderItem& item,
    const std::function<Result<void>(const std::function<bool(ByteView)>&)>& source);

}  // namespace dosigate
