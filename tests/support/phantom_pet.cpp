#include <algorithm>

#include "support/phantom_body.h"
#include "support/phantom_series.h"

namespace dosigate::testing {
namespace {

constexpr unsigned kSlicesPerBed = 4;
constexpr unsigned kBeds = 2;
constexpr double kBedSeconds = 180;

/// What GE and Siemens add: dates that a decay correction needs, in VRs that no dictionary knows,
/// next to identifiers.
void put_private(PhantomInstance& image, const PhantomStudy& study, const std::string& scan,
                 double injected_mbq, const std::string& injection) {
  image.put(DcmTag(0x0009, 0x0010, EVR_LO), "GEMS_PETD_01");
  image.put(DcmTag(0x0009, 0x1002, EVR_LO), study.person.id);
  image.put(DcmTag(0x0009, 0x100d, EVR_DT), scan);
  image.put(DcmTag(0x0009, 0x1010, EVR_LO), study.person.institution);
  DcmItem& root = image.root();
  root.putAndInsertFloat32(DcmTag(0x0009, 0x1038, EVR_FL), static_cast<Float32>(injected_mbq + 4));
  image.put(DcmTag(0x0009, 0x103b, EVR_DT), injection);
  root.putAndInsertFloat32(DcmTag(0x0009, 0x103c, EVR_FL), 4);
  image.put(DcmTag(0x0071, 0x0010, EVR_LO), "SIEMENS MED PT");
  image.put(DcmTag(0x0071, 0x1021, EVR_UI), study.uid() + ".901");
  image.put(DcmTag(0x0071, 0x1022, EVR_DT), scan);
}

}  // namespace

void write_pet(const PhantomStudy& study, const std::string& injection, const std::string& scan,
               double injected_mbq) {
  constexpr unsigned n = Body::kVoxels;
  const PhantomSeries series{3, "PT", "PET FDG corpo", scan.substr(0, 8), scan.substr(8)};
  double elapsed = 0;
  while (later(injection, elapsed + 1) <= scan) elapsed += 1;
  const std::vector<double> activity = Body::activity(injected_mbq, elapsed, kF18HalfLife);
  constexpr unsigned slices = kSlicesPerBed * kBeds;
  for (unsigned slice = 0; slice < slices; ++slice) {
    PhantomInstance image(study, series, slice + 1, UID_PositronEmissionTomographyImageStorage,
                          true);
    DcmItem& root = image.root();
    const double bed_start = kBedSeconds * (slice / kSlicesPerBed);
    const std::string acquired = later(scan, bed_start);
    image.put(DCM_ImageType, "ORIGINAL\\PRIMARY");
    image.put(DCM_AcquisitionDate, acquired.substr(0, 8));
    image.put(DCM_AcquisitionTime, acquired.substr(8));
    image.put(DCM_AcquisitionDateTime, acquired);
    image.put(DCM_Units, "BQML");
    image.put(DCM_CountsSource, "EMISSION");
    image.put(DCM_SeriesType, "WHOLE BODY\\IMAGE");
    image.put_numbers(root, DCM_NumberOfSlices, {slices});
    image.put(DCM_DecayCorrection, "START");
    image.put(DCM_CorrectedImage, "DECY\\ATTN\\SCAT\\DTIM\\RAN\\NORM");
    image.put(DCM_AttenuationCorrectionMethod, "CT");
    image.put(DCM_ReconstructionMethod, "OSEM");
    image.put(DCM_ScatterCorrectionMethod, "MODEL");
    image.put(DCM_RandomsCorrectionMethod, "DLYD");
    image.put(DCM_CollimatorType, "NONE");
    image.put(DCM_ActualFrameDuration, decimal(kBedSeconds * 1000));
    image.put(DCM_DateOfLastCalibration, "20250220");
    image.put(DCM_TimeOfLastCalibration, "061500");

    // PS3.3 C.8.9.4: the factor from the mean decay of the frame back to the start of the series.
    const double reference = bed_start + kBedSeconds / 2;
    image.put(DCM_FrameReferenceTime, decimal(reference * 1000));
    image.put(DCM_DecayFactor, decimal(1 / decayed(1, reference, kF18HalfLife)));
    image.put(DCM_DoseCalibrationFactor, "1.021");
    image.put(DCM_ScatterFractionFactor, "0.31");
    image.put(DCM_DeadTimeFactor, "1.014");
    image.put_numbers(root, DCM_ImageIndex, {static_cast<Uint16>(slice + 1)});
    DcmItem& orientation =
        image.put_code(root, DCM_PatientOrientationCodeSequence, "F-10450", "SRT", "recumbent");
    image.put_code(orientation, DCM_PatientOrientationModifierCodeSequence, "F-10340", "SRT",
                   "supine");
    image.put_code(root, DCM_PatientGantryRelationshipCodeSequence, "F-10470", "SRT", "headfirst");
    DcmItem& item = put_injection(image, {injection, "Fluorodeoxyglucose", "C-111A1",
                                          "^18^Fluorine", injected_mbq * 1e6, kF18HalfLife});
    image.put(item, DCM_RadionuclidePositronFraction, "0.967");
    image.put(item, DCM_RadiopharmaceuticalVolume, "2.1");
    put_private(image, study, scan, injected_mbq, injection);

    const auto* plane = &activity[static_cast<std::size_t>(8 + slice * 2) * n * n];
    const double highest =
        std::max(*std::max_element(plane, plane + n * n) * 1e6 / Body::kVoxelMl, 1.0);
    // The slope as stored, so that stored value times slope is what was meant.
    const std::string slope = decimal(highest / 32000);
    image.put(DCM_RescaleIntercept, "0");
    image.put(DCM_RescaleSlope, slope);
    image.put(DCM_SliceThickness, decimal(2 * Body::kVoxelMm));
    image.put(DCM_PixelSpacing, decimal(Body::kVoxelMm) + "\\" + decimal(Body::kVoxelMm));
    const std::string corner = decimal(-0.5 * (n - 1) * Body::kVoxelMm);
    image.put(DCM_ImagePositionPatient,
              corner + "\\" + corner + "\\" +
                  decimal((8 + slice * 2.0 - 0.5 * (n - 1)) * Body::kVoxelMm));
    image.put(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    std::vector<Uint16> stored;
    for (unsigned i = 0; i < n * n; ++i)
      stored.push_back(
          static_cast<Uint16>(plane[i] * 1e6 / Body::kVoxelMl / std::stod(slope) + 0.5));
    image.pixels(stored, n, n, true);
    // Implicit VR: the private elements travel without their VR, as they do from many cameras.
    image.save(EXS_LittleEndianImplicit);
  }
}

}  // namespace dosigate::testing
