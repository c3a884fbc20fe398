#include "src/deid/text_cleaner.h"

#include <chrono>

#include <gtest/gtest.h>

#include "src/deid/text_own_values.h"

namespace dosigate {
namespace {

/// Maria Jose da Conceicao Silva and the persons about her.
Identifiers somebody() {
  Identifiers out;
  out.patient_names = {"CONCEI\xC3\x87\xC3\x83O SILVA^MARIA JOS\xC3\x89 DA"};
  out.other_names = {"Figado^Rosa^^Dra.", "LU^WEI"};
  out.ids = {"7788123", "4711", "24", "HC-0042/17", "ABC123"};
  out.dates = {"19610503", "20250110"};
  return out;
}

class Text : public ::testing::Test {
 protected:
  std::string clean(std::string_view raw, std::string_view specific = "ISO_IR 192",
                    bool multi = true) const {
    return TextCleaner(OwnValues(identifiers_), site_words_, "ISO_IR 100")
        .clean(raw, specific, multi)
        .text;
  }
  /// The same text comes out.
  void expect_kept(std::string_view raw) const { EXPECT_EQ(clean(raw), raw); }

  Identifiers identifiers_ = somebody();
  std::unordered_set<std::string> site_words_{"orbimed"};
};

TEST_F(Text, KeepsEverythingButTheName) {
  identifiers_.patient_names = {"CONCEICAO^JOSE"};

  EXPECT_EQ(clean("SPECT 24h Lu-177 PSMA ciclo 2 JOSE CONCEICAO"), "SPECT 24h Lu-177 PSMA ciclo 2");
}

TEST_F(Text, KeepsNuclidesInEverySpelling) {
  for (const auto* text : {"Lu-177",
                           "177Lu",
                           "Lu177",
                           "177-Lu",
                           "LU 177",
                           "177 Lu",
                           "[177Lu]Lu-PSMA-617",
                           "Tc99m",
                           "Tc-99m",
                           "99mTc-MDP",
                           "99m-Tc",
                           "Tc 99m",
                           "F-18",
                           "18F-FDG",
                           "F^18^",
                           "[18F]FDG",
                           "I-131",
                           "131I-MIBG",
                           "Ga68 DOTATATE",
                           "Y-90",
                           "Lut\xC3\xA9"
                           "cio-177",
                           "177LuPSMA",
                           "Ra-223",
                           "Ac-225",
                           "Sm-153 EDTMP",
                           "Lu177PSMA617"})
    expect_kept(text);
}

TEST_F(Text, KeepsTimePointsAndCycles) {
  for (const auto* text : {"24h", "4 h", "D+3", "dia 2", "ciclo 2", "C2", "ciclo2", "4/24/48h",
                           "24 horas", "D7", "1h30", "dia 3 p\xC3\xB3s", "2\xC2\xAA fase", "day 1",
                           "TP2", "48 hrs", "60 min p.i.", "Ciclo 1 - D+1"})
    expect_kept(text);
}

TEST_F(Text, KeepsNumbersThatMeasure) {
  for (const auto* text : {"5mm",
                           "3.0",
                           "200 MBq",
                           "1.5T",
                           "120kV",
                           "7,4 GBq",
                           "128x128",
                           "OSEM 4i8s",
                           "B30f",
                           "e1",
                           "3D",
                           "2 min/bed",
                           "Kopf nativ  5.0  H42s",
                           "OSEM3D+TOF 4i5s",
                           "0.5 sec",
                           "T1",
                           "L4",
                           "XYZ Gauss6.00",
                           "5550 MBq",
                           "32Ch Head",
                           "0-60 min"})
    expect_kept(text);
}

TEST_F(Text, KeepsACoefficientOfAttenuation) {
  for (const auto* text :
       {"measured,, 0.096000 cm-1,", "0.096000 cm-1", "Chang 0.12/cm", "uniform 0.15 cm-1",
        "measured", "CTAC 0.1500 /cm", "Chang, mu=0.110 cm^-1", "0,12/cm", "calculated"})
    expect_kept(text);
  EXPECT_EQ(clean("PET 0.123456"), "PET") << "no unit says what it measures";
  EXPECT_EQ(clean("PET 7788.123456 cm-1").find("123456"), std::string::npos);
  EXPECT_EQ(clean("PET Chang"), "PET") << "somebody's name";
  identifiers_.ids = {"096000"};
  EXPECT_EQ(clean("measured,, 0.096000 cm-1,").find("096000"), std::string::npos);
  identifiers_.ids = {};
  identifiers_.other_names = {"CHANG^LI"};
  EXPECT_EQ(clean("Chang 0.12/cm").find("Chang"), std::string::npos);
}

TEST_F(Text, KeepsAccentsCaseAndPunctuationByteForByte) {
  expect_kept("Cintilografia \xC3\x93sseo/Corpo Inteiro (ant. + post.), [WB]");
  EXPECT_EQ(clean("F\xEDgado P\xF3s", "ISO_IR 100"), "P\xF3s");  // a physician of this name
  EXPECT_EQ(clean("Pulm\xE3o", "ISO_IR 100"), "Pulm\xE3o");
  EXPECT_EQ(clean("Pulm\xE3o", ""), "Pulm\xE3o");
  EXPECT_EQ(clean("Pulm\xC3\xA3o", ""), "Pulm\xC3\xA3o");            // UTF-8 that is not declared
  EXPECT_EQ(clean("Pulm\xC3\xA3o", "ISO_IR 100"), "Pulm\xC3\xA3o");  // or declared wrongly
}

TEST_F(Text, RemovesWhatTheVocabularyDoesNotKnow) {
  EXPECT_EQ(clean("PET ANTONIETA CT"), "PET CT");
  EXPECT_EQ(clean("[WB ANTONIETA] Body"), "WB Body");
  EXPECT_EQ(clean("wb_ANTONIETA_ct"), "wb_ct");
  EXPECT_EQ(clean("PET\nANTONIETA\nCT", "ISO_IR 192", false), "PET\nCT");
}

TEST_F(Text, IsCleanedTheSameWheneverItComesAgain) {
  const OwnValues own(identifiers_);
  const TextCleaner cleaner(own, site_words_, "ISO_IR 100");
  const auto cleaned = [&](std::string_view raw, std::string_view specific, bool multi) {
    const TextCleaner::Result result = cleaner.clean(raw, specific, multi);
    return result.text + " " + std::to_string(result.removed);
  };
  const std::string long_text = std::string(TextCleaner::kLongestKnown, '.') + "CT SILVA";

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(cleaned("PET ANTONIETA 123456 CT", "", true), "PET CT 2");
    EXPECT_EQ(cleaned("PET ANTONIETA 123457 CT", "", true), "PET CT 2");
    // The same bytes in another set of characters, and with another meaning of the backslash.
    EXPECT_EQ(cleaned("CT t\xF3rax", "ISO_IR 100", true), "CT t\xF3rax 0");
    EXPECT_EQ(cleaned("CT t\xF3rax", "ISO_IR 192", true), " 2");
    EXPECT_EQ(cleaned("SILVA\\CT", "", true), "\\CT 1");
    EXPECT_EQ(cleaned("SILVA\\CT", "", false), "CT 1");
    EXPECT_EQ(cleaned(long_text, "", true).substr(TextCleaner::kLongestKnown), "CT 1");
    for (std::size_t i = 0; i <= TextCleaner::kKnown; ++i)
      EXPECT_EQ(cleaned("CT " + std::to_string(i) + "h SILVA", "", true),
                "CT " + std::to_string(i) + "h 1");
  }
}

TEST_F(Text, CountsWhatWent) {
  const OwnValues own(identifiers_);
  const TextCleaner cleaner(own, site_words_, "ISO_IR 100");

  EXPECT_EQ(cleaner.clean("PET ANTONIETA 123456 CT", "", true).removed, 2U);
  EXPECT_EQ(cleaner.clean("PET CT", "", true).removed, 0U);
  EXPECT_EQ(cleaner.clean("\x1b$BJOSE MARIA", "", true).removed, 2U);
}

TEST_F(Text, CleansEachValueByItself) {
  EXPECT_EQ(clean("PET\\ANTONIETA\\CT"), "PET\\\\CT");
  EXPECT_EQ(clean("ANTONIETA\\BENEDITA"), "");
}

TEST_F(Text, RemovesOwnNamesInEveryForm) {
  for (const auto* text :
       {"CONCEICAO", "Concei\xC3\xA7\xC3\xA3o", "silva, maria", "Maria J. Silva", "MariaSilva",
        "mariasilva", "silvamaria", "mjsilva", "MJS", "M.J.S.", "M J C S", "SILVA^MARIA",
        "Maria Jos\xC3\xA9 da Concei\xC3\xA7\xC3\xA3o Silva", "Dra. Rosa Figado", "rosafigado",
        "Concei\xC3\x83\xC2\xA7\xC3\x83\xC2\xA3o", "Jose\xCC\x81"})
    EXPECT_EQ(clean(text), "") << text;
  EXPECT_EQ(clean("CONCEI\xC7\xC3O", "ISO_IR 100"), "");
  EXPECT_EQ(clean("CONCEI\xC3\x87\xC3\x83O", "ISO_IR 100"), "");
}

TEST_F(Text, AnOwnNameGoesThoughTheVocabularyHasIt) {
  EXPECT_EQ(clean("Figado direito"), "direito");
  EXPECT_EQ(clean("PET f\xC3\xADgado"), "PET");
  identifiers_.patient_names = {"PULMAO^LINFONODO"};
  EXPECT_EQ(clean("Pulmao linfonodo torax"), "torax");
  EXPECT_EQ(clean("PulmaoCT 24h"), "24h");
}

TEST_F(Text, AShortNameIsNoNuclide) {
  expect_kept("Lu-177 PSMA");
  EXPECT_EQ(clean("PET Wei Lu"), "PET");
}

TEST_F(Text, ParticlesAndInitialsGoWithTheirName) {
  EXPECT_EQ(clean("SPECT de Jose da Silva"), "SPECT");
  EXPECT_EQ(clean("SPECT Maria E. Silva"), "SPECT");
  EXPECT_EQ(clean("Rim D MARIA"), "Rim D");
}

TEST_F(Text, RemovesOwnIdentifiers) {
  for (const auto* text : {"7788123", "77.881-23", "4711", "HC-0042/17", "HC004217", "hc 0042 17",
                           "ABC123", "ABC-123", "0004711", "24"})
    EXPECT_EQ(clean(text), "") << text;
  EXPECT_EQ(clean("SPECT 4711"), "SPECT");
  expect_kept("SPECT 24h");
}

TEST_F(Text, AnIdentifierGoesThoughAUnitOrACountingWordStandsBesideIt) {
  identifiers_.ids = {"914", "177", "226"};
  EXPECT_EQ(clean("914 D+1"), "D+1");
  EXPECT_EQ(clean("rim 914 Bq/ml"), "rim Bq/ml");
  EXPECT_EQ(clean("frame 914"), "frame");
  EXPECT_EQ(clean("226 Ra-223"), "Ra-223");
  expect_kept("Lu-177");
}

TEST_F(Text, ANumberThatCountsDaysAfterTheInjectionIsNoIdentifier) {
  identifiers_.ids = {"1", "3"};
  expect_kept("SPECT D+1 corpo");
  expect_kept("D+3 t=3 h");
  EXPECT_EQ(clean("rim 3"), "rim");
}

TEST_F(Text, ASymbolBeforeItsTracerIsTheNuclide) {
  expect_kept("Ga DOTATATE");
  EXPECT_EQ(clean("SPECT 24h Lu PSMA ciclo 2"), "SPECT 24h PSMA ciclo 2") << "a physician's";
  identifiers_.other_names = {};
  expect_kept("SPECT 24h Lu PSMA ciclo 2");
  EXPECT_EQ(clean("Dr. Lu PSMA"), "PSMA");
  identifiers_.patient_names = {"LU^WEI"};
  EXPECT_EQ(clean("Lu PSMA"), "PSMA");
}

TEST_F(Text, ADayIsNoPairOfCounts) {
  EXPECT_EQ(clean("SPECT 12/11"), "SPECT");
  expect_kept("ciclo 2/4");
}

TEST_F(Text, ADayAndAMonthSetApartAreNoCounts) {
  EXPECT_EQ(clean("PET 15 03"), "PET");
  EXPECT_EQ(clean("WB 03 28"), "WB");
  expect_kept("PET 15 min 03");
  expect_kept("OSEM 3 21");
}

TEST_F(Text, WhatIsLeftOfADateGoesWithIt) {
  EXPECT_EQ(clean("Renograma 08 08 2011_pet@hospital.com.br"), "Renograma");
}

TEST_F(Text, AnInitialIsNoUnitAndNoNuclide) {
  EXPECT_EQ(clean("ciclo 2 M. Antonieta"), "ciclo 2");
  EXPECT_EQ(clean("PSMA-11 C. Antonieta"), "PSMA-11");
  EXPECT_EQ(clean("Ho-166 M. Antonieta"), "Ho-166");
}

TEST_F(Text, RemovesIdentifiersByTheirShape) {
  for (const auto* text : {"529.982.247-25",
                           "52998224725",
                           "529 982 247 25",
                           "CPF 529982247-25",
                           "5299822 4725",
                           "898 0000 0043 2080",
                           "CNS 898000000432080",
                           "12.ABC.345/01DE-35",
                           "12ABC34501DE35",
                           "11.222.333/0001-81",
                           "CRM-SP 123.456",
                           "CRM/PA 52",
                           "COREN RJ 12345",
                           "CRBM 123 AC",
                           "RG 12.345.678-X",
                           "SSP/SC",
                           "(11) 98765-4321",
                           "+55 11 98765 4321",
                           "0800 123 4567",
                           "tel. 22",
                           "pet@hospital.com.br",
                           "http://spect.org/24h",
                           "www.pet.com.br",
                           "10.0.0.1",
                           "01310-100",
                           "CEP 01310",
                           "prontuario 12",
                           "Prontu\xC3\xA1rio n\xC2\xBA 12",
                           "atend. 345",
                           "matricula: 9",
                           "convenio 77-1",
                           "ACC 12",
                           "Rua Direita, 24",
                           "Av. do Rim 12",
                           "leito 12",
                           "ID 5"})
    EXPECT_EQ(clean(text), "") << text;
}

TEST_F(Text, RemovesDatesInEveryForm) {
  for (const auto* text :
       {"03/05/1961", "03-05-61", "03.05.61", "1961-05-03", "12 de mar\xC3\xA7o de 2025",
        "12 mar 2025", "12MAR25", "mar/25", "nasc. 03/05/61", "DN: 3/5/61", "20250110", "03 05 61",
        "03/05", "45 anos", "63y", "1961", "march 12, 2025"})
    EXPECT_EQ(clean(text), "") << text;
}

TEST_F(Text, ATitleTakesItsNameAlong) {
  EXPECT_EQ(clean("PET Dr. Costal Rim"), "PET Rim");
  EXPECT_EQ(clean("medico: Seio, PET"), "PET");
  EXPECT_EQ(clean("Dra Antonieta PET"), "PET");
}

TEST_F(Text, NoNumberOfFiveDigitsStays) {
  for (const auto* text : {"PET 12345", "ciclo 12345", "PSMA-12345", "PET 123 45", "MR12345"})
    EXPECT_EQ(clean(text).find("12345"), std::string::npos) << text;
  EXPECT_EQ(clean("PET 123 45"), "PET");
}

TEST_F(Text, NothingStaysOfTextThatCannotBeRead) {
  EXPECT_EQ(clean("\x1b$B PET", "\\ISO 2022 IR 87"), "");
  EXPECT_EQ(clean("PET \xE3", "ISO_IR 192"), "");
  EXPECT_EQ(clean("PET \xE3", "ISO_IR 999"), "");
}

TEST_F(Text, AControlCharacterHidesNothing) {
  EXPECT_EQ(clean(std::string("PET\0CT", 6)), "PETCT");
  EXPECT_EQ(clean(std::string("MAR\0IA", 6)), "");
}

TEST_F(Text, AMegabyteOfHostileTextTakesLinearTime) {
  const auto repeated = [](std::string_view piece) {
    std::string out;
    while (out.size() < (std::size_t{1} << 20U)) out += piece;
    return out;
  };
  for (const auto* piece : {"a@", "1 ", "rua ", "dr. ", "id 1", "m.", "0.1/cm ", "\xC3\xA3"}) {
    const std::string text = repeated(piece);
    const auto begin = std::chrono::steady_clock::now();

    const std::string cleaned = clean(text, "ISO_IR 192", false);

    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << piece;
    EXPECT_LE(cleaned.size(), text.size()) << piece;
  }
}

TEST_F(Text, TheSitesWordsStay) { expect_kept("Orbimed PET"); }

}  // namespace
}  // namespace dosigate
