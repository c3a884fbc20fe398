#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include "dosigate/dicom/instance.h"

namespace dosigate::testing {

/// A data set built in a test, so that the reader sees what matters:
/// ct_slice().with(DCM_PatientName, "MARKER^ONE").
class DataSet {
 public:
  explicit DataSet(std::string_view sop_class_uid);
  DataSet(DataSet&&) = default;
  DataSet& operator=(DataSet&&) = default;

  /// Sets a value, "" for an empty one. The VR is the dictionary's; numbers as text, values between
  /// backslashes.
  DataSet&& with(const DcmTagKey& tag, std::string_view value) &&;
  /// The same with a VR of its own, in private groups too.
  DataSet&& with(const DcmTagKey& tag, DcmEVR vr, std::string_view value) &&;
  /// Bytes of any VR, as they stand in a little-endian stream.
  DataSet&& with_bytes(const DcmTagKey& tag, DcmEVR vr, std::string_view bytes) &&;
  DataSet&& without(const DcmTagKey& tag) &&;
  /// A sequence with one item, in which `value` stands at `tag`; `depth` sequences around each
  /// other.
  DataSet&& with_nested(const DcmTagKey& sequence, const DcmTagKey& tag, DcmEVR vr,
                        std::string_view value, unsigned depth = 1) &&;

  DcmDataset& root() { return *data_set_; }
  /// As it arrives in a C-STORE.
  ReceivedInstance received(std::string_view transfer_syntax_uid = "1.2.840.10008.1.2.1");

 private:
  std::unique_ptr<DcmDataset> data_set_;
};

/// Puts a value of a VR into an item; true when the VR takes it.
bool put_value(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, std::string_view value);

inline constexpr const char* kCtImageStorage = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr const char* kNmImageStorage = "1.2.840.10008.5.1.4.1.1.20";
inline constexpr const char* kPetImageStorage = "1.2.840.10008.5.1.4.1.1.128";

/// One patient of nobody: SILVAMARKER^JOANA, born 1961-05-03, id 7788123, study of 2025-03-04.
DataSet any_instance(std::string_view sop_class_uid);
DataSet ct_slice(unsigned matrix = 16);
/// With energy windows, vectors, detector and rotation information and a radiopharmaceutical.
DataSet nm_spect();
/// With decay correction, units, injection before midnight and the private elements of GE, Siemens
/// and Philips.
DataSet pet_slice();

}  // namespace dosigate::testing
