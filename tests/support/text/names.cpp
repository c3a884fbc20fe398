#include "corpus.h"

namespace dosigate::testing {

namespace {

constexpr const char* kGiven[] = {
    "Maria",    "José",      "Ana",      "João",      "Antônio",   "Francisco", "Carlos",
    "Paulo",    "Pedro",     "Lucas",    "Luiz",      "Marcos",    "Luís",      "Gabriel",
    "Rafael",   "Francisca", "Márcia",   "Patrícia",  "Adriana",   "Juliana",   "Fernanda",
    "Aline",    "Bruna",     "Camila",   "Jéssica",   "Letícia",   "Amanda",    "Luciana",
    "Vanessa",  "Mariana",   "Gabriela", "Vera",      "Sônia",     "Rosa",      "Terezinha",
    "Raimundo", "Sebastião", "Benedita", "Aparecida", "Conceição", "Ângela",    "Cláudia",
    "Célia",    "Regina",    "Inês",     "Íris",      "Lia",       "Eva",       "Max",
    "Caio",     "Davi",      "Enzo",     "Heitor",    "Théo",      "Valentina", "Helena",
    "Otávio",   "Júlio",     "César",    "Fábio",     "Márcio",    "Sérgio",    "Vítor",
    "Nilson",   "Edson",     "Wilson",   "Joaquim",   "Manoel",    "Severino",  "Expedito",
    "Dalva",    "Zilda",     "Neide",    "Ivone",     "Odete",     "Ruth",      "Li",
    "Wei",      "Yuki",      "Hiroshi"};
constexpr const char* kFamily[] = {
    "Silva",    "Santos",     "Oliveira", "Souza",     "Rodrigues", "Ferreira",  "Alves",
    "Pereira",  "Lima",       "Gomes",    "Costa",     "Ribeiro",   "Martins",   "Carvalho",
    "Almeida",  "Lopes",      "Soares",   "Fernandes", "Vieira",    "Barbosa",   "Rocha",
    "Dias",     "Nascimento", "Andrade",  "Moreira",   "Nunes",     "Marques",   "Machado",
    "Mendes",   "Freitas",    "Cardoso",  "Ramos",     "Gonçalves", "Santana",   "Teixeira",
    "Araújo",   "Conceição",  "Brandão",  "Simões",    "Guimarães", "Leite",     "Luz",
    "Cruz",     "Branco",     "Prado",    "Pinto",     "Reis",      "Barros",    "Campos",
    "Gama",     "Pires",      "Moura",    "Neves",     "Peixoto",   "Queiroz",   "Sá",
    "Salles",   "Seabra",     "Tavares",  "Valente",   "Xavier",    "Zanetti",   "Bianchi",
    "Rossi",    "Schmidt",    "Müller",   "Becker",    "Hoffmann",  "Tanaka",    "Suzuki",
    "Yamamoto", "Chen",       "Lu",       "D'Ávila",   "Assunção",  "Magalhães", "Bulhões",
    "Falcão",   "Leão",       "Coração"};
constexpr const char* kParticles[] = {"da", "de", "do", "dos", "das", "e"};
constexpr const char* kSuffixes[] = {"Filho", "Neto", "Júnior", "Sobrinho"};

std::string upper(std::string_view utf8) {
  std::string out(utf8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (out[i] >= 'a' && out[i] <= 'z') out[i] = static_cast<char>(out[i] - 32);
    // C3 A0..BE are the small letters of C3 80..9E.
    if (i > 0 && static_cast<unsigned char>(out[i - 1]) == 0xC3 && byte >= 0xA0 && byte <= 0xBE)
      out[i] = static_cast<char>(byte - 0x20);
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

bool is_particle(std::string_view word) {
  for (const char* particle : kParticles)
    if (word == particle) return true;
  return false;
}

/// The first letter, with its accent.
std::string initial(std::string_view word) {
  return std::string(word.substr(0, static_cast<unsigned char>(word[0]) >= 0xC0 ? 2 : 1));
}

}  // namespace

std::string Dice::digits(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>('0' + below(10));
  return out;
}

std::string MadeUpPerson::pn() const {
  return upper(joined(family, " ")) + "^" + upper(joined(given, " "));
}
std::string MadeUpPerson::spoken() const { return joined(given, " ") + " " + joined(family, " "); }

MadeUpPerson make_person(Dice& dice) {
  MadeUpPerson out;
  out.given.emplace_back(dice.of(kGiven));
  if (dice.one_in(2)) out.given.emplace_back(dice.of(kGiven));
  for (std::size_t left = 1 + dice.below(3); left > 0; --left) {
    if (dice.one_in(3)) {
      const std::string particle = dice.of(kParticles);
      if (particle != "e" || !out.family.empty())
        out.family.push_back(particle);  // "Costa e Silva"
    }
    out.family.emplace_back(dice.of(kFamily));
  }
  if (dice.one_in(10)) out.family.emplace_back(dice.of(kSuffixes));
  return out;
}

std::string write_name(const MadeUpPerson& person, Dice& dice, std::string& style) {
  std::vector<std::string> bare;  // without particles
  for (const auto* part : {&person.given, &person.family})
    for (const std::string& word : *part)
      if (!is_particle(word)) bare.push_back(word);
  const std::string first = bare.front(), last = bare.back();
  std::string out;
  switch (dice.below(11)) {
    case 0:
      style = "full";
      return person.spoken();
    case 1:
      style = "capitals";
      return upper(person.spoken());
    case 2:
      style = "PN";
      return person.pn();
    case 3:
      style = "family first";
      return upper(last) + ", " + first;
    case 4:
      style = "abbreviated";
      out = first;
      for (std::size_t i = 1; i + 1 < bare.size(); ++i) out += " " + initial(bare[i]) + ".";
      return out + " " + last;
    case 5:
      style = "initials with points";
      for (const std::string& word : bare) out += initial(word) + ".";
      return upper(out);
    case 6:
      style = "joined";
      return first + last;
    case 7:
      style = "initial and family name";
      return initial(first) + ". " + last;
    case 8:
      style = "one given name";
      return first;
    case 9:
      style = "family name";
      return upper(last);
    default:
      style = "no accents, underscores";
      for (const std::string& word : plain_words(person.spoken()))
        out += (out.empty() ? "" : "_") + word;
      return out;
  }
}

}  // namespace dosigate::testing
