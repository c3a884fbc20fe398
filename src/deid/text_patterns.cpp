#include "text_patterns.h"

#include "text_fold.h"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <re2/re2.h>

namespace dosigate {

namespace {

// \b counts the underscore among the letters, which is a separator in our texts.
constexpr const char* kBefore = "(?:^|[^a-z0-9\\x80])";
constexpr const char* kAfter = "(?:$|[^a-z0-9\\x80])";
constexpr const char* kMonth =
    "(?:jan(?:eiro|uary)?|fev(?:ereiro)?|feb(?:ruary)?|mar(?:co|ch)?|a[bp]r(?:il)?|maio?|may|"
    "jun(?:ho|e)?|jul(?:ho|y)?|ago(?:sto)?|aug(?:ust)?|set(?:embro)?|sep(?:t(?:ember)?)?|"
    "out(?:ubro)?|oct(?:ober)?|nov(?:embro|ember)?|dez(?:embro)?|dec(?:ember)?)";
constexpr const char* kState =
    "(?:ac|al|am|ap|ba|ce|df|es|go|ma|mg|ms|mt|pa|pb|pe|pi|pr|rj|rn|ro|rr|rs|sc|se|sp|to)";
constexpr const char* kNumbered =  // words that are followed by a number of a person
    "(?:prontuarios?|pront|prt|atendimentos?|atend|atd|registros?|reg|matriculas?|matr|convenio|"
    "carteirinha|carteira|cartao|guia|senha|acc|accession|acesso|mrn|pid|idpac|id|patid|cod|codigo|"
    "pedido|requisicao|req|rg|cin|cpf|cns|sus|cnpj|pis|nis|identidade|documento|doc|cnh|"
    "passaporte|nasc|nascimento|nascido|nascida|dn|dob|born|idade|age|leito|quarto|enfermaria|enf|"
    "apto|tel|telefone|fone|phone|cel|celular|ramal|whatsapp|whats|zap|fax|contato|cep|nip|siape|"
    "internacao|encounter|conta|fatura|autorizacao|rgh|unimed)";

std::string words(const char* pattern) {
  std::string out(pattern);
  const std::array<std::pair<std::string_view, const char*>, 5> kParts{
      {{"<B>", kBefore}, {"<A>", kAfter}, {"<M>", kMonth}, {"<UF>", kState}, {"<K>", kNumbered}}};
  for (const auto& [mark, text] : kParts) {
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark))
      out.replace(at, mark.size(), text);
  }
  return out;
}

struct Patterns {
  std::vector<std::unique_ptr<RE2>> each;  ///< the first group of each is what goes
  std::unique_ptr<RE2> any;                ///< matches where one of them does
};

Patterns compiled() {
  constexpr std::array kPatterns{
      // e-mail
      "([a-z0-9\\x80._%+-]+@[a-z0-9\\x80][a-z0-9\\x80.-]*)",
      // URL, host name
      "((?:https?|ftp)://[^\\s\"'<>]+|www\\.[^\\s\"'<>]+|"
      "[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.(?:com|org|net|gov|edu|med)\\.br[^\\s\"'<>]*|"
      "[a-z0-9-]+\\.(?:com|org|net)(?:/[^\\s\"'<>]*)?)<A>",
      // 12 de marco de 2025, 12mar25, 3/abr
      "<B>(\\d{1,2}(?:o|a|st|nd|rd|th)?[ ./,_-]{0,3}(?:de |of )?<M>"
      "(?:[ ./,_'-]{0,3}(?:de |of )?(?:\\d{4}|\\d{2}))?)<A>",
      // marco de 2025, march 12, 2025, mar/25
      "<B>(<M>[ ./_-]{0,3}(?:de |of )?(?:\\d{1,2}(?:st|nd|rd|th)?,? {0,2})?(?:19|20)\\d{2})<A>",
      "<B>(<M>[./'-]\\d{2})<A>",
      // 45 anos, 63y
      "<B>(\\d{1,3}[ -]?(?:anos?|years?|yrs?|yo|y/o)|\\d{2,3}[ay])<A>",
      // prontuario n. 123-4, RG 12.345.678-X, CNS 898 0000 0043 208
      "<B>(<K>(?:[\\s.:;,#=/_()-]|n[o.]|num|numero|nr|do|da|de|sus|pac|paciente){0,10}"
      "[a-z]{0,3}-?[0-9](?:[./-]?[0-9])*(?:-?x)?(?:[ ][0-9]{3,5}){0,4})",
      // CRM-SP 123.456, COREN/RJ 52-12345-6
      "<B>((?:crm|coren|crbm|crbio|crf|crtr|crq|crefito|crefono|crn|crp|cro|crmv|cnen|abfm|rqe)"
      "(?:[\\s./:_-]{0,3}<UF>)?(?:(?:[\\s./:_-]|n[o.]){0,4}[0-9][0-9.]*(?:-[0-9a-z.]+)*)?"
      "(?:[\\s./-]{1,2}<UF>)?)<A>",
      // who issued a document
      "<B>((?:ssp|detran|iirgd|ifp|sesp|sds)[\\s/.-]{1,3}<UF>)<A>",
      // Rua das Flores, 123
      "<B>((?:rua|avenida|av|travessa|alameda|praca|rodovia|estrada|largo|bairro|quadra|edificio|"
      "condominio|apartamento|logradouro|endereco)[\\s.:,]{1,3}"
      "(?:[^\\n\\r;|0-9]{1,60}[0-9]{1,5}[a-z]?|[a-z\\x80]+(?:[ ][a-z\\x80]+){0,3}))"};
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  const auto compile = [&](const std::string& pattern) {
    auto out = std::make_unique<RE2>(pattern, options);
    if (!out->ok()) throw std::logic_error("text pattern: " + out->error());
    return out;
  };
  Patterns out;
  std::string any;
  for (const char* pattern : kPatterns) {
    out.each.push_back(compile(words(pattern)));
    any += (any.empty() ? "(?:" : "|(?:") + words(pattern) + ")";
  }
  out.any = compile(any);
  return out;
}

