#include "dosigate/dosimetry/study.h"

#include <algorithm>

#include "dosigate/dosimetry/nuclides.h"

namespace dosigate {
namespace {

using namespace std::chrono;

/// A longer-lived nuclide is imaged on later days too: a time alone does not say which.
constexpr double kLongestSameDay = 24.0 * 3600;

std::optional<Instant> instant_in(const std::string& text) {
  const auto parsed = parse_date_time(text);
  return parsed ? std::optional(parsed->at) : std::nullopt;
}

/// The latest injection that another series of the patient dates and that this item may mean.
std::optional<Instant> dated_elsewhere(const RadiopharmaceuticalFacts& item, Instant acquired,
                                       const PatientFacts& patient, minutes tolerance) {
  std::optional<Instant> latest;
  const double half_life = half_life_of(item);
  for (const StudyFacts& study : patient.studies) {
    for (const FactsRow& row : study.rows) {
      for (const RadiopharmaceuticalFacts& other : row.facts.radiopharmaceuticals) {
        const auto at = instant_in(other.injected_at);
        if (!at || *at > acquired || other.nuclide != item.nuclide || item.nuclide.empty())
          continue;
        const bool same_event = !item.event_uid.empty() && item.event_uid == other.event_uid;
        const bool same_time =
            apart(*at - floor<days>(*at), microseconds(item.injected_time_us)) <= tolerance;
        if (!same_event && !same_time) continue;
        if (duration<double>(acquired - *at).count() > kMostHalfLives * half_life) continue;
        if (!latest || *at > *latest) latest = at;
      }
    }
  }
  return latest;
}

}  // namespace

std::optional<Instant> acquisition_of(const FactsRow& row) {
  return instant_in(row.first_acquired.empty() ? row.facts.series_at : row.first_acquired);
}

std::string_view basis_text(InjectionBasis basis) {
  switch (basis) {
    case InjectionBasis::None:
      return "";
    case InjectionBasis::DateTime:
      return "date-time";
    case InjectionBasis::OtherSeries:
      return "other-series";
    case InjectionBasis::SameDay:
      return "same-day";
  }
  return "";
}

double half_life_of(const RadiopharmaceuticalFacts& item) {
  if (const Nuclide* nuclide = find_nuclide(item.nuclide)) return nuclide->half_life_s;
  return item.half_life_s && *item.half_life_s > 0 ? *item.half_life_s : 0;
}

Injection injection_of(const RadiopharmaceuticalFacts& item, std::optional<Instant> acquired,
                       const PatientFacts& patient, minutes tolerance) {
  if (const auto at = instant_in(item.injected_at)) return {InjectionBasis::DateTime, at};
  if (item.injected_time != Said::Good || !acquired) return {};
  if (const auto at = dated_elsewhere(item, *acquired, patient, tolerance))
    return {InjectionBasis::OtherSeries, at};
  const Instant same_day = floor<days>(*acquired) + microseconds(item.injected_time_us);
  const double half_life = half_life_of(item);
  if (same_day <= *acquired && half_life > 0 && half_life < kLongestSameDay)
    return {InjectionBasis::SameDay, same_day};
  return {};
}

}  // namespace dosigate
