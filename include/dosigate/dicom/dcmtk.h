#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/ofstd/ofcond.h>

#include "dosigate/base/result.h"

namespace dosigate {

/// DCMTK's process-wide state, set up once in `main` before the first thread (design: no DCMTK global is written afterwards): data dictionary
/// loaded, RLE, JPEG and JPEG-LS codecs registered, oflog routed to spdlog at WARN and scrubbed of values, reverse DNS off.
/// Throws std::runtime_error when the data dictionary is not there: without it every VR is a guess.
class DcmtkRuntime {
 public:
  DcmtkRuntime();
  ~DcmtkRuntime();
  DcmtkRuntime(const DcmtkRuntime&) = delete;
  DcmtkRuntime& operator=(const DcmtkRuntime&) = delete;
};

/// For conditions that only a broken machine or a bug gives: throws std::runtime_error "<what>: <text>".
void require(const OFCondition& condition, const char* what);

/// Text of a condition without anything that came from a peer.
std::string text_of(const OFCondition& condition);

}  // namespace dosigate
