#include "offline_part10.h"

#include <optional>

#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/sop_class.h"
#include "dosigate/dicom/walker.h"
#include "part10_meta.h"

namespace dosigate::offline {
namespace {

constexpr std::string_view kImplicit = "1.2.840.10008.1.2";
constexpr std::string_view kExplicitLittle = "1.2.840.10008.1.2.1";
constexpr std::string_view kExplicitBig = "1.2.840.10008.1.2.2";

std::size_t number_at(ByteView bytes, std::size_t at, unsigned count) {
  std::size_t out = 0;
  for (unsigned i = 0; i < count; ++i) out |= std::size_t{bytes[at + i]} << (8 * i);
  return out;
}

Bytes from(Bytes bytes, std::size_t offset) {
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  return bytes;
}

/// The data set parsed under a transfer syntax; nullptr when it is not one.
std::unique_ptr<DcmDataset> parsed(ByteView bytes, std::string_view transfer_syntax) {
  const TransferSyntax& syntax = *find_transfer_syntax(transfer_syntax);
  if (!walk_data_set(bytes, syntax.encoding)) return nullptr;
  auto data_set = parse_data_set(bytes, syntax);
  return data_set ? std::move(*data_set) : nullptr;
}

bool has_compressed_pixels(ByteView bytes, std::string_view transfer_syntax) {
  const auto walked = walk_data_set(bytes, find_transfer_syntax(transfer_syntax)->encoding);
  return walked && walked->pixel_end > walked->pixel_begin && walked->pixel_begin >= 4 &&
         number_at(bytes, walked->pixel_begin - 4, 4) == 0xFFFFFFFFU;
}

/// A data set without a word about its transfer syntax.
FileContent guess(Bytes bytes) {
  const NoDicom none{"not a DICOM file"};
  // A storage instance begins with group 0008; looked at first, for most files are something else.
  if (bytes.size() < 8 || (number_at(bytes, 0, 2) != 0x0008 && number_at(bytes, 0, 2) != 0x0800))
    return none;
  ReceivedInstance found;
  unsigned possible = 0;
  for (const std::string_view syntax : {kImplicit, kExplicitLittle, kExplicitBig}) {
    const auto data_set = parsed(bytes, syntax);
    if (!data_set) continue;
    const std::string sop_class = text_at(*data_set, DCM_SOPClassUID);
    const std::string sop_instance = text_at(*data_set, DCM_SOPInstanceUID);
    if (find_storage_sop_class(sop_class) == nullptr || sop_instance.empty()) continue;
    ++possible;
    found.sop_class_uid = sop_class;
    found.sop_instance_uid = Phi(sop_instance);
    found.transfer_syntax_uid = syntax;
  }
  if (possible != 1) return none;
  if (has_compressed_pixels(bytes, found.transfer_syntax_uid))
    return Refused{Fault::NotDicom,
                   "compressed pixel data, and no meta information that says how they are encoded"};
  found.data_set = std::move(bytes);
  return found;
}

FileContent directory_of(ByteView data_set, const Part10Meta& meta) {
  const Refused broken{Fault::NotDicom, "the DICOMDIR does not parse"};
  const TransferSyntax* syntax = find_transfer_syntax(meta.transfer_syntax);
  if (syntax == nullptr) return broken;
  const auto root = parsed(data_set, meta.transfer_syntax);
  if (!root) return broken;
  MediaDirectory directory;
  DcmSequenceOfItems* records = nullptr;
  if (root->findAndGetSequence(DCM_DirectoryRecordSequence, records).bad() || records == nullptr)
    return directory;
  // From one to the next: DcmSequenceOfItems::getItem searches from the front each time.
  for (DcmObject* record = records->nextInContainer(nullptr); record != nullptr;
       record = records->nextInContainer(record)) {
    OFString file;
    // Patients, studies and series have none.
    if (static_cast<DcmItem&>(*record).findAndGetOFStringArray(DCM_ReferencedFileID, file).good() &&
        !file.empty())
      directory.files.emplace_back(file.c_str());
  }
  return directory;
}

}  // namespace

FileContent read_file_content(Bytes file) {
  if (file.empty()) return NoDicom{"empty file"};
  const bool prefixed = has_part10_prefix(file);
  const bool bare_meta = !prefixed && file.size() >= 8 && number_at(file, 0, 4) == 0x00000002U &&
                         (as_text(ByteView(file).subspan(4, 2)) == "UL" ||
                          number_at(file, 4, 4) == 4);  // group length, explicit or implicit
  if (!prefixed && !bare_meta) return guess(std::move(file));

  const auto meta = read_part10_meta(file, prefixed ? kPart10Prefix : 0);
  if (!meta)
    return prefixed ? FileContent(Refused{Fault::NotDicom, "the meta information is cut off"})
                    : FileContent(NoDicom{"not a DICOM file"});
  const ByteView data_set = ByteView(file).subspan(meta->end);
  if (meta->sop_class == kMediaDirectoryClass) return directory_of(data_set, *meta);
  if (meta->transfer_syntax.empty()) {
    FileContent guessed = guess(from(std::move(file), meta->end));
    if (std::holds_alternative<NoDicom>(guessed))
      return Refused{Fault::NotDicom, "the meta information names no transfer syntax"};
    return guessed;
  }

  ReceivedInstance instance;
  instance.sop_class_uid = meta->sop_class;
  instance.sop_instance_uid = Phi(meta->sop_instance);
  instance.transfer_syntax_uid = meta->transfer_syntax;
  if ((meta->sop_class.empty() || meta->sop_instance.empty()) &&
      find_transfer_syntax(meta->transfer_syntax) != nullptr) {
    // Old writers leave them out; the data set says the same.
    if (const auto root = parsed(data_set, meta->transfer_syntax)) {
      instance.sop_class_uid = text_at(*root, DCM_SOPClassUID);
      instance.sop_instance_uid = Phi(text_at(*root, DCM_SOPInstanceUID));
    }
  }
  instance.data_set = from(std::move(file), meta->end);
  return instance;
}

}  // namespace dosigate::offline
