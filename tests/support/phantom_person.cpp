#include "support/phantom_person.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace dosigate::testing {
namespace {

constexpr std::array<std::string_view, 6> kFamilies{"CONCEIÇÃO", "FIGUEIRÔA", "GUIMARÃES",
                                                    "MAGALHÃES", "ASSUNÇÃO",  "SIMÕES"};
constexpr std::array<std::string_view, 5> kGivens{"GUILHERMINA ANTÔNIA", "TEOBALDO JOSÉ",
                                                  "EULÁLIA APARECIDA", "HERCÍLIO GERÔNIMO",
                                                  "QUITÉRIA BENTA"};

std::string digits(unsigned long long value, int width) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*llu", width, value);
  return text.data();
}

/// Two check digits, weights 10..2 and 11..2 (brazil.md B2).
std::string cpf_of(unsigned long long base) {
  std::string cpf = digits(base % 1'000'000'000ULL, 9);
  for (int round = 0; round < 2; ++round) {
    int sum = 0;
    int weight = static_cast<int>(cpf.size()) + 1;
    for (const char digit : cpf) sum += (digit - '0') * weight--;
    const int rest = sum % 11;
    cpf += static_cast<char>('0' + (rest < 2 ? 0 : 11 - rest));
  }
  return cpf.substr(0, 3) + "." + cpf.substr(3, 3) + "." + cpf.substr(6, 3) + "-" + cpf.substr(9);
}

/// A provisional CNS: 15 digits, first 7, sum of digit times (15 - place) divisible by 11.
std::string cns_of(unsigned long long base) {
  for (unsigned long long tail = base;; ++tail) {
    std::string cns = "7" + digits(tail % 100'000'000'000'000ULL, 14);
    int sum = 0;
    for (std::size_t i = 0; i < cns.size(); ++i) sum += (cns[i] - '0') * static_cast<int>(15 - i);
    if (sum % 11 == 0) return cns;
  }
}

}  // namespace

Person invent_person(const PhantomOptions& options) {
  const unsigned n = options.patient;
  Person person;
  person.family = kFamilies[n % kFamilies.size()];
  person.given = kGivens[n % kGivens.size()];
  person.name = person.family + "^" + person.given + "^DE";
  person.id = "7" + digits(4'460'113ULL + 7'919ULL * n, 7);
  person.issuer = options.issuer ? "HOSPMARKER" : "";
  person.cpf = cpf_of(318'204'577ULL + 1'299'709ULL * n);
  person.cns = cns_of(20'451'977'336'011ULL + 15'485'863ULL * n);
  person.birth_date = n % 2 == 0 ? "19580227" : "19610513";
  person.sex = n % 2 == 0 ? "M" : "F";
  person.referring = "ALBUQUERQUE^LEOPOLDINA^^DRA";
  person.performing = "VASCONCELOS^ARISTIDES^^DR";
  person.operators = "TRINDADE^ROSALVA";
  person.crm = "CRM-SP 187.542";
  person.phone = "(11) 98123-7745";
  person.address = "Rua das Jabuticabeiras 1187";
  person.institution = "Hospital Santa Quitéria do Brejo";
  person.institution_address = "Avenida Piracanjuba 4409";
  person.department = "Setor Carambola";
  person.station = "GAMASALA3";
  person.serial = "SNX77120431";
  // OFFIS lets users of its toolkit make UIDs under this root.
  person.uid_root =
      "1.2.276.0.7230010.3.1.4.0.77." + std::to_string(options.seed) + "." + std::to_string(n);
  person.weight_kg = 58.5 + 3.5 * (n % 9);
  person.size_m = 1.58 + 0.03 * (n % 8);
  return person;
}

std::string accession_of(const PhantomOptions& options, unsigned study) {
  return "ACQ" + digits(550'000ULL + 10ULL * options.patient + study, 7);
}

StudyDates dates_of(const PhantomOptions&) {
  return {"20250310", "20250311", "20250314", "20250227", "20250228"};
}

std::vector<Planted> planted_identifiers(const PhantomOptions& options) {
  const Person person = invent_person(options);
  const StudyDates dates = dates_of(options);
  std::vector<Planted> planted{
      {"name", person.family},
      {"name", person.given},
      {"patient id", person.id},
      {"cpf", person.cpf},
      {"cns", person.cns},
      {"birth date", person.birth_date},
      {"physician", "ALBUQUERQUE"},
      {"physician", "LEOPOLDINA"},
      {"physician", "VASCONCELOS"},
      {"physician", "ARISTIDES"},
      {"operator", "TRINDADE"},
      {"operator", "ROSALVA"},
      {"crm", "187.542"},
      {"phone", "98123-7745"},
      {"address", "Jabuticabeiras"},
      {"institution", person.institution},
      {"institution", "Piracanjuba"},
      {"department", "Carambola"},
      {"station", person.station},
      {"serial number", person.serial},
      {"uid", person.uid_root},
  };
  // Each given name alone is an identifier too.
  const std::size_t space = person.given.find(' ');
  planted.push_back({"name", person.given.substr(0, space)});
  if (!person.issuer.empty()) planted.push_back({"issuer", person.issuer});
  for (unsigned study = 1; study <= 3; ++study)
    planted.push_back({"accession", accession_of(options, study)});
  for (const std::string& date :
       {dates.lu_injection, dates.lu_first, dates.lu_second, dates.pet_injection, dates.pet_scan})
    planted.push_back({"date", date});
  return planted;
}

}  // namespace dosigate::testing
