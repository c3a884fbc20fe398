#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/ofstd/ofcond.h>

#include "dosigate/base/result.h"

namespace dosigate {

/// DCMTK's process-wide state, set up once in `main` before the first thread (design: no DCMTK
/// global is written afterwards): data dictionary loaded, RLE, JPEG and JPEG-LS decoders
/// and lossless RLE and JPEG-LS encoders registered, parser switches as the walker assumes them,
/// oflog from WARN up routed to spdlog. Of a message of DCMTK only logger, source file and line are
/// passed on, never its text: that may quote a value. Reverse DNS (`dcmDisableGethostbyaddr`) is a
/// global of dcmnet, which this module does not link: receive switches it off. Throws
/// std::runtime_error when the data dictionary is not there: without it every VR is a guess.
class DcmtkRuntime {
 public:
  DcmtkRuntime();
  ~DcmtkRuntime();
  DcmtkRuntime(const DcmtkRuntime&) = delete;
  DcmtkRuntime& operator=(const DcmtkRuntime&) = delete;
};

/// For conditions that only a broken machine or a bug gives: throws std::runtime_error "<what>:
/// <text>".
void require(const OFCondition& condition, const char* what);

/// Text of a condition without anything that came from a peer.
std::string text_of(const OFCondition& condition);

}  // namespace dosigate
