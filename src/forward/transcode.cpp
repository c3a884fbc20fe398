#include "transcode.h"

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"

namespace dosigate {

bool can_be_made_native(std::string_view transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return syntax != nullptr && !syntax->referenced &&
         (!syntax->encapsulated || syntax->dcmtk_decodes);
}

Result<Bytes> make_native(ByteView data_set, std::string_view from, std::string_view to,
                          std::string_view sop_instance_uid) {
  const TransferSyntax* source = find_transfer_syntax(from);
  const TransferSyntax* target = find_transfer_syntax(to);
  if (source == nullptr || target == nullptr || !can_be_made_native(from) || target->encapsulated) {
    return fail(Fault::Invalid, "cannot convert from transfer syntax " + std::string(from) +
                                    " to " + std::string(to));
  }
  auto parsed = parse_data_set(data_set, *source);
  if (!parsed) return parsed.error();
  DcmDataset& object = **parsed;
  const OFCondition changed = object.chooseRepresentation(target->dcmtk, nullptr);
  if (changed.bad() || !object.canWriteXfer(target->dcmtk)) {
    return fail(Fault::Invalid, "cannot decompress it from transfer syntax " + std::string(from) +
                                    ": " + text_of(changed));
  }
  // A codec may declare what it made a new object; under another UID it would not be the one that
  // was acknowledged.
  if (text_at(object, DCM_SOPInstanceUID) != sop_instance_uid) {
    return fail(Fault::Invalid, "decompressing from transfer syntax " + std::string(from) +
                                    " makes another object of it");
  }
  EncodedDataSet encoded = encode_data_set(object, *target);
  Bytes out = std::move(encoded.header);
  out.insert(out.end(), encoded.body.begin(), encoded.body.end());
  out.insert(out.end(), encoded.trailer.begin(), encoded.trailer.end());
  return out;
}

}  // namespace dosigate
