#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dosigate/dosimetry/study.h"

namespace dosigate {

enum class Severity : std::uint8_t {
  Warns,  ///< a person should look; a number can be had
  Blocks  ///< activity cannot be computed from it, or would be wrong
};

/// One thing that is missing, implausible or in contradiction. Nothing is ever filled in.
struct Finding {
  std::string code;  ///< stable: "weight-zero", "activity-unit", ... (docs/http-api.md)
  Severity severity;
  std::vector<std::string> series;  ///< of which it holds; empty: of the study
  unsigned item = 0;  ///< of the Radiopharmaceutical Information Sequence, from 1; 0: of none
  std::string text;   ///< a sentence, pseudonymous as the study
};

enum class Readiness : std::uint8_t { Ready, ReadyWithWarnings, NotReady };
std::string_view readiness_text(Readiness readiness);  ///< "ready", "ready with warnings", ...

/// What an activity says of itself. (0018,1074) is in MBq in NM and Enhanced PET, in Bq in PET.
struct Activity {
  enum class Judgement : std::uint8_t { Missing, Zero, Plausible, OtherUnit, Implausible };
  Judgement judgement = Judgement::Missing;
  std::optional<double> mbq;  ///< when plausible
};
Activity judge_activity(const RadiopharmaceuticalFacts& item, bool dose_in_mbq);

/// Judges values and units of a study (dosimetry.md A6), by series and by radiopharmaceutical item.
/// `patient` holds the study and whatever else is known of the patient: another series may date an
/// injection. Blocking findings first, in a fixed order.
std::vector<Finding> judge(const StudyFacts& study, const PatientFacts& patient,
                           std::chrono::minutes tolerance = kInjectionTolerance);

Readiness readiness_of(const std::vector<Finding>& findings);
/// Of the findings that hold of one of these series, or of the whole study.
std::vector<Finding> findings_of(const std::vector<Finding>& findings,
                                 const std::vector<std::string>& series);

}  // namespace dosigate
