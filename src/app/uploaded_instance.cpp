#include "uploaded_instance.h"

#include "dosigate/dicom/data_set.h"
#include "part10_meta.h"

namespace dosigate {
namespace {

constexpr std::size_t kPiece = 128U << 10U;
constexpr std::size_t kLargestMeta = 64U << 10U;

/// Old writers leave the two out of the meta information; the data set says the same.
Result<void> complete(ReceivedInstance& instance) {
  if (!instance.sop_class_uid.empty() && !instance.sop_instance_uid.empty()) return {};
  const TransferSyntax* syntax = find_transfer_syntax(instance.transfer_syntax_uid);
  if (syntax == nullptr || instance.passed)
    return fail(Fault::NotDicom, "the meta information names no SOP class or instance");
  if (auto walked = walk_data_set(instance.data_set, syntax->encoding); !walked)
    return walked.error();
  const auto root = parse_data_set(instance.data_set, *syntax);
  if (!root) return root.error();
  instance.sop_class_uid = text_at(**root, DCM_SOPClassUID);
  instance.sop_instance_uid = Phi(text_at(**root, DCM_SOPInstanceUID));
  return {};
}

}  // namespace

Result<UploadedFile> read_uploaded(Upload& upload, AssociationServer& server, const Origin& origin,
                                   const AssociationServer::Begin& begin) {
  Bytes head, piece(kPiece);
  std::optional<Part10Meta> meta;
  bool ended = false;
  while (!meta && !ended) {
    const auto got = upload.read(piece);
    if (!got) return got.error();
    ended = *got == 0;
    head.insert(head.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
    if (head.size() < kPart10Prefix && !ended) continue;
    if (!has_part10_prefix(head)) return NotAnInstance{"not a DICOM file"};
    if (ended || holds_part10_meta(head)) meta = read_part10_meta(head, kPart10Prefix);
    if (!meta && (ended || head.size() > kLargestMeta))
      return Refused{Fault::NotDicom, "the meta information is cut off, or has no end"};
  }
  if (head.empty()) return NotAnInstance{"empty file"};
  if (meta->sop_class == kMediaDirectoryClass)
    return NotAnInstance{"DICOMDIR, the index of a medium"};
  if (meta->transfer_syntax.empty())
    return Refused{Fault::NotDicom, "the meta information names no transfer syntax"};

  UploadedInstance out;
  out.share = std::make_unique<Intake>(
      server,
      ReceivedInstance{origin, meta->sop_class, Phi(meta->sop_instance), meta->transfer_syntax, {}},
      begin);
  bool wanted = out.share->take(ByteView(head).subspan(meta->end));
  head = Bytes();
  while (!ended && wanted) {
    const auto got = upload.read(piece);
    if (!got) return got.error();
    ended = *got == 0;
    if (!ended) wanted = out.share->take(ByteView(piece).first(*got));
  }
  out.arrived = out.share->done();
  if (out.arrived.refused)
    return Refused{out.arrived.refused->fault,
                   out.arrived.detail.empty() ? out.arrived.refused->detail : out.arrived.detail};
  if (auto done = complete(out.arrived.instance); !done)
    return Refused{done.error().fault, done.error().detail};
  return out;
}

}  // namespace dosigate
