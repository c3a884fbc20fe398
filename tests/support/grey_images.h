#pragma once

#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/base/bytes.h"

namespace dosigate::testing {

/// An image with a body in it, as a camera would make it: smooth, with some noise. 64 x 64.
/// CT: 16 bits signed, negative values and padding of -2000.
DcmDataset ct_signed(const std::string& sop);
/// NM: 16 bits unsigned, 12 frames of small counts.
DcmDataset nm_frames(const std::string& sop);
/// PET: 16 bits signed with a rescale slope, units and private elements.
DcmDataset pet_image(const std::string& sop);
/// Secondary capture: 8 bits, an odd number of pixels.
DcmDataset sc_grey(const std::string& sop);
/// Secondary capture: 8 bits RGB.
DcmDataset sc_colour(const std::string& sop);
/// 16 bits, of which 12 are stored and one of the others has an overlay in it.
DcmDataset ct_with_overlay_bits(const std::string& sop);
/// A structured report: no pixel data.
DcmDataset report(const std::string& sop);

/// Value of the top-level pixel data, in native form.
Bytes pixel_bytes(DcmDataset& data_set);

}  // namespace dosigate::testing
