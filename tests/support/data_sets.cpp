#include "support/data_sets.h"

#include <cstdint>
#include <stdexcept>
#include <vector>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>

namespace dosigate::testing {

namespace {

void must(const OFCondition& condition) {
  if (condition.bad()) throw std::runtime_error(std::string("test data set: ") + condition.text());
}

DcmElement& element_of(DcmItem& item, const DcmTagKey& tag, DcmEVR vr) {
  DcmElement* element = nullptr;
  must(DcmItem::newDicomElementWithVR(element, DcmTag(tag, DcmVR(vr))));
  must(item.insert(element, OFTrue));
  return *element;
}

DcmEVR dictionary_vr(const DcmTagKey& tag) {
  switch (const DcmEVR vr = DcmTag(tag).getEVR()) {
    case EVR_xs:
      return EVR_US;
    case EVR_ox:
    case EVR_px:
    case EVR_lt:
      return EVR_OW;
    case EVR_up:
      return EVR_UL;
    default:
      return vr;
  }
}

}  // namespace

bool put_value(DcmItem& item, const DcmTagKey& tag, DcmEVR vr, std::string_view value) {
  DcmElement* made = nullptr;
  if (DcmItem::newDicomElementWithVR(made, DcmTag(tag, DcmVR(vr))).bad()) return false;
  std::unique_ptr<DcmElement> element(made);
  OFCondition put = EC_Normal;
  if (vr == EVR_OB || vr == EVR_UN) {
    put = element->putUint8Array(reinterpret_cast<const Uint8*>(value.data()),
                                 static_cast<unsigned long>(value.size()));
  } else if (vr == EVR_OW) {
    std::vector<Uint16> words(value.size() / 2);
    std::copy_n(value.data(), words.size() * 2, reinterpret_cast<char*>(words.data()));
    put = element->putUint16Array(words.data(), static_cast<unsigned long>(words.size()));
  } else if (!value.empty()) {
    put = element->putOFStringArray(OFString(value.data(), value.size()));
  }
  if (put.bad() || item.insert(element.get(), OFTrue).bad()) return false;
  element.release();
  return true;
}

DataSet::DataSet(std::string_view sop_class_uid) : data_set_(std::make_unique<DcmDataset>()) {
  put_value(*data_set_, DCM_SOPClassUID, EVR_UI, sop_class_uid);
}

DataSet&& DataSet::with(const DcmTagKey& tag, std::string_view value) && {
  return std::move(*this).with(tag, dictionary_vr(tag), value);
}

DataSet&& DataSet::with(const DcmTagKey& tag, DcmEVR vr, std::string_view value) && {
  if (!put_value(*data_set_, tag, vr, value))
    throw std::runtime_error("test data set: value does not fit its VR");
  return std::move(*this);
}

DataSet&& DataSet::with_bytes(const DcmTagKey& tag, DcmEVR vr, std::string_view bytes) && {
  if (vr == EVR_OB || vr == EVR_UN || vr == EVR_OW) return std::move(*this).with(tag, vr, bytes);
  const std::string_view letters = DcmVR(vr).getVRName();
  std::string stream;
  const auto put = [&stream](std::size_t number, int count) {
    for (int i = 0; i < count; ++i) stream += static_cast<char>(number >> (8 * i));
  };
  put(tag.getGroup(), 2);
  put(tag.getElement(), 2);
  stream += letters;
  if (DcmVR(vr).usesExtendedLengthEncoding()) put(0, 2);
  put(bytes.size(), DcmVR(vr).usesExtendedLengthEncoding() ? 4 : 2);
  stream += bytes;
  DcmInputBufferStream input;
  input.setBuffer(stream.data(), static_cast<offile_off_t>(stream.size()));
  input.setEos();
  DcmDataset read;
  read.transferInit();
  must(read.read(input, EXS_LittleEndianExplicit));
  read.transferEnd();
  must(read.loadAllDataIntoMemory());
  must(data_set_->insert(read.remove(tag), OFTrue));
  return std::move(*this);
}

DataSet&& DataSet::without(const DcmTagKey& tag) && {
  delete data_set_->remove(tag);
  return std::move(*this);
}

DataSet&& DataSet::with_nested(const DcmTagKey& sequence, const DcmTagKey& tag, DcmEVR vr,
                               std::string_view value, unsigned depth) && {
  DcmItem* item = data_set_.get();
  for (unsigned level = 0; level < depth; ++level) {
    auto& inner = static_cast<DcmSequenceOfItems&>(element_of(*item, sequence, EVR_SQ));
    auto next = std::make_unique<DcmItem>();
    item = next.get();
    must(inner.append(next.release()));
  }
  if (!put_value(*item, tag, vr, value))
    throw std::runtime_error("test data set: value does not fit its VR");
  return std::move(*this);
}

ReceivedInstance DataSet::received(std::string_view transfer_syntax_uid) {
  ReceivedInstance out;
  OFString text;
  data_set_->findAndGetOFString(DCM_SOPClassUID, text);
  out.sop_class_uid = {text.data(), text.size()};
  data_set_->findAndGetOFString(DCM_SOPInstanceUID, text);
  out.sop_instance_uid = Phi(std::string(text.data(), text.size()));
  out.transfer_syntax_uid = transfer_syntax_uid;
  const E_TransferSyntax syntax = DcmXfer(out.transfer_syntax_uid.c_str()).getXfer();
  out.data_set.resize(data_set_->calcElementLength(syntax, EET_ExplicitLength) + 65536);
  DcmOutputBufferStream stream(out.data_set.data(), static_cast<offile_off_t>(out.data_set.size()));
  data_set_->transferInit();
  must(data_set_->write(stream, syntax, EET_ExplicitLength, nullptr, EGL_withoutGL));
  data_set_->transferEnd();
  void* begin = nullptr;
  offile_off_t size = 0;
  stream.flushBuffer(begin, size);
  out.data_set.resize(static_cast<std::size_t>(size));
  return out;
}

DataSet any_instance(std::string_view sop_class_uid) {
  return DataSet(sop_class_uid)
      .with(DCM_SpecificCharacterSet, "ISO_IR 100")
      .with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.1.1")
      .with(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.99.1")
      .with(DCM_SeriesInstanceUID, "1.2.826.0.1.3680043.10.99.1.0")
      .with(DCM_FrameOfReferenceUID, "1.2.826.0.1.3680043.10.99.9")
      .with(DCM_PatientName, "SILVAMARKER^JOANA")
      .with(DCM_PatientID, "7788123")
      .with(DCM_PatientBirthDate, "19610503")
      .with(DCM_PatientSex, "F")
      .with(DCM_PatientWeight, "72.5")
      .with(DCM_PatientSize, "1.68")
      .with(DCM_AccessionNumber, "ACC55012")
      .with(DCM_ReferringPhysicianName, "OLIVEIRAMARKER^DR")
      .with(DCM_StudyDate, "20250304")
      .with(DCM_StudyTime, "091200.123")
      .with(DCM_SeriesDate, "20250304")
      .with(DCM_SeriesTime, "101600")
      .with(DCM_AcquisitionDate, "20250304")
      .with(DCM_AcquisitionTime, "101601.5")
      .with(DCM_Modality, "OT")
      .with(DCM_Manufacturer, "ACME Medical")
      .with(DCM_ManufacturerModelName, "Scanner 3000")
      .with(DCM_DeviceSerialNumber, "SN-445566")
      .with(DCM_StationName, "HOSPCT01")
      .with(DCM_SoftwareVersions, "VB42")
      .with(DCM_StudyDescription, "PET CT SILVAMARKER")
      .with(DCM_StudyID, "4711");
}

DataSet ct_slice(unsigned matrix) {
  std::string pixels(std::size_t{matrix} * matrix * 2, '\0');
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 31U);
  const std::string size = std::to_string(matrix);
  return any_instance(kCtImageStorage)
      .with(DCM_Modality, "CT")
      .with(DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL")
      .with(DCM_KVP, "120")
      .with(DCM_ConvolutionKernel, "B31f")
      .with(DCM_Rows, size)
      .with(DCM_Columns, size)
      .with(DCM_BitsAllocated, "16")
      .with(DCM_BitsStored, "16")
      .with(DCM_HighBit, "15")
      .with(DCM_PixelRepresentation, "0")
      .with(DCM_SamplesPerPixel, "1")
      .with(DCM_PhotometricInterpretation, "MONOCHROME2")
      .with(DCM_RescaleSlope, "1")
      .with(DCM_RescaleIntercept, "-1024")
      .with(DCM_PixelData, EVR_OW, pixels);
}

DataSet nm_spect() {
  DataSet nm =
      any_instance(kNmImageStorage)
          .with(DCM_Modality, "NM")
          .with(DCM_ImageType, "ORIGINAL\\PRIMARY\\TOMO\\EMISSION")
          .with(DCM_EnergyWindowVector, "1\\1\\2\\2")
          .with(DCM_DetectorVector, "1\\2\\1\\2")
          .with(DCM_RotationVector, "1\\1\\1\\1")
          .with(DCM_AngularViewVector, "1\\1\\1\\1")
          .with(DCM_FrameIncrementPointer, "(0054,0010)\\(0054,0020)")
          .with(DCM_CountsAccumulated, "123456")
          .with(DCM_Units, "CNTS")
          .with(DCM_Rows, "2")
          .with(DCM_Columns, "2")
          .with(DCM_NumberOfFrames, "4")
          .with(DCM_BitsAllocated, "16")
          .with(DCM_PixelData, EVR_OW, std::string_view("abcdefghijklmnopqrstuvwxyz012345", 32));
  return std::move(nm)
      .with_nested(DCM_EnergyWindowInformationSequence, DCM_EnergyWindowName, EVR_SH, "Lu-177 208")
      .with_nested(DCM_DetectorInformationSequence, DCM_RadialPosition, EVR_DS, "250\\251")
      .with_nested(DCM_RotationInformationSequence, DCM_ScanArc, EVR_DS, "360")
      .with_nested(DCM_RadiopharmaceuticalInformationSequence, DCM_RadionuclideTotalDose, EVR_DS,
                   "7400");
}

DataSet pet_slice() {
  DataSet pet = ct_slice()
                    .with(DCM_SOPClassUID, kPetImageStorage)
                    .with(DCM_Modality, "PT")
                    .with(DCM_Units, "BQML")
                    .with(DCM_DecayCorrection, "START")
                    .with(DCM_CorrectedImage, "DECY\\ATTN")
                    .with(DCM_FrameReferenceTime, "5000")
                    .with(DcmTagKey(0x0009, 0x0010), EVR_LO, "GEMS_PETD_01")
                    .with(DcmTagKey(0x0009, 0x100D), EVR_DT, "20250304101601.00")
                    .with(DcmTagKey(0x0009, 0x1038), EVR_FL, "370.5")
                    .with(DcmTagKey(0x0009, 0x1010), EVR_LO, "HOSPITAL MARKER")
                    .with(DcmTagKey(0x0071, 0x0010), EVR_LO, "SIEMENS MED PT")
                    .with(DcmTagKey(0x0071, 0x1022), EVR_DT, "20250304091200.123456-0300")
                    .with(DcmTagKey(0x7053, 0x0010), EVR_LO, "Philips PET Private Group")
                    .with(DcmTagKey(0x7053, 0x1000), EVR_DS, "0.00031415");
  DcmSequenceOfItems* dose = nullptr;
  pet = std::move(pet).with_nested(DCM_RadiopharmaceuticalInformationSequence,
                                   DCM_RadionuclideTotalDose, EVR_DS, "340000000");
  must(pet.root().findAndGetSequence(DCM_RadiopharmaceuticalInformationSequence, dose));
  DcmItem& item = *dose->getItem(0);
  put_value(item, DCM_RadiopharmaceuticalStartTime, EVR_TM, "233000.00");
  put_value(item, DCM_RadiopharmaceuticalStartDateTime, EVR_DT, "20250303233000.000000");
  put_value(item, DCM_RadionuclideHalfLife, EVR_DS, "6586.2");
  put_value(item, DCM_Radiopharmaceutical, EVR_LO, "FDG lote 44 SILVAMARKER");
  return pet;
}

}  // namespace dosigate::testing
