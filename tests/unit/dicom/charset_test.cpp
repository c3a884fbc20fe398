#include "dosigate/dicom/charset.h"

#include <gtest/gtest.h>

namespace dosigate {
namespace {

std::string decoded(std::string_view bytes, std::string_view specific,
                    std::string_view fallback = "") {
  const auto text = decode_text(bytes, specific, fallback);
  EXPECT_TRUE(text) << specific << ": " << text.error().detail;
  return text ? *text : std::string();
}

void expect_uncertain(std::string_view bytes, std::string_view specific,
                      std::string_view fallback = "") {
  const auto text = decode_text(bytes, specific, fallback);
  ASSERT_FALSE(text) << specific;
  EXPECT_EQ(text.error().fault, Fault::Uncertain);
  EXPECT_EQ(text.error().detail.find("JO"), std::string::npos);
}

TEST(Charset, DecodesTheSetsOfOneByte) {
  EXPECT_EQ(decoded("JO\xC3O", "ISO_IR 100"), "JOÃO");
  EXPECT_EQ(decoded("\xA3", "ISO_IR 101"), "Ł");
  EXPECT_EQ(decoded("\xA1", "ISO_IR 109"), "Ħ");
  EXPECT_EQ(decoded("\xA1", "ISO_IR 110"), "Ą");
  EXPECT_EQ(decoded("\xBF", "ISO_IR 144"), "П");
  EXPECT_EQ(decoded("\xC8", "ISO_IR 127"), "ب");
  EXPECT_EQ(decoded("\xC1", "ISO_IR 126"), "Α");
  EXPECT_EQ(decoded("\xE0", "ISO_IR 138"), "א");
  EXPECT_EQ(decoded("\xD0", "ISO_IR 148"), "Ğ");
  EXPECT_EQ(decoded("\xA1", "ISO_IR 166"), "ก");
  EXPECT_EQ(decoded("\xD4", "ISO_IR 13"), "ﾔ");
}

TEST(Charset, DecodesUtf8AndChinese) {
  EXPECT_EQ(decoded("JO\xC3\x83O", "ISO_IR 192"), "JOÃO");
  EXPECT_EQ(decoded("\xCD\xF5", "GB18030"), "王");
  EXPECT_EQ(decoded("\xCD\xF5", "GBK"), "王");
}

TEST(Charset, DecodesLatin1DeclaredWithCodeExtensions) {
  EXPECT_EQ(decoded("JO\x1b\x2d\x41\xC3O", "ISO 2022 IR 6\\ISO 2022 IR 100"), "JOÃO");
}

TEST(Charset, DecodesLatin9WhenItsConverterKnowsIt) {
  // 0xA4 is the euro sign in ISO 8859-15 only.
  if (!is_convertible_charset("ISO_IR 203")) return expect_uncertain("\xA4", "ISO_IR 203");
  EXPECT_EQ(decoded("\xA4", "ISO_IR 203"), "€");
}

TEST(Charset, IgnoresPaddingOfTheDeclaration) { EXPECT_EQ(decoded("\xE3", "ISO_IR 100 "), "ã"); }

TEST(Charset, TakesTheFallbackOnlyWhenNothingIsDeclared) {
  EXPECT_EQ(decoded("JO\xC3O", "", "ISO_IR 100"), "JOÃO");
  EXPECT_EQ(decoded("JO\xC3\x83O", "ISO_IR 192", "ISO_IR 100"), "JOÃO");
}

TEST(Charset, IsUncertainForBytesBeyondAsciiThatNothingExplains) {
  expect_uncertain("JO\xC3O", "");
  expect_uncertain("JO\xC3O", "ISO_IR 6");
  EXPECT_EQ(decoded("JOAO", ""), "JOAO");
}

TEST(Charset, IsUncertainForInvalidBytes) {
  expect_uncertain("JO\xC3", "ISO_IR 192");
  expect_uncertain("JO\xC0\xAF", "ISO_IR 192");
  expect_uncertain("\xA1", "ISO_IR 127");  // not assigned in ISO 8859-6
}

TEST(Charset, AnUnknownSetMattersOnlyForWhatIsNotAscii) {
  for (const auto* set : {"LATIN1", "ISO_IR 999", "ISO-IR 999", "ISO 2022 IR 999"}) {
    EXPECT_EQ(*decode_text("JOAO", set, ""), "JOAO") << set;
    expect_uncertain("JO\xC3O", set);
    expect_uncertain("\x1b(JJOAO", set);
  }
  EXPECT_FALSE(is_convertible_charset("ISO_IR 999"));
}

TEST(Charset, ReadsAKnownSetThatIsDeclaredInAnotherSpelling) {
  EXPECT_EQ(decoded("JO\xC3O", "ISO 2022 IR 100"), "JOÃO");
  EXPECT_EQ(decoded("JO\xC3O", "ISO-IR 100 "), "JOÃO");
  EXPECT_EQ(decoded("\xBF", "ISO 2022 IR 144"), "П");
  EXPECT_EQ(decoded("JO\xC3\x83O", "ISO-IR 192"), "JOÃO");
  EXPECT_EQ(decoded("JO\xC3O", "", "ISO-IR 100"), "JOÃO");
  EXPECT_TRUE(is_convertible_charset("ISO-IR 100"));
  // A switch to another set, which one value does not allow; and declarations that nobody knows.
  expect_uncertain("\x1b\x24\x29\x43\xB1JO", "ISO 2022 IR 100");
  expect_uncertain("JO\xC3O", "ISO 2022 IR 192");
  expect_uncertain("JO\xC3O", "ISO-IR 100\\ISO-IR 101");
}

TEST(Charset, NeverGuessesJapaneseThatTheConverterLacks) {
  const std::string_view yamada = "\x1b$B;3ED\x1b(B";
  const auto text = decode_text(yamada, "\\ISO 2022 IR 87", "");

  if (text)
    EXPECT_EQ(*text, "山田");
  else
    EXPECT_EQ(text.error().fault, Fault::Uncertain);
}

TEST(Charset, ReadsPlainAsciiUnderAJapaneseDeclaration) {
  EXPECT_EQ(decoded("YAMADA^TARO", "\\ISO 2022 IR 87"), "YAMADA^TARO");
}

TEST(Fold, MakesSpellingsOfOneNameEqual) {
  EXPECT_EQ(fold("JOÃO"), "joao");
  EXPECT_EQ(fold("João"), "joao");
  EXPECT_EQ(fold("JOA\xCC\x83O"), "joao");  // combining tilde
  EXPECT_EQ(fold("JOAO"), "joao");
  EXPECT_EQ(fold("Conceição"), "conceicao");
  EXPECT_EQ(fold("ＡＢＣ"), "abc");
}

TEST(Fold, RepairsUtf8ThatWasReadAsLatin1) {
  EXPECT_EQ(fold("JoÃ£o"), "joao");
  EXPECT_EQ(fold("CONCEIÃ‡ÃƒO"), "conceicao");  // read as Windows-1252
  EXPECT_EQ(fold("JoÃƒÂ£o"), "joao");           // twice
}

TEST(Fold, LeavesRealAccentsAloneThatOnlyLookLikeMojibake) {
  EXPECT_EQ(fold("Ã"), "a");
  EXPECT_EQ(fold("São José"), "sao jose");
}

TEST(Fold, TreatsBytesThatAreNotUtf8AsLatin1) { EXPECT_EQ(fold("JO\xC3O"), "joao"); }

}  // namespace
}  // namespace dosigate
