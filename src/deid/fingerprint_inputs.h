#pragma once

#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/identity/fingerprint.h"
#include "values.h"

namespace dosigate {

/// The fingerprint of a source data set: what is sent again native, or under a lossless compression
/// that DCMTK decodes, is the same (canonical_pixels.h), and so is what a PACS has put into the
/// header that is no input of dosimetry.
/// @param source  UN resolved, nothing cleaned yet.
/// @param pixels  the value of its pixel data as it stands in the stream; empty when there is none.
Fingerprint fingerprint_of(DcmItem& source, ByteView pixels, const TransferSyntax& syntax,
                           const Secret& salt);

}  // namespace dosigate
