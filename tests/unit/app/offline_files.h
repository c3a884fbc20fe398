#pragma once

#include <fstream>
#include <string>

#include "dosigate/dicom/data_set.h"
#include "support/data_sets.h"
#include "support/temp_dir.h"
#include "support/zip_file.h"

namespace dosigate::testing {

inline constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

/// A file as PS3.10 wants it.
inline Bytes part10(const ReceivedInstance& instance) {
  Bytes out = part10_header(instance.sop_class_uid, instance.sop_instance_uid.reveal(),
                            instance.transfer_syntax_uid);
  out.insert(out.end(), instance.data_set.begin(), instance.data_set.end());
  return out;
}

inline void write_file(const std::filesystem::path& file, ByteView content) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << as_text(content);
}

/// A CT slice of its own.
inline Bytes slice(const std::string& number) {
  return part10(ct_slice().with(DCM_SOPInstanceUID, "1.2.3." + number).received());
}

/// A DICOMDIR with these references.
inline Bytes dicomdir(const std::vector<std::string>& files) {
  DcmDataset root;
  for (const std::string& file : files) {
    DcmItem* record = nullptr;
    root.findOrCreateSequenceItem(DCM_DirectoryRecordSequence, record, -2);
    record->putAndInsertString(DCM_DirectoryRecordType, "IMAGE");
    record->putAndInsertString(DCM_ReferencedFileID, file.c_str());
  }
  const EncodedDataSet encoded = encode_data_set(root, *find_transfer_syntax(kExplicitLittle));
  Bytes out = part10_header("1.2.840.10008.1.3.10", "1.2.3.4", kExplicitLittle);
  out.insert(out.end(), encoded.header.begin(), encoded.header.end());
  return out;
}

}  // namespace dosigate::testing
