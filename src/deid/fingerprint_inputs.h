#pragma once

#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/identity/fingerprint.h"
#include "values.h"

namespace dosigate {

/// The fingerprint of a source data set.
/// @param pixels  the value of its pixel data as it stands in the stream; empty when there is none.
Fingerprint fingerprint_of(DcmItem& source, ByteView pixels, const TransferSyntax& syntax,
                           const Secret& salt);

}  // namespace dosigate
