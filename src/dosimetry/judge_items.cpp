#include <cmath>

#include "dosigate/dosimetry/nuclides.h"
#include "findings.h"

namespace dosigate {
namespace {

constexpr double kHalfLifeTolerance = 0.02;
constexpr double kBqPerMbq = 1e6;
// For a nuclide that the table does not have: what nobody is given of anything.
constexpr double kLeastMbq = 0.005, kMostMbq = 40'000;

bool is_plausible(double mbq, const Nuclide* nuclide) {
  const double least = nuclide == nullptr ? kLeastMbq : nuclide->min_mbq;
  const double most = nuclide == nullptr ? kMostMbq : nuclide->max_mbq;
  return mbq >= least && mbq <= most;
}

void judge_nuclide(const RadiopharmaceuticalFacts& item, unsigned number, const std::string& series,
                   Findings& findings) {
  const bool half_life = item.half_life_s && *item.half_life_s > 0;
  if (item.nuclide_in_doubt)
    findings.blocks("nuclide-contradicting", series, number,
                    "Code and text of the item name two nuclides.");
  if (item.nuclide.empty()) {
    const std::string what = item.nuclide_said
                                 ? "The nuclide of the item is none that this program knows"
                                 : "The item names no nuclide";
    if (half_life) {
      findings.warns("nuclide-missing", series, number,
                     what +
                         "; its half-life is there, its activity is judged by what is plausible "
                         "of any.");
    } else {
      findings.blocks("nuclide-missing", series, number, what + ", and no half-life.");
    }
    return;
  }
  const Nuclide& nuclide = *find_nuclide(item.nuclide);
  if (!item.half_life_s) {
    findings.warns("half-life-missing", series, number,
                   "The half-life (0018,1075) is missing: it has to be taken from a table (" +
                       nuclide.name + ", " + number_text(nuclide.half_life_s) + " s).");
  } else if (std::abs(*item.half_life_s - nuclide.half_life_s) >
             kHalfLifeTolerance * nuclide.half_life_s) {
    findings.blocks("half-life-mismatch", series, number,
                    "The half-life (0018,1075) is " + number_text(*item.half_life_s) +
                        " s; that of " + nuclide.name + " is " + number_text(nuclide.half_life_s) +
                        " s.");
  }
}

void judge_dose(const RadiopharmaceuticalFacts& item, unsigned number, const FactsRow& row,
                Findings& findings) {
  const std::string& series = row.facts.series_uid;
  const std::string unit = row.facts.dose_in_mbq ? "MBq" : "Bq";
  const std::string of = item.nuclide.empty() ? "" : " of " + item.nuclide;
  const std::string said = item.dose ? "The activity (0018,1074) is " + number_text(*item.dose) +
                                           ", in " + unit + " in this kind of image"
                                     : "";
  switch (judge_activity(item, row.facts.dose_in_mbq).judgement) {
    case Activity::Judgement::Plausible:
      return;
    case Activity::Judgement::Missing:
      findings.blocks("activity-missing", series, number, "The activity (0018,1074) is missing.");
      return;
    case Activity::Judgement::Zero:
      findings.blocks("activity-zero", series, number,
                      "The activity (0018,1074) is zero or negative.");
      return;
    case Activity::Judgement::OtherUnit:
      findings.blocks("activity-unit", series, number,
                      said + ": plausible" + of + " only in another unit.");
      return;
    case Activity::Judgement::Implausible:
      findings.blocks("activity-implausible", series, number,
                      said + ": not plausible" + of + " in any unit.");
      return;
  }
}

void judge_injection(const RadiopharmaceuticalFacts& item, unsigned number, const FactsRow& row,
                     const PatientFacts& patient, std::chrono::minutes tolerance,
                     Findings& findings) {
  const std::string& series = row.facts.series_uid;
  if (item.injected == Said::Bad)
    findings.warns("injection-invalid", series, number,
                   "The injection (0018,1078) is no date with a time.");
  if (item.injected_time == Said::Bad)
    findings.warns("injection-invalid", series, number,
                   "The injection time (0018,1072) is no time.");
  if (item.zone_unmatched)
    findings.warns(
        "injection-zone", series, number,
        "The injection (0018,1078) has a time zone and the image none (0008,0201): it is "
        "taken for the same.");
  const auto acquired = acquisition_of(row);
  const Injection injection = injection_of(item, acquired, patient, tolerance);
  switch (injection.basis) {
    case InjectionBasis::DateTime:
      break;
    case InjectionBasis::OtherSeries:
      findings.warns("injection-date-missing", series, number,
                     "The injection has a time without a date; another series of the patient names "
                     "the day.");
      break;
    case InjectionBasis::SameDay:
      findings.warns("injection-date-missing", series, number,
                     "The injection has a time without a date: readers take it for the day of the "
                     "scan.");
      break;
    case InjectionBasis::None:
      if (item.injected_time != Said::Good)
        findings.blocks("injection-missing", series, number,
                        "The item says no injection: neither (0018,1078) nor (0018,1072).");
      else if (acquired)
        findings.blocks("injection-day-unknown", series, number,
                        "The injection has a time without a date, and the scan may be of a later "
                        "day: it was before that time of day, or the nuclide lives for days or is "
                        "unknown.");
      return;
  }
  if (item.injected == Said::Good && item.injected_time == Said::Good) {
    const auto of_day = *injection.at - std::chrono::floor<std::chrono::days>(*injection.at);
    const auto difference = apart(of_day, std::chrono::microseconds(item.injected_time_us));
    if (difference > tolerance && !item.zone_unmatched)
      findings.warns(
          "injection-contradicting", series, number,
          "The two injection times (0018,1078) and (0018,1072) differ by " +
              number_text(std::round(std::chrono::duration<double>(difference).count() / 60)) +
              " min: programs that read one or the other compute two activities.");
  }
  if (!acquired) return;
  const double after = std::chrono::duration<double>(*acquired - *injection.at).count();
  const double half_life = half_life_of(item);
  if (after < 0) {
    findings.blocks(
        "injection-after-acquisition", series, number,
        "The injection is " + number_text(std::round(-after / 60)) + " min after the acquisition.");
  } else if (half_life > 0 && after > kMostHalfLives * half_life) {
    findings.warns("injection-long-before", series, number,
                   "The injection is more than " + number_text(kMostHalfLives) +
                       " half-lives before the acquisition.");
  }
}

}  // namespace

Activity judge_activity(const RadiopharmaceuticalFacts& item, bool dose_in_mbq) {
  using Judgement = Activity::Judgement;
  if (!item.dose) return {Judgement::Missing, {}};
  if (*item.dose <= 0) return {Judgement::Zero, {}};
  const Nuclide* nuclide = find_nuclide(item.nuclide);
  const double mbq = dose_in_mbq ? *item.dose : *item.dose / kBqPerMbq;
  if (is_plausible(mbq, nuclide)) return {Judgement::Plausible, mbq};
  for (const double factor : {1e-6, 1e6, 1e-3, 1e3})
    if (is_plausible(mbq * factor, nuclide)) return {Judgement::OtherUnit, {}};
  return {Judgement::Implausible, {}};
}

void judge_item(const RadiopharmaceuticalFacts& item, unsigned number, const FactsRow& row,
                const PatientFacts& patient, std::chrono::minutes tolerance, Findings& findings) {
  judge_nuclide(item, number, row.facts.series_uid, findings);
  judge_dose(item, number, row, findings);
  judge_injection(item, number, row, patient, tolerance, findings);
}

}  // namespace dosigate
