#include <random>

#include "support/phantom_body.h"
#include "support/phantom_series.h"

namespace dosigate::testing {

void write_ct_series(const PhantomStudy& study, unsigned number, const std::string& date,
                     const std::string& time) {
  const PhantomSeries series{number, "CT", "TC baixa dose", date, time};
  const unsigned n = study.options.ct_matrix;
  const unsigned slices = study.options.ct_slices;
  const double pixel = 400.0 / n;
  const double thickness = 380.0 / slices;
  std::mt19937 random(study.options.seed * 7000 + study.options.patient * 10 + study.number);
  for (unsigned slice = 1; slice <= slices; ++slice) {
    PhantomInstance image(study, series, slice, UID_CTImageStorage, false);
    const double z = -190 + (slice - 0.5) * thickness;
    const std::string scanned = later(date + time, slice * 0.4);
    image.put(DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
    image.put(DCM_AcquisitionDate, scanned.substr(0, 8));
    image.put(DCM_AcquisitionTime, scanned.substr(8));
    image.put(DCM_AcquisitionNumber, "1");
    image.put(DCM_KVP, "120");
    image.put(DCM_XRayTubeCurrent, "40");
    image.put(DCM_SliceThickness, decimal(thickness));
    image.put(DCM_PixelSpacing, decimal(pixel) + "\\" + decimal(pixel));
    image.put(DCM_ImagePositionPatient,
              decimal(-200 + pixel / 2) + "\\" + decimal(-200 + pixel / 2) + "\\" + decimal(z));
    image.put(DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0");
    image.put(DCM_RescaleIntercept, "-1024");
    image.put(DCM_RescaleSlope, "1");
    image.put(DCM_RescaleType, "HU");
    std::vector<Uint16> stored;
    stored.reserve(static_cast<std::size_t>(n) * n);
    for (unsigned row = 0; row < n; ++row)
      for (unsigned column = 0; column < n; ++column) {
        const double hounsfield =
            Body::hounsfield(-200 + (column + 0.5) * pixel, -200 + (row + 0.5) * pixel, z);
        const int noise = static_cast<int>(random() % 21U) - 10;
        stored.push_back(static_cast<Uint16>(static_cast<int>(hounsfield) + 1024 +
                                             (hounsfield > -900 ? noise : 0)));
      }
    image.pixels(stored, n, n, false);
    image.save(EXS_LittleEndianExplicit);
  }
}

}  // namespace dosigate::testing
