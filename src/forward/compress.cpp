#include "compress.h"

#include <algorithm>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/dcmtk.h"
#include "transcode.h"

namespace dosigate {
namespace {

Error declined(std::string_view to, const std::string& why) {
  return fail(Fault::Invalid,
              "not compressed into " + std::string(find_transfer_syntax(to)->name) + ": " + why);
}

unsigned number_at(DcmItem& item, const DcmTagKey& tag) {
  Uint16 out = 0;
  return item.findAndGetUint16(tag, out).good() ? out : 0U;
}

bool has_pixel_data(DcmItem& item) {
  DcmElement* element = nullptr;
  return item.findAndGetElement(DCM_PixelData, element).good() && element->getLength() > 0;
}

bool is_grey(DcmItem& item) {
  const unsigned allocated = number_at(item, DCM_BitsAllocated);
  return number_at(item, DCM_SamplesPerPixel) == 1 && (allocated == 8 || allocated == 16) &&
         text_at(item, DCM_PhotometricInterpretation).starts_with("MONOCHROME");
}

/// Without VRs, which may differ for the pixel data alone: what is compared.
constexpr std::string_view kPlain = UID_LittleEndianImplicitTransferSyntax;

}  // namespace

std::string_view transfer_syntax_of(Destination::Compress compress) {
  switch (compress) {
    case Destination::Compress::JpegLs:
      return UID_JPEGLSLosslessTransferSyntax;
    case Destination::Compress::Rle:
      return UID_RLELosslessTransferSyntax;
    case Destination::Compress::None:
      break;
  }
  return {};
}

bool can_be_compressed(std::string_view transfer_syntax_uid) {
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  return syntax != nullptr && !syntax->encapsulated && !syntax->referenced &&
         syntax->encoding != Encoding::DeflatedLittle;
}

Result<Bytes> make_compressed(ByteView data_set, std::string_view from, std::string_view to,
                              std::string_view sop_instance_uid) {
  const TransferSyntax* source = find_transfer_syntax(from);
  const TransferSyntax* target = find_transfer_syntax(to);
  if (source == nullptr || target == nullptr || !can_be_compressed(from) || !target->encapsulated)
    return fail(Fault::Invalid, "cannot compress from transfer syntax " + std::string(from) +
                                    " to " + std::string(to));
  Bytes out;
  {
    auto parsed = parse_data_set(data_set, *source);
    if (!parsed) return parsed.error();
    DcmDataset& object = **parsed;
    if (!has_pixel_data(object)) return fail(Fault::NotFound, "it has no pixel data");
    if (!is_grey(object)) return declined(to, "no grey image of 8 or 16 bits");
    const OFCondition changed = object.chooseRepresentation(target->dcmtk, nullptr);
    if (changed.bad() || !object.canWriteXfer(target->dcmtk)) return declined(to, text_of(changed));
    EncodedDataSet encoded = encode_data_set(object, *target);
    out = std::move(encoded.header);
    out.insert(out.end(), encoded.body.begin(), encoded.body.end());
    out.insert(out.end(), encoded.trailer.begin(), encoded.trailer.end());
  }
  if (out.size() >= data_set.size()) return declined(to, "it would be no smaller");

  const auto before = make_native(data_set, from, kPlain, sop_instance_uid);
  if (!before) return declined(to, before.error().detail);
  const auto after = make_native(out, to, kPlain, sop_instance_uid);
  if (!after) return declined(to, after.error().detail);
  if (!std::ranges::equal(*before, *after))
    return declined(to, "decompressed again it would not be the same");
  return out;
}

}  // namespace dosigate
