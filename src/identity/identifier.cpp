#include "identifier.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace dosigate {
namespace {

// Compared without case, accents, spaces and punctuation: "Sem ID", "SEM-ID" and "semid" are one
// entry.
constexpr std::string_view kPlaceholders[] = {
    // nobody
    "anon",
    "anonym",
    "anonymous",
    "anonymized",
    "anonymised",
    "anonimo",
    "anonima",
    "anonimizado",
    "unknown",
    "unknownid",
    "desconhecido",
    "desconhecida",
    "ignorado",
    "ignorada",
    "na",
    "nd",
    "ni",
    "none",
    "null",
    "nil",
    "nan",
    "undefined",
    "indefinido",
    "vazio",
    "blank",
    "empty",
    // no number was given
    "semid",
    "seminformacao",
    "semnumero",
    "semprontuario",
    "semregistro",
    "semcadastro",
    "sn",
    "noid",
    "naoinformado",
    "naoidentificado",
    "naotem",
    "naopossui",
    "notavailable",
    "notapplicable",
    "unidentified",
    "pending",
    "pendente",
    "provisorio",
    "temp",
    "tmp",
    // trials and demonstrations
    "teste",
    "test",
    "testes",
    "testpatient",
    "pacienteteste",
    "testepaciente",
    "patienttest",
    "demo",
    "dummy",
    "exemplo",
    "example",
    "sample",
    "default",
    // the name of the field, or of its owner
    "id",
    "patientid",
    "patient",
    "paciente",
    "pat",
    "rn",
    "recemnascido",
    // from the keyboard; "123456" and shorter are numbers that a hospital gives to somebody
    "x",
    "xx",
    "xxx",
    "xxxx",
    "xxxxx",
    "xxxxxx",
    "asdf",
    "qwerty",
    "abc",
    "abcd",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
};

bool is_ascii_space(char c) { return static_cast<unsigned char>(c) <= 0x20; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_punctuation(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u < 0x80 && !is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The digits of a number written with the usual separators; empty when anything else stands in it.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : trim(text)) {
    if (is_digit(c)) {
      digits += c;
    } else if (c != '.' && c != '-' && c != ' ' && c != '/') {
      return {};
    }
  }
  return digits;
}

bool all_equal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return c == text.front(); });
}

/// Check digit of a CPF over its first `count` digits.
char cpf_check_digit(std::string_view digits, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i)
    sum += (digits[static_cast<std::size_t>(i)] - '0') * (count + 1 - i);
  const int rest = sum % 11;
  return static_cast<char>('0' + (rest < 2 ? 0 : 11 - rest));
}

}  // namespace

std::string normalise_id(std::string_view id, const IdNormalisation& how) {
  std::string out(trim(id));
  if (how.upper) {
    for (char& c : out) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
  }
  if (how.strip_punctuation) std::erase_if(out, is_ascii_punctuation);
  if (how.strip_leading_zeros) out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
  return out;
}

std::string fold_person_name(std::string_view text) {
  utf8proc_uint8_t* folded = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK |
                                     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE | UTF8PROC_STRIPCC);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &folded, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(folded, &std::free);
  if (size >= 0) return {reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size)};

  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_placeholder_id(std::string_view id) {
  std::string bare = fold_person_name(id);
  std::erase_if(bare, is_ascii_punctuation);
  if (bare.empty()) return true;
  if (bare.find_first_not_of('0') == std::string::npos) return true;
  if (bare.size() >= 3 && is_digit(bare.front()) && all_equal(bare)) return true;
  return std::find(std::begin(kPlaceholders), std::end(kPlaceholders), bare) !=
         std::end(kPlaceholders);
}

std::optional<std::string> as_cpf(std::string_view text) {
  std::string digits = digits_of(text);
  if (digits.size() < 9 || digits.size() > 11) return std::nullopt;
  digits.insert(0, 11 - digits.size(), '0');
  if (all_equal(digits)) return std::nullopt;
  if (cpf_check_digit(digits, 9) != digits[9] || cpf_check_digit(digits, 10) != digits[10])
    return std::nullopt;
  return digits;
}

std::optional<std::string> as_cns(std::string_view text) {
  const std::string digits = digits_of(text);
  if (digits.size() != 15) return std::nullopt;
  const std::string_view middle = std::string_view(digits).substr(11, 3);
  switch (digits.front()) {
    case '1':
    case '2':  // definitive: a PIS number, then 000 or 001, then the check digit
      if (middle != "000" && middle != "001") return std::nullopt;
      break;
    case '7':
    case '8':
    case '9':
      break;
    default:
      return std::nullopt;
  }
  int sum = 0;
  for (int i = 0; i < 15; ++i) sum += (digits[static_cast<std::size_t>(i)] - '0') * (15 - i);
  if (sum % 11 != 0) return std::nullopt;
  return digits;
}

}  // namespace dosigate
