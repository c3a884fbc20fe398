#pragma once

#include <vector>

#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/identity/fingerprint.h"
#include "values.h"

namespace dosigate {

/// The fingerprint of a source data set.
/// @param pixels  the value of its pixel data as it stands in the stream; empty when there is none.
Fingerprint fingerprint_of(DcmItem& source, ByteView pixels, const TransferSyntax& syntax,
                           const Secret& salt);

/// The fragments of encapsulated pixel data, without item headers and without the offset table.
std::vector<ByteView> pixel_fragments(ByteView pixels);

}  // namespace dosigate