int value_of(char c) { return c >= 'a' ? c - 'a' + 17 : c - '0'; }  // ASCII - 48 of the capital

/// The check digit of CPF and CNPJ over the text before it.
template <class Weight>
int check_digit(std::string_view before, Weight weight) {
  int sum = 0;
  for (std::size_t i = 0; i < before.size(); ++i) sum += value_of(before[i]) * weight(i);
  const int rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}

/// Letters and digits with single joints between them, 14 in all: a CNPJ when its digits say so.
void for_each_cnpj(std::string_view folded,
                   const std::function<void(std::size_t, std::size_t)>& found) {
  constexpr std::size_t kLongest = 18;  // "12.abc.345/01de-35"
  for (std::size_t at = 0; at < folded.size();) {
    if (!is_folded_word(folded[at])) {
      ++at;
      continue;
    }
    std::string compact;
    std::size_t end = at;
    while (end < folded.size() && compact.size() <= kLongest) {
      if (is_folded_word(folded[end])) {
        compact += folded[end++];
      } else if (std::string_view("./-").find(folded[end]) != std::string_view::npos &&
                 end + 1 < folded.size() && is_folded_word(folded[end + 1])) {
        ++end;
      } else {
        break;
      }
    }
    if (is_cnpj(compact)) found(at, end);
    while (at < folded.size() && is_folded_word(folded[at])) ++at;
  }
}

}  // namespace

bool is_cpf(std::string_view digits) {
  if (digits.size() < 9 || digits.size() > 11 ||
      !std::all_of(digits.begin(), digits.end(), is_ascii_digit))
    return false;
  const std::string full = std::string(11 - digits.size(), '0') + std::string(digits);
  if (full.find_first_not_of(full[0]) == std::string::npos) return false;
  const std::string_view text = full;
  const int first =
      check_digit(text.substr(0, 9), [](std::size_t i) { return 10 - static_cast<int>(i); });
  const int second =
      check_digit(text.substr(0, 10), [](std::size_t i) { return 11 - static_cast<int>(i); });
  return value_of(full[9]) == first && value_of(full[10]) == second;
}

bool is_cns(std::string_view digits) {
  if (digits.size() != 15 || !std::all_of(digits.begin(), digits.end(), is_ascii_digit) ||
      std::string_view("12789").find(digits[0]) == std::string_view::npos)
    return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i)
    sum += value_of(digits[i]) * (15 - static_cast<int>(i));
  return sum % 11 == 0;
}

bool is_cnpj(std::string_view folded) {
  if (folded.size() != 14 || !is_ascii_digit(folded[12]) || !is_ascii_digit(folded[13]) ||
      folded.find(kOtherLetter) != std::string_view::npos ||
      !std::all_of(folded.begin(), folded.end(), is_folded_word) ||
      folded.find_first_not_of(folded[0]) == std::string_view::npos)
    return false;
  const auto weights = [](std::size_t places) {
    // 2 at the right end, up to 9, then 2 again.
    return [places](std::size_t i) { return 2 + static_cast<int>((places - 1 - i) % 8); };
  };
  return value_of(folded[12]) == check_digit(folded.substr(0, 12), weights(12)) &&
         value_of(folded[13]) == check_digit(folded.substr(0, 13), weights(13));
}

void for_each_identifier(std::string_view folded,
                         const std::function<void(std::size_t, std::size_t)>& found) {
  static const Patterns patterns = compiled();
  for_each_cnpj(folded, found);
  // Most texts have none: one pass says so instead of ten.
  if (!RE2::PartialMatch(re2::StringPiece(folded.data(), folded.size()), *patterns.any)) return;
  for (const auto& pattern : patterns.each) {
    re2::StringPiece rest(folded.data(), folded.size()), hit;
    const char* const end = folded.data() + folded.size();
    while (RE2::PartialMatch(rest, *pattern, &hit) && !hit.empty()) {
      const char* const hit_end = hit.data() + hit.size();
      found(static_cast<std::size_t>(hit.data() - folded.data()),
            static_cast<std::size_t>(hit_end - folded.data()));
      rest = re2::StringPiece(hit_end, static_cast<std::size_t>(end - hit_end));
    }
  }
}

}  // namespace dosigate
