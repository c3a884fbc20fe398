#pragma once

#include <vector>

#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/identity/fingerprint.h"
#include "values.h"

namespace dosigate {

// One form of the pixels for every syntax that shows the same frames: native, little-endian,
// without the byte that makes an odd length even, and without the bits above Bits Stored (a sender
// extends the sign into them, a decoder may not).
//
// Compressed frames get that form where DCMTK decodes them without loss: RLE, JPEG lossless (.57,
// .70) and JPEG-LS lossless. JPEG 2000, HTJ2K, JPEG XL, video and everything lossy are compared by
// their fragments, so the same image sent once under one of them and once native is a revision.

/// Native pixels as they stand in a stream of `syntax`.
void add_native_pixels(DcmItem& image, ByteView pixels, const TransferSyntax& syntax,
                       FingerprintMaker& maker);

/// True for the lossless compressions that DCMTK decodes.
bool is_decoded_for_comparison(const TransferSyntax& syntax);
/// Decodes frame after frame. False, with an unknown part of it added, when a frame does not decode
/// or is larger than this program decodes for a comparison.
bool add_decoded_pixels(DcmItem& image, FingerprintMaker& maker);

/// The fragments of encapsulated pixel data, without item headers and without the offset table: how
/// a sender cuts a frame is not what the frame shows.
std::vector<ByteView> pixel_fragments(ByteView pixels);

}  // namespace dosigate
