#include "corpus.h"

#include <array>

namespace dosigate::testing {

namespace {

constexpr const char* kStates[] = {"SP", "RJ", "MG", "RS", "PR", "SC", "BA", "PE", "CE",
                                   "PA", "GO", "DF", "ES", "AM", "MT", "MS", "RN", "PB",
                                   "AL", "SE", "PI", "MA", "RO", "AC", "AP", "RR", "TO"};
constexpr const char* kMonths[] = {"janeiro",  "fevereiro", "março",    "abril",
                                   "maio",     "junho",     "julho",    "agosto",
                                   "setembro", "outubro",   "novembro", "dezembro"};
constexpr const char* kShortMonths[] = {"jan", "fev", "mar", "abr", "mai", "jun",
                                        "jul", "ago", "set", "out", "nov", "dez"};

int digit(char c) { return c - '0'; }
std::string two(int number) {
  return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

/// Receita Federal: weights n..2 from the left, the rest of eleven; 10 and 11 become 0.
char cpf_digit(const std::string& before) {
  int sum = 0, weight = static_cast<int>(before.size()) + 1;
  for (const char c : before) sum += digit(c) * weight--;
  const int result = 11 - sum % 11;
  return static_cast<char>('0' + (result > 9 ? 0 : result));
}

/// IN RFB 2.229/2024: the value of a place is its ASCII code less 48; weights 2 to 9 from the
/// right.
char cnpj_digit(const std::string& before) {
  int sum = 0, weight = 2;
  for (auto place = before.rbegin(); place != before.rend(); ++place) {
    sum += (static_cast<int>(*place) - 48) * weight;
    weight = weight == 9 ? 2 : weight + 1;
  }
  const int rest = sum % 11;
  return static_cast<char>('0' + (rest < 2 ? 0 : 11 - rest));
}

std::string dotted_cpf(const std::string& n) {
  return n.substr(0, 3) + "." + n.substr(3, 3) + "." + n.substr(6, 3) + "-" + n.substr(9);
}
std::string dotted_cnpj(const std::string& n) {
  return n.substr(0, 2) + "." + n.substr(2, 3) + "." + n.substr(5, 3) + "/" + n.substr(8, 4) + "-" +
         n.substr(12);
}

}  // namespace

std::string make_cpf(Dice& dice) {
  std::string out = dice.digits(8) + static_cast<char>('1' + dice.below(9));
  if (out.find_first_not_of(out[0]) == std::string::npos) out[0] = out[0] == '1' ? '2' : '1';
  out += cpf_digit(out);
  out += cpf_digit(out);
  return out;
}

std::string make_cns(Dice& dice) {
  // Provisional numbers: the weighted sum of all fifteen is a multiple of eleven.
  for (;;) {
    std::string out = std::string(1, "789"[dice.below(3)]) + dice.digits(13);
    int sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += digit(out[i]) * (15 - static_cast<int>(i));
    const int missing = (11 - sum % 11) % 11;
    if (missing < 10) return out + static_cast<char>('0' + missing);
  }
}

std::string make_cnpj(Dice& dice, bool with_letters) {
  std::string out;
  for (int i = 0; i < 8; ++i)
    out += with_letters && dice.one_in(2) ? static_cast<char>('A' + dice.below(26))
                                          : static_cast<char>('0' + dice.below(10));
  out += "0001";
  out += cnpj_digit(out);
  out += cnpj_digit(out);
  return out;
}

std::string write_date(Dice& dice, int year, int month, int day) {
  const std::string y = std::to_string(year), yy = y.substr(2), m = two(month), d = two(day);
  const auto name = static_cast<std::size_t>(month - 1);
  switch (dice.below(14)) {
    case 0:
      return d + "/" + m + "/" + y;
    case 1:
      return d + "-" + m + "-" + yy;
    case 2:
      return d + "." + m + "." + y;
    case 3:
      return y + "-" + m + "-" + d;
    case 4:
      return y + m + d;
    case 5:
      return d + m + y;
    case 6:
      return std::to_string(day) + " de " + kMonths[name] + " de " + y;
    case 7:
      return d + "/" + kShortMonths[name] + "/" + yy;
    case 8:
      return d + kShortMonths[name] + y;
    case 9:
      return "nasc. " + d + "/" + m + "/" + yy;
    case 10:
      return "DN: " + d + "/" + m + "/" + y;
    case 11:
      return d + " " + m + " " + y;
    case 12:
      return d + "/" + m;
    default:
      return std::string(kMonths[name]) + "/" + y;
  }
}

std::string write_identifier(Dice& dice, std::string& kind) {
  const std::string cpf = make_cpf(dice), cns = make_cns(dice), state = dice.of(kStates);
  const auto choose = [&](const char* name, std::string text) {
    kind = name;
    return text;
  };
  switch (dice.below(26)) {
    case 0:
      return choose("CPF with points", dotted_cpf(cpf));
    case 1:
      return choose("CPF bare", cpf);
    case 2:
      return choose("CPF after key word", "CPF: " + cpf);
    case 3: {
      std::string zero = "00" + dice.digits(6) + static_cast<char>('1' + dice.below(9));
      zero += cpf_digit(zero);
      zero += cpf_digit(zero);
      return choose("CPF without its zeros", zero.substr(2));
    }
    case 4:
      return choose("CPF in groups", cpf.substr(0, 3) + " " + cpf.substr(3, 3) + " " +
                                         cpf.substr(6, 3) + " " + cpf.substr(9));
    case 5:
      return choose("CNS bare", cns);
    case 6:
      return choose("CNS in groups", "CNS " + cns.substr(0, 3) + " " + cns.substr(3, 4) + " " +
                                         cns.substr(7, 4) + " " + cns.substr(11));
    case 7:
      return choose("CNPJ", dotted_cnpj(make_cnpj(dice, false)));
    case 8:
      return choose("CNPJ with letters", dotted_cnpj(make_cnpj(dice, true)));
    case 9:
      return choose("CNPJ with letters, bare", make_cnpj(dice, true));
    case 10:
      return choose("CRM", "CRM-" + state + " " + dice.digits(2) + "." + dice.digits(3));
    case 11:
      return choose("CRM", "CRM/" + state + " " + dice.digits(5));
    case 12: {
      constexpr const char* kCouncils[] = {"COREN", "CRBM", "CRTR", "CRF", "CREFITO", "CRP"};
      return choose("another council",
                    std::string(dice.of(kCouncils)) + " " + state + " " + dice.digits(5));
    }
    case 13:
      return choose("RG", "RG " + dice.digits(2) + "." + dice.digits(3) + "." + dice.digits(3) +
                              "-" + (dice.one_in(3) ? "X" : dice.digits(1)) +
                              (dice.one_in(2) ? " SSP/" + state : ""));
    case 14:
      return choose("phone", "(" + two(11 + static_cast<int>(dice.below(88))) + ") 9" +
                                 dice.digits(4) + "-" + dice.digits(4));
    case 15:
      return choose("phone", "+55 11 " + dice.digits(4) + " " + dice.digits(4));
    case 16:
      return choose("phone after key word", "tel. " + dice.digits(4) + "-" + dice.digits(4));
    case 17:
      return choose("e-mail", "pet.ct" + dice.digits(2) + "@hospital.com.br");
    case 18:
      return choose("URL", "http://laudos.clinica.med.br/exame?id=" + dice.digits(2));
    case 19:
      return choose("IP", "10." + dice.digits(1) + ".0.1" + dice.digits(1));
    case 20:
      return choose("CEP", dice.digits(5) + "-" + dice.digits(3));
    case 21: {
      constexpr const char* kKeys[] = {
          "prontuário", "Prontuario nº", "PRONT.", "atend.",   "atendimento",
          "registro",   "matrícula",     "MATR:",  "convênio", "carteirinha",
          "ACC",        "acc#",          "MRN",    "RG",       "pedido nr"};
      return choose("number after key word",
                    std::string(dice.of(kKeys)) + " " + dice.digits(1 + dice.below(7)));
    }
    case 22: {
      constexpr const char* kStreets[] = {"Rua das Flores,",     "Rua Direita",
                                          "Av. Brasil,",         "Avenida Paulista",
                                          "Travessa do Pulmão,", "Alameda Santos"};
      return choose("address",
                    std::string(dice.of(kStreets)) + " " + std::to_string(1 + dice.below(2000)));
    }
    case 23:
      return choose("date", write_date(dice, 1930 + static_cast<int>(dice.below(95)),
                                       1 + static_cast<int>(dice.below(12)),
                                       1 + static_cast<int>(dice.below(28))));
    case 24:
      return choose("age", std::to_string(18 + dice.below(80)) + (dice.one_in(2) ? " anos" : "a"));
    default:
      return choose("bare long number", dice.digits(5 + dice.below(8)));
  }
}

}  // namespace dosigate::testing
