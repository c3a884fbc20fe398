#include <algorithm>
#include <random>

#include "support/phantom_body.h"
#include "support/phantom_series.h"

namespace dosigate::testing {
namespace {

constexpr unsigned kDetectors = 2;
constexpr unsigned kViews = 12;  // per detector
constexpr double kStep = 15;     // degrees
constexpr double kSecondsPerView = 20;

struct EnergyWindow {
  const char* name;
  const char* lower;
  const char* upper;
  double cps_per_mbq;
};
// 20 % around the two photopeaks of Lu-177, medium-energy collimator: 208 keV with 10.4 % and 113
// keV with 6.2 % abundance.
constexpr EnergyWindow kWindows[] = {{"Lu177 208 keV", "187.2", "228.8", 9.4},
                                     {"Lu177 113 keV", "101.7", "124.3", 5.6}};

Uint16 US(std::size_t value) { return static_cast<Uint16>(value); }

std::string date_of(const std::string& date_time) { return date_time.substr(0, 8); }
std::string time_of(const std::string& date_time) { return date_time.substr(8); }

/// What NM Series, NM Isotope and NM Image ask of both objects.
void put_nuclear_medicine(PhantomInstance& image, const std::string& injection,
                          const std::string& scan, double injected_mbq) {
  DcmItem& root = image.root();
  image.put(DCM_AcquisitionDate, date_of(scan));
  image.put(DCM_AcquisitionTime, time_of(scan));
  image.put(DCM_AcquisitionTerminationCondition, "TIME");
  image.put(DCM_DateOfLastCalibration, "20250305");
  image.put(DCM_TimeOfLastCalibration, "070000");
  DcmItem& orientation =
      image.put_code(root, DCM_PatientOrientationCodeSequence, "F-10450", "SRT", "recumbent");
  image.put_code(orientation, DCM_PatientOrientationModifierCodeSequence, "F-10340", "SRT",
                 "supine");
  image.put_code(root, DCM_PatientGantryRelationshipCodeSequence, "F-10470", "SRT", "headfirst");

  for (const EnergyWindow& window : kWindows) {
    DcmItem& item = image.append(root, DCM_EnergyWindowInformationSequence);
    image.put(item, DCM_EnergyWindowName, window.name);
    DcmItem& range = image.append(item, DCM_EnergyWindowRangeSequence);
    image.put(range, DCM_EnergyWindowLowerLimit, window.lower);
    image.put(range, DCM_EnergyWindowUpperLimit, window.upper);
  }
  DcmItem& item = put_injection(image, {injection, "Lu-177 PSMA-617", "C-13015", "^177^Lutetium",
                                        injected_mbq, kLu177HalfLife});
  image.put_numbers(
      item, DcmTag(DCM_EnergyWindowNumber.getGroup(), DCM_EnergyWindowNumber.getElement(), EVR_US),
      {1});
  image.put(item, DCM_RadiopharmaceuticalVolume, "5.2");
}

/// Body contour orbit: one radius (mm) per view.
std::string radial_positions() {
  std::string radii = "240";
  for (unsigned view = 1; view < kViews; ++view) radii += "\\" + std::to_string(240 + view % 4);
  return radii;
}

void put_rotation(PhantomInstance& image) {
  DcmItem& rotation = image.append(image.root(), DCM_RotationInformationSequence);
  image.put(rotation, DCM_TableHeight, "152.5");
  image.put(rotation, DCM_TableTraverse, "310");
  image.put(rotation, DCM_RotationDirection, "CC");
  image.put(rotation, DCM_RadialPosition, radial_positions());
  image.put(rotation, DCM_ScanArc, decimal(kViews * kStep));
  image.put(rotation, DCM_AngularStep, decimal(kStep));
  image.put(rotation, DCM_StartAngle, "0");
  image.put(rotation, DCM_ActualFrameDuration, decimal(kSecondsPerView * 1000));
  image.put_numbers(rotation, DCM_NumberOfFramesInRotation, {US(kViews)});
}

/// Reconstructed volume in Bq/ml, under a real-world value map because the NM object has no rescale
/// of its own.
void write_reconstruction(const PhantomStudy& study, const PhantomSeries& series,
                          const std::vector<double>& activity, const std::string& injection,
                          const std::string& scan, double injected_mbq,
                          const std::string& source_uid) {
  constexpr unsigned n = Body::kVoxels;
  PhantomInstance image(study, series, 1, UID_NuclearMedicineImageStorage, false);
  DcmItem& root = image.root();
  image.put(DCM_ImageType, "ORIGINAL\\PRIMARY\\RECON TOMO\\EMISSION");
  put_nuclear_medicine(image, injection, scan, injected_mbq);
  image.put(DCM_CorrectedImage, "DECY\\UNIF\\COR");
  image.put(DCM_SliceThickness, decimal(Body::kVoxelMm));
  image.put(DCM_SpacingBetweenSlices, decimal(Body::kVoxelMm));
  image.put(DCM_ReconstructionDiameter, decimal(n * Body::kVoxelMm));
  image.put(DCM_ConvolutionKernel, "NONE");
  image.put(DCM_PixelSpacing, decimal(Body::kVoxelMm) + "\\" + decimal(Body::kVoxelMm));
  image.put(DCM_NumberOfFrames, std::to_string(n));
  image.put_numbers(
      root,
      DcmTag(DCM_FrameIncrementPointer.getGroup(), DCM_FrameIncrementPointer.getElement(), EVR_AT),
      {0x0054, 0x0080});
  image.put_numbers(root, DCM_NumberOfSlices, {US(n)});
  std::vector<Uint16> slices;
  for (unsigned slice = 1; slice <= n; ++slice) slices.push_back(US(slice));
  image.put_numbers(root, DCM_SliceVector, slices);
  image.put_numbers(root, DCM_NumberOfDetectors, {1});
  image.put_numbers(root, DCM_NumberOfEnergyWindows, {2});
  image.put_numbers(root, DCM_NumberOfRotations, {1});
  image.put(DCM_CountsAccumulated, "");
  put_rotation(image);
  DcmItem& detector = image.append(root, DCM_DetectorInformationSequence);
  const std::string corner = decimal(-0.5 * (n - 1) * Body::kVoxelMm);
  image.put(detector, DCM_CollimatorType, "PARA");
  image.put(detector, DCM_ImagePositionPatient, corner + "\\" + corner + "\\" + corner);
  image.put(detector, DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
  DcmItem& source = image.append(root, DCM_SourceImageSequence);
  image.put(source, DCM_ReferencedSOPClassUID, UID_NuclearMedicineImageStorage);
  image.put(source, DCM_ReferencedSOPInstanceUID, source_uid);

  const double highest = *std::max_element(activity.begin(), activity.end()) * 1e6 / Body::kVoxelMl;
  const double slope = highest / 30000;
  std::vector<Uint16> stored;
  for (const double mbq : activity)
    stored.push_back(US(static_cast<std::size_t>(mbq * 1e6 / Body::kVoxelMl / slope + 0.5)));
  DcmItem& map = image.append(root, DCM_RealWorldValueMappingSequence);
  image.put(map, DCM_LUTExplanation, "Activity concentration at the start of the scan");
  image.put(map, DCM_LUTLabel, "BQML");
  image.put_numbers(map, DcmTag(0x0040, 0x9216, EVR_US), {0});
  image.put_numbers(map, DcmTag(0x0040, 0x9211, EVR_US), {65535});
  map.putAndInsertFloat64(DCM_RealWorldValueIntercept, 0);
  map.putAndInsertFloat64(DCM_RealWorldValueSlope, slope);
  image.put_code(map, DCM_MeasurementUnitsCodeSequence, "Bq/ml", "UCUM", "Becquerels/milliliter");
  image.pixels(stored, n, n, false);
  image.save(EXS_LittleEndianExplicit);
}

}  // namespace

void write_spect(const PhantomStudy& study, const std::string& injection, const std::string& scan,
                 double injected_mbq) {
  constexpr unsigned n = Body::kVoxels;
  double elapsed = 0;
  while (later(injection, elapsed + 3600) <= scan) elapsed += 3600;
  while (later(injection, elapsed + 1) <= scan) elapsed += 1;
  const std::vector<double> activity = Body::activity(injected_mbq, elapsed, kLu177HalfLife);

  const PhantomSeries projections{1, "NM", "SPECT torax abdome", date_of(scan), time_of(scan)};
  PhantomInstance image(study, projections, 1, UID_NuclearMedicineImageStorage, false);
  DcmItem& root = image.root();
  image.put(DCM_ImageType, "ORIGINAL\\PRIMARY\\TOMO\\EMISSION");
  put_nuclear_medicine(image, injection, scan, injected_mbq);
  image.put(DCM_PixelSpacing, decimal(Body::kVoxelMm) + "\\" + decimal(Body::kVoxelMm));
  image.put_numbers(
      root,
      DcmTag(DCM_FrameIncrementPointer.getGroup(), DCM_FrameIncrementPointer.getElement(), EVR_AT),
      {0x0054, 0x0010, 0x0054, 0x0020, 0x0054, 0x0050, 0x0054, 0x0090});
  image.put_numbers(root, DCM_NumberOfEnergyWindows, {2});
  image.put_numbers(root, DCM_NumberOfDetectors, {US(kDetectors)});
  image.put_numbers(root, DCM_NumberOfRotations, {1});

  const std::string radii = radial_positions();
  for (unsigned detector = 0; detector < kDetectors; ++detector) {
    DcmItem& item = image.append(root, DCM_DetectorInformationSequence);
    image.put(item, DCM_CollimatorGridName, "MEGP");
    image.put(item, DCM_CollimatorType, "PARA");
    image.put(item, DCM_FieldOfViewShape, "RECTANGLE");
    image.put(item, DCM_FieldOfViewDimensions, "400\\400");
    image.put(item, DCM_StartAngle, detector == 0 ? "0" : "180");
    image.put(item, DCM_RadialPosition, radii);
    image.put(item, DCM_ZoomFactor, "1\\1");
    image.put(item, DCM_ImageOrientationPatient, "1\\0\\0\\0\\0\\-1");
    image.put(item, DCM_ImagePositionPatient, "-193.75\\-240\\193.75");
  }
  put_rotation(image);

  std::mt19937 random(study.options.seed * 1000 + study.options.patient * 10 + study.number);
  std::vector<Uint16> window_vector, detector_vector, rotation_vector, view_vector, stored;
  unsigned long long total = 0;
  for (std::size_t window = 0; window < std::size(kWindows); ++window)
    for (unsigned detector = 0; detector < kDetectors; ++detector)
      for (unsigned view = 0; view < kViews; ++view) {
        window_vector.push_back(US(window + 1));
        detector_vector.push_back(US(detector + 1));
        rotation_vector.push_back(1);
        view_vector.push_back(US(view + 1));
        const double angle = detector * 180.0 + view * kStep;
        for (const std::uint16_t counts : count(
                 project(activity, angle, kWindows[window].cps_per_mbq, kSecondsPerView), random)) {
          stored.push_back(counts);
          total += counts;
        }
      }
  image.put(DCM_NumberOfFrames, std::to_string(window_vector.size()));
  image.put_numbers(root, DCM_EnergyWindowVector, window_vector);
  image.put_numbers(root, DCM_DetectorVector, detector_vector);
  image.put_numbers(root, DCM_RotationVector, rotation_vector);
  image.put_numbers(root, DCM_AngularViewVector, view_vector);
  image.put(DCM_CountsAccumulated, std::to_string(total));
  image.pixels(stored, n, n, false);
  image.save(EXS_LittleEndianExplicit);

  const PhantomSeries reconstruction{2, "NM", "SPECT corrigido", date_of(scan), time_of(scan)};
  write_reconstruction(study, reconstruction, activity, injection, scan, injected_mbq,
                       study.instance_uid(1, 1));
}

}  // namespace dosigate::testing
