#pragma once

#include <memory>
#include <string>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/base/bytes.h"
#include "dosigate/base/result.h"
#include "dosigate/dicom/transfer_syntax.h"
#include "dosigate/dicom/walker.h"

namespace dosigate {

/// Parses a complete data set that walk_data_set has passed. Complete means: every byte is consumed
/// and DCMTK reports EC_Normal or EC_EndOfStream; anything else is NotDicom. The bytes are copied
/// into the data set.
/// @param bytes  inflated already (inflate_data_set) when the syntax is deflated, as for
/// walk_data_set.
Result<std::unique_ptr<DcmDataset>> parse_data_set(ByteView bytes, const TransferSyntax& syntax);

/// A data set written in its transfer syntax, without group lengths and trailing padding, split
/// around the pixel data.
struct EncodedDataSet {
  Bytes header, body, trailer;
};
/// `body` is the value of a top-level pixel data element (fragments with their delimiter when
/// encapsulated), byte for byte as it came; a value of odd length, there and elsewhere, gets the
/// zero byte that makes it even. Sequences are written with undefined length, so that a private one
/// in Implicit VR can still be told from bytes; elements in ascending order. For a deflated syntax
/// everything is in `header`, deflated. Throws std::runtime_error when DCMTK cannot write.
EncodedDataSet encode_data_set(DcmDataset& data_set, const TransferSyntax& syntax);

/// The same around pixel data that are not in `data_set`: `header` ends with the header of their
/// element, `body` stays empty. For a deflated syntax everything is in `header`, and `pixels` is
/// their value; for others it is not looked at.
/// @param length  of the value, which follows as it came, with the zero byte that makes it even.
EncodedDataSet encode_around(DcmDataset& data_set, const TransferSyntax& syntax,
                             const PixelElement& element, std::uint64_t length, ByteView pixels);

/// Part 10 preamble, prefix and meta information for a data set that follows (PS3.10 7.1), with our
/// implementation class UID, our version name and nothing of the source.
Bytes part10_header(std::string_view sop_class_uid, std::string_view sop_instance_uid,
                    std::string_view transfer_syntax_uid);

/// First value of an element at the top level, trimmed of padding; empty when absent or empty.
/// Reads the top level only: a UID in a nested item has split studies elsewhere (field-notes 32).
std::string text_at(DcmItem& item, const DcmTagKey& tag);

/// "(0010,0020)": how a tag is named in errors and logs.
std::string tag_text(const DcmTagKey& tag);

/// Ours, in file meta and A-ASSOCIATE user information (PS3.7 D.3.3.2).
extern const char kImplementationClassUid[];
extern const char kImplementationVersionName[];

}  // namespace dosigate
