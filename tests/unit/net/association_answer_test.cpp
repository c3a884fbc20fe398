// What an archive may answer to our association request, and what a hostile one may not.

#include "association_answer.h"

#include <gmock/gmock.h>

#include <functional>

#include "support/pdu_bytes.h"

namespace dosigate {
namespace {

using testing::append;
using testing::item;
using testing::pdu;

Bytes text(std::string_view value) { return {value.begin(), value.end()}; }

AssociationRequest asked() {
  AssociationRequest out;
  out.contexts = {{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}},
                  {3, "1.2.840.10008.5.1.4.1.1.2", {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}}};
  return out;
}

Bytes context(Byte id, Byte result, std::string_view syntax) {
  Bytes body{id, 0, result, 0};
  append(body, item(0x40, text(syntax)));
  return item(0x21, body);
}

Bytes user_information() {
  Bytes body = item(0x51, Bytes{0, 0, 0x40, 0});
  append(body, item(0x52, text("1.2.3")));
  append(body, item(0x54, Bytes{0, 3, '1', '.', '2', 1, 0}));
  append(body, item(0x54, Bytes{0, 3, '1', '.', '3', 1, 0}));
  return item(0x50, body);
}

Bytes accept_of(std::initializer_list<Bytes> items) {
  Bytes body{0, 1, 0, 0};
  body.resize(68, ' ');
  for (const Bytes& one : items) append(body, one);
  return pdu(2, body);
}

Bytes application() { return item(0x10, text("1.2.840.10008.3.1.1.1")); }

std::string judged(const Bytes& answer) {
  const auto done = check_association_answer(answer, asked());
  return done ? "good" : done.error().detail;
}

TEST(AssociationAnswer, AnAcceptanceOfWhatWasProposedIsGood) {
  EXPECT_EQ(judged(accept_of({application(), context(1, 0, "1.2.840.10008.1.2"),
                              context(3, 0, "1.2.840.10008.1.2.1"), user_information()})),
            "good");
  // Padded, refused without a syntax, and an item nobody knows.
  EXPECT_EQ(judged(accept_of(
                {application(), context(1, 0, std::string_view("1.2.840.10008.1.2\0", 18)),
                 item(0x21, Bytes{3, 0, 3, 0}), item(0x99, Bytes{1, 2}), user_information()})),
            "good");
}

TEST(AssociationAnswer, RejectsAndAbortsAreGood) {
  EXPECT_EQ(judged(association_reject(1, 1, 7)), "good");
  EXPECT_EQ(judged(abort_pdu(0, 0)), "good");
}

struct Broken {
  const char* name;
  Bytes answer;
  const char* words;
};
void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class BrokenAnswer : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenAnswer, IsRefusedInWords) {
  EXPECT_THAT(judged(GetParam().answer), ::testing::HasSubstr(GetParam().words));
}

Bytes accepted_and(const Bytes& more) {
  return accept_of({application(), context(1, 0, "1.2.840.10008.1.2"), user_information(), more});
}

Bytes information_of(const Bytes& subs) {
  return accept_of({application(), context(1, 0, "1.2.840.10008.1.2"), item(0x50, subs)});
}

Bytes twice(const Bytes& bytes) {
  Bytes out = bytes;
  append(out, bytes);
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenAnswer,
    ::testing::Values(
        Broken{"OtherPdu", pdu(4, Bytes(80)), "PDU of type 4 is no answer"},
        Broken{"LongReject", pdu(3, Bytes(5)), "says that it has 5 bytes"},
        Broken{"ShortAbort", pdu(7, Bytes(3)), "says that it has 3 bytes"},
        Broken{"ShortAcceptance", pdu(2, Bytes(67)), "says that it has 67 bytes"},
        Broken{"HugeAcceptance", Bytes{2, 0, 0xFF, 0xFF, 0xFF, 0xFF}, "4294967295 bytes"},
        Broken{"CutOff",
               [] {
                 Bytes b = accepted_and({});
                 b.pop_back();
                 return b;
               }(),
               "not the number of its bytes"},
        Broken{"ContextNotProposed", accepted_and(context(5, 0, "1.2.840.10008.1.2")),
               "context that was not proposed"},
        Broken{"ContextTwice", accepted_and(context(1, 0, "1.2.840.10008.1.2")), "context twice"},
        Broken{"SyntaxNotProposed", accepted_and(context(3, 0, "1.2.840.10008.1.2.4.50")),
               "transfer syntax that was not proposed"},
        Broken{"AcceptedWithoutSyntax", accepted_and(item(0x21, Bytes{3, 0, 0, 0})),
               "transfer syntax that was not proposed"},
        Broken{"SeveralSyntaxes",
               accepted_and(item(0x21,
                                 [] {
                                   Bytes body{3, 0, 0, 0};
                                   append(body, twice(item(0x40, text("1.2.840.10008.1.2"))));
                                   return body;
                                 }())),
               "several transfer syntaxes"},
        Broken{"LongSyntaxOfARefusal", accepted_and(context(3, 3, std::string(65, '1'))),
               "longer than a UID"},
        Broken{"ShortContext", accepted_and(item(0x21, Bytes{3, 0, 0})), "shorter than 4"},
        Broken{"ItemBeyondItsEnd", accepted_and(Bytes{0x21, 0, 0xFF, 0xFF, 3, 0, 0, 0}),
               "longer than what holds it"},
        Broken{"ItemHeaderCutOff", accepted_and(Bytes{0x21, 0, 0}), "longer than what holds it"},
        Broken{"SyntaxBeyondItsContext",
               accepted_and(item(0x21, Bytes{3, 0, 0, 0, 0x40, 0, 0, 9, '1'})),
               "longer than what holds it"},
        Broken{"NoApplicationContext",
               accept_of({context(1, 0, "1.2.840.10008.1.2"), user_information()}),
               "0 application contexts"},
        Broken{"TwoApplicationContexts", accepted_and(application()), "2 application contexts"},
        Broken{"NoUserInformation", accept_of({application(), context(1, 0, "1.2.840.10008.1.2")}),
               "0 user-information items"},
        Broken{"TwoUserInformations", accepted_and(user_information()), "2 user-information"},
        Broken{"MaximumLengthTwice", information_of(twice(item(0x51, Bytes(4)))), "comes twice"},
        Broken{"ShortMaximumLength", information_of(item(0x51, Bytes(2))), "do not fit"},
        Broken{"LongImplementationClass", information_of(item(0x52, Bytes(65, '1'))), "do not fit"},
        Broken{"LongVersionName", information_of(item(0x55, Bytes(65, 'x'))), "do not fit"},
        Broken{"RoleBeyondItsEnd", information_of(item(0x54, Bytes{0, 9, '1', 1, 0})),
               "do not fit"},
        Broken{"ExtendedBeyondItsEnd", information_of(item(0x56, Bytes{0, 9, '1'})), "do not fit"},
        Broken{"EmptyRole", information_of(item(0x54, {})), "do not fit"}),
    [](const auto& broken) { return std::string(broken.param.name); });

}  // namespace
}  // namespace dosigate
