#pragma once

#include <stdexcept>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

namespace dosigate::testing {

/// A new item at the end of a sequence of `parent`, which is made if missing.
inline DcmItem& child(DcmItem& parent, const DcmTagKey& sequence) {
  DcmItem* item = nullptr;
  if (parent.findOrCreateSequenceItem(DcmTag(sequence, EVR_SQ), item, -2).bad())
    throw std::runtime_error("test data set: no sequence");
  return *item;
}

}  // namespace dosigate::testing
