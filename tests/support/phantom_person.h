#pragma once

#include <string>
#include <vector>

#include "support/phantom.h"

namespace dosigate::testing {

/// Everything that identifies the invented patient, the people around them and the hospital. UTF-8.
struct Person {
  std::string family, given;         ///< of the PN: "CONCEIÇÃO", "GUILHERMINA ANTONIETA"
  std::string name;                  ///< PN
  std::string id, issuer, cpf, cns;  ///< cpf with punctuation, check digits valid
  std::string birth_date, sex;
  std::string referring, performing, operators;  ///< PN
  std::string crm, phone, address, institution, institution_address, department;
  std::string station, serial;
  std::string uid_root;  ///< every UID of this patient starts with it
  double weight_kg = 0, size_m = 0;
};

Person invent_person(const PhantomOptions& options);

/// The accession number of a study: the first letter and the number of the patient and the study.
std::string accession_of(const PhantomOptions& options, unsigned study);

/// The dates (DA) at which the studies and their injections happened.
struct StudyDates {
  std::string lu_injection, lu_first, lu_second, pet_injection, pet_scan;
};
StudyDates dates_of(const PhantomOptions& options);

}  // namespace dosigate::testing
