#pragma once

#include <string>
#include <string_view>

#include "uids.h"
#include "values.h"

namespace dosigate {

/// Under which UIDs a version of an instance goes out: revisions have UIDs of their own, the series
/// too, so that no series holds two versions of one image.
struct VersionUids {
  std::string sop, series;
};
/// @param retain  the profile retains UIDs: those of version 0 are the source's.
VersionUids version_uids(const Subject& subject, bool retain, std::uint32_t revision,
                         std::string_view source_sop, std::string_view source_series);

/// Names the version before where the IOD has a place for it: a Predecessor Documents Sequence in a
/// report, a Referenced Image Sequence with a purpose in an image whose IOD has the General
/// Reference Module. In any other object nothing.
/// @param cleaned  after the walk, which would map these UIDs once more.
void name_predecessor(DcmItem& cleaned, std::string_view sop_class_uid, const VersionUids& before);

}  // namespace dosigate
