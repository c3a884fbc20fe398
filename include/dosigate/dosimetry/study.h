#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dosigate/dosimetry/facts.h"
#include "dosigate/dosimetry/instants.h"

namespace dosigate {

/// Instances of one series that said the same.
struct FactsRow {
  InstanceFacts facts;
  std::uint64_t instances = 0;
  std::string first_acquired, last_acquired{};  ///< instant_text; empty when none of them says it
};

/// Those who hold the study were told, or are to be told, that it or some of it is rejected.
struct StudyWithdrawal {
  std::string code, meaning;  ///< of the rejection note: "113038", "Incorrect Modality ..."
  std::string cause;          ///< as the ledger has it: "operator", "reassigned", "received", ...
  std::int64_t ordered = 0;   ///< Unix seconds
  bool whole_study = true;
  std::uint64_t objects = 0;  ///< named in the note
};

struct StudyFacts {
  std::string study_uid;
  std::vector<FactsRow> rows;
  std::vector<StudyWithdrawal> withdrawn{};  ///< newest first
};

/// Everything that is known of one patient, over studies and cycles, in the order of arrival.
struct PatientFacts {
  std::string pseudonym;
  std::vector<StudyFacts> studies;
};

/// Injections whose instants are this close and whose nuclides are equal are one: one series writes
/// the minute, another the second, a third the moment when the syringe was measured.
inline constexpr std::chrono::minutes kInjectionTolerance{10};

/// When the earliest instance of a row was acquired, or its series began.
std::optional<Instant> acquisition_of(const FactsRow& row);

/// How the instant of an injection is known.
enum class InjectionBasis : std::uint8_t {
  None,         ///< not at all
  DateTime,     ///< (0018,1078)
  OtherSeries,  ///< a time without a date, and another series of the patient names the day
  SameDay,  ///< a time without a date, before the scan: readers take it for the day of the scan,
            ///< and the nuclide is too short-lived for another
};
std::string_view basis_text(InjectionBasis basis);  ///< "date-time", "other-series", "same-day", ""

struct Injection {
  InjectionBasis basis = InjectionBasis::None;
  std::optional<Instant> at;
};

/// The injection of an item whose image was acquired at `acquired`. Nothing is filled in: what the
/// patient's data do not say stays unknown.
Injection injection_of(const RadiopharmaceuticalFacts& item, std::optional<Instant> acquired,
                       const PatientFacts& patient,
                       std::chrono::minutes tolerance = kInjectionTolerance);

/// Half-life by the nuclide, else by the header; 0 when neither says it.
double half_life_of(const RadiopharmaceuticalFacts& item);

}  // namespace dosigate
