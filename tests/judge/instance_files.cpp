#include "judge/instance_files.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "dosigate/dicom/data_set.h"

namespace dosigate::testing {
namespace {

void write_file(const std::filesystem::path& path, const std::vector<ByteView>& parts) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  for (const ByteView part : parts)
    out.write(reinterpret_cast<const char*>(part.data()),
              static_cast<std::streamsize>(part.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

std::optional<ReceivedInstance> received_from(const std::filesystem::path& path) {
  DcmFileFormat format;
  (void)format.loadFile(path.c_str());  // as far as it gets: broken files are judged as well
  DcmMetaInfo& meta = *format.getMetaInfo();
  DcmDataset& data_set = *format.getDataset();
  Uint32 group_length = 0;
  if (meta.findAndGetUint32(DCM_FileMetaInformationGroupLength, group_length).bad())
    return std::nullopt;
  ReceivedInstance out;
  // A sender announces what the data set says; the meta information of these files is often wrong.
  out.sop_class_uid = text_at(data_set, DCM_SOPClassUID);
  out.sop_instance_uid = Phi(text_at(data_set, DCM_SOPInstanceUID));
  out.transfer_syntax_uid = text_at(meta, DCM_TransferSyntaxUID);
  std::ifstream in(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  // Preamble, prefix and the group length itself stand before what the group length counts.
  const std::size_t begin = 128 + 4 + 12 + std::size_t{group_length};
  if (begin >= all.size() || out.sop_class_uid.empty() ||
      text_at(meta, DCM_MediaStorageSOPClassUID) == UID_MediaStorageDirectoryStorage)
    return std::nullopt;
  out.data_set.assign(all.begin() + static_cast<std::ptrdiff_t>(begin), all.end());
  return out;
}

void write_part10(const std::filesystem::path& path, const ReceivedInstance& instance) {
  const Bytes head = part10_header(instance.sop_class_uid, instance.sop_instance_uid.reveal(),
                                   instance.transfer_syntax_uid);
  write_file(path, {head, instance.data_set});
}

void write_part10(const std::filesystem::path& path, const CleanInstance& instance) {
  const Bytes head = part10_header(instance.sop_class_uid(), instance.sop_instance_uid(),
                                   instance.transfer_syntax_uid());
  write_file(path, {head, instance.header(), instance.body(), instance.trailer()});
}

}  // namespace dosigate::testing
