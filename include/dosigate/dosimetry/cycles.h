#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dosigate/dosimetry/readiness.h"

namespace dosigate {

/// One emission series at a time point.
struct SeriesAt {
  std::string study_uid, series_uid, modality;
  std::string kind;             ///< "TOMO", "WHOLE BODY", ... of NM; empty for PET
  std::optional<double> hours;  ///< from the injection to the start of its earliest acquisition
  bool of_series_time = false;  ///< no acquisition time was said: hours are those of the series
  std::uint64_t instances = 0;
  std::string camera;
  std::uint32_t camera_epoch = 0;
};

/// Images that were taken one after the other: starts less than kTimePointGap apart, of whatever
/// study.
struct TimePoint {
  std::optional<double> hours;   ///< of the earliest; nothing when the injection or the time is
                                 ///< not known
  std::vector<SeriesAt> series;  ///< in the order of acquisition
  bool ct = false;               ///< a study of it has a CT
  std::vector<Finding> findings;
  Readiness readiness = Readiness::NotReady;

  std::uint64_t instances() const;           ///< of the emission series
  std::string modalities() const;            ///< "NM+CT"
  std::vector<std::string> cameras() const;  ///< "CAM-07/3", label and calibration epoch
};
inline constexpr std::chrono::minutes kTimePointGap{60};

/// Everything that followed one injection, over studies. Keyed on the injection: its event UID
/// (0008,3012), or its nuclide and instant within a tolerance.
struct Cycle {
  std::string nuclide;              ///< empty when not known
  std::optional<Instant> injected;  ///< nothing when not known: such series of one study and
                                    ///< nuclide stand together
  InjectionBasis basis = InjectionBasis::None;
  std::string event_uid;
  std::optional<double> activity_mbq;  ///< when all that say one plausibly agree within 1 %
  bool instants_disagree = false;      ///< one event, instants further apart than the tolerance
  std::vector<TimePoint> time_points;
};

/// The cycles of a patient in the order of their injections; those without one come last. A series
/// that names several radiopharmaceuticals stands in the cycle of each that was injected before it.
std::vector<Cycle> cycles_of(const PatientFacts& patient,
                             std::chrono::minutes tolerance = kInjectionTolerance);

}  // namespace dosigate
