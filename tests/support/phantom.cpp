#include "support/phantom.h"

#include "support/phantom_leaks.h"
#include "support/phantom_series.h"

namespace dosigate::testing {

Phantom write_phantom(const PhantomOptions& options) {
  Phantom phantom;
  phantom.planted = planted_identifiers(options);
  remember_planted(phantom.planted);
  const Person person = invent_person(options);
  const StudyDates dates = dates_of(options);
  const auto study = [&](unsigned number, const char* label, const char* description,
                         const std::string& date, const std::string& time) {
    return PhantomStudy{options, person, number, label, description, date, time, &phantom.files};
  };
  if (options.ct_only) {
    write_ct_series(study(1, "CT", "TC torax", dates.lu_first, "081100"), 5, dates.lu_first,
                    "081433.500000");
    return phantom;
  }

  // Lu-177: injected on day 0, scanned after one and after four days.
  const std::string lu_injection = dates.lu_injection + "091500.250000";
  constexpr double kLuMbq = 7400;
  const PhantomStudy first =
      study(1, "LU177-24H", "SPECT CT Lu-177 PSMA 24h ciclo 2", dates.lu_first, "090500");
  write_spect(first, lu_injection, dates.lu_first + "092210.125000", kLuMbq);
  write_ct_series(first, 5, dates.lu_first, "094005.750000");
  const PhantomStudy second =
      study(2, "LU177-96H", "SPECT CT Lu-177 PSMA 96h ciclo 2", dates.lu_second, "083000");
  write_spect(second, lu_injection, dates.lu_second + "084459.875000", kLuMbq);
  write_ct_series(second, 5, dates.lu_second, "090233.000000");

  // F-18: injected before midnight, scanned after it. The time alone would give a negative decay
  // time.
  const PhantomStudy pet =
      study(3, "PETCT-FDG", "PET CT FDG corpo inteiro", dates.pet_scan, "002000");
  write_pet(pet, dates.pet_injection + "233000.000000", dates.pet_scan + "003400.500000", 340);
  write_ct_series(pet, 5, dates.pet_scan, "002800.000000");
  return phantom;
}

}  // namespace dosigate::testing
