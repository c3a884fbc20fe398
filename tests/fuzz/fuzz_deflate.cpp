// Deflated bytes: caps of size and ratio hold, and what comes out is walked and parsed.

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"
#include "dosigate/dicom/walker.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static const DcmtkRuntime dcmtk;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = std::size_t{20} << 20U;
  const auto inflated = inflate_data_set({data, size}, kLimit);
  if (!inflated) return 0;
  must(inflated->size() <= kLimit);
  must(inflated->size() <= kAnyRatioUpTo || inflated->size() / kLargestRatio <= size);
  const auto walked = walk_data_set(*inflated, Encoding::ExplicitLittle);
  if (!walked) return 0;
  (void)parse_data_set(*inflated, *find_transfer_syntax("1.2.840.10008.1.2.1.99"));
  return 0;
}
