#pragma once

#include "dosigate/deid/pixel_stream.h"
#include "dosigate/identity/fingerprint.h"
#include "values.h"

namespace dosigate {

/// The fingerprint of a source data set: what is sent again native, or under a lossless compression
/// that DCMTK decodes, is the same (frame_decoder.h), and so is what a PACS has put into the
/// header that is no input of dosimetry.
/// @param source  UN resolved, nothing cleaned yet.
/// @param pixels  all of which have passed; none: it has no pixel data.
Fingerprint fingerprint_of(DcmItem& source, PixelStream* pixels, const Secret& salt);

}  // namespace dosigate
