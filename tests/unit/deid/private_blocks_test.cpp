// Who reserved a block, as received: creators in one group, twice, padded, misspelt or missing
// (PS3.5 7.8.1).

#include <algorithm>

#include "cleaning.h"

namespace dosigate::testing {
namespace {

constexpr const char* kPt = "SIEMENS MED PT";  // (0071,xx22) is moved, (0071,xx24) stays
const std::string kInstant = "20250304101601.25";

class PrivateBlocks : public Cleaning {
 protected:
  std::unique_ptr<DcmDataset> cleaned(DataSet&& source) {
    return output_of(clean(std::move(source)));
  }
  static bool is_moved(DcmItem& item, const DcmTagKey& tag) {
    const std::string after = value(item, tag);
    return after.size() == kInstant.size() && after.substr(8) == kInstant.substr(8) &&
           after.substr(0, 8) != kInstant.substr(0, 8);
  }
  /// In Implicit VR a reader without our lists sees bytes only.
  static bool is_moved_somewhere(const Verdict& verdict) {
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    return cleaned != nullptr && has_bytes(cleaned->instance, kInstant.substr(8)) &&
           !has_bytes(cleaned->instance, kInstant.substr(0, 8));
  }
};

TEST_F(PrivateBlocks, StayWhereTheyWereReceived) {
  for (const Uint16 block : {Uint16{0x10}, Uint16{0x11}, Uint16{0x7F}, Uint16{0xFF}}) {
    const DcmTagKey creator(0x0071, block),
        element(0x0071, static_cast<Uint16>(block << 8U | 0x22U));

    const auto out = cleaned(ct_slice().with(creator, EVR_LO, kPt).with(element, EVR_DT, kInstant));

    EXPECT_TRUE(is_moved(*out, element)) << block;
    EXPECT_EQ(value(*out, creator), kPt);
  }
}

TEST_F(PrivateBlocks, OfTwoCreatorsInOneGroupAreJudgedByTheirOwn) {
  const auto out = cleaned(ct_slice()
                               .with(DcmTagKey(0x0071, 0x0010), EVR_LO, "ACME 1")
                               .with(DcmTagKey(0x0071, 0x0011), EVR_LO, kPt)
                               .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant)
                               .with(DcmTagKey(0x0071, 0x1122), EVR_DT, kInstant));

  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0010)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0011)), kPt);
  EXPECT_TRUE(is_moved(*out, DcmTagKey(0x0071, 0x1122)));
}

TEST_F(PrivateBlocks, ThatOneCreatorReservedTwiceAreBothItsOwn) {
  const auto out = cleaned(ct_slice()
                               .with(DcmTagKey(0x0071, 0x0010), EVR_LO, kPt)
                               .with(DcmTagKey(0x0071, 0x0011), EVR_LO, kPt)
                               .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant)
                               .with(DcmTagKey(0x0071, 0x1122), EVR_DT, kInstant));

  EXPECT_TRUE(is_moved(*out, DcmTagKey(0x0071, 0x1022)));
  EXPECT_TRUE(is_moved(*out, DcmTagKey(0x0071, 0x1122)));
}

TEST_F(PrivateBlocks, OfOneCreatorInTwoGroupsAreReservedForEach) {
  const auto out = cleaned(ct_slice()
                               .with(DcmTagKey(0x0009, 0x0010), EVR_LO, "GEMS_PETD_01")
                               .with(DcmTagKey(0x0009, 0x100D), EVR_DT, kInstant)
                               .with(DcmTagKey(0x0017, 0x1004), EVR_DT, kInstant));

  EXPECT_TRUE(is_moved(*out, DcmTagKey(0x0009, 0x100D)));
  EXPECT_EQ(value(*out, DcmTagKey(0x0017, 0x1004)), "-") << "nobody reserved (0017,10xx)";
}

TEST_F(PrivateBlocks, AreKnownByTheCreatorWithoutItsPadding) {
  for (const auto* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}) {
    const Verdict verdict = clean(ct_slice()
                                      .with(DcmTagKey(0x0071, 0x0010), EVR_LO, "SIEMENS MED PT    ")
                                      .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant),
                                  "dosimetry", syntax);

    EXPECT_TRUE(is_moved_somewhere(verdict)) << syntax;
  }
}

TEST_F(PrivateBlocks, OfACreatorSentAsUnAreItsOwn) {
  const auto out = cleaned(ct_slice()
                               .with_bytes(DcmTagKey(0x0071, 0x0010), EVR_UN, kPt)
                               .with_bytes(DcmTagKey(0x0071, 0x1022), EVR_UN, kInstant + " "));

  EXPECT_TRUE(is_moved(*out, DcmTagKey(0x0071, 0x1022)));
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0010)), kPt);
}

TEST_F(PrivateBlocks, OfAnyOtherSpellingAreNobodys) {
  for (const auto* creator : {"siemens med pt", "SIEMENS  MED PT", "SIEMENS MED PT 2",
                              "SIEMENS MED P", "SIEMENS MED PT\\SIEMENS MED PT"}) {
    const auto out = cleaned(ct_slice()
                                 .with(DcmTagKey(0x0071, 0x0010), EVR_LO, creator)
                                 .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant));

    EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)), "-") << creator;
    EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0010)), "-") << creator;
  }
}

TEST_F(PrivateBlocks, WithoutACreatorGo) {
  for (const auto* creator : {"", "   "}) {
    const auto out = cleaned(ct_slice()
                                 .with(DcmTagKey(0x0071, 0x0010), EVR_LO, creator)
                                 .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant));
    EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)), "-");
  }
  const auto out = cleaned(ct_slice().with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant));
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)), "-");
}

TEST_F(PrivateBlocks, ReservedOutsideAreNotReservedInsideASequence) {
  const auto out = cleaned(ct_slice()
                               .with(DcmTagKey(0x0071, 0x0010), EVR_LO, kPt)
                               .with_nested(DCM_DetectorInformationSequence,
                                            DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant));

  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x1022)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0010)), "-") << "nothing of its block is left";
}

TEST_F(PrivateBlocks, BelowTheFirstPrivateGroupAndBelowTheFirstBlockGo) {
  for (const Uint16 group : {Uint16{0x0005}, Uint16{0x0007}}) {
    const auto out = cleaned(ct_slice()
                                 .with(DcmTagKey(group, 0x0010), EVR_LO, kPt)
                                 .with(DcmTagKey(group, 0x1022), EVR_LO, "HOSPITALMARKER99"));
    EXPECT_EQ(value(*out, DcmTagKey(group, 0x1022)), "-");
    EXPECT_EQ(value(*out, DcmTagKey(group, 0x0010)), "-");
  }
  // (0071,0022) is itself a creator, of block 22; (0071,0101) is in no block.
  const auto out = cleaned(ct_slice()
                               .with(DcmTagKey(0x0071, 0x0010), EVR_LO, kPt)
                               .with(DcmTagKey(0x0071, 0x0022), EVR_LO, "HOSPITALMARKER99")
                               .with(DcmTagKey(0x0071, 0x0101), EVR_LO, "HOSPITALMARKER99"));
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0022)), "-");
  EXPECT_EQ(value(*out, DcmTagKey(0x0071, 0x0101)), "-");
}

TEST_F(PrivateBlocks, InsidePrivateSequencesInsidePrivateSequencesHaveCreatorsOfTheirOwn) {
  for (const auto* syntax : {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}) {
    DataSet source = ct_slice()
                         .with(DcmTagKey(0x0055, 0x0010), EVR_LO, "GEMS_GENIE_1")
                         .with_nested(DcmTagKey(0x0055, 0x1022), DcmTagKey(0x0055, 0x0031), EVR_LO,
                                      "GEMS_GENIE_1");
    DcmItem* outer = nullptr;
    ASSERT_TRUE(source.root().findAndGetSequenceItem(DcmTagKey(0x0055, 0x1022), outer, 0).good());
    // In this item the vendor's block is 31 and another's is 10.
    put_value(*outer, DcmTagKey(0x0055, 0x0010), EVR_LO, "ACME 1");
    put_value(*outer, DcmTagKey(0x0055, 0x1012), EVR_LO, "HOSPITALMARKER99");
    auto* inner_sequence = new DcmSequenceOfItems(DcmTag(DcmTagKey(0x0055, 0x3112), DcmVR(EVR_SQ)));
    ASSERT_TRUE(outer->insert(inner_sequence).good());
    auto* inner = new DcmItem;
    ASSERT_TRUE(inner_sequence->append(inner).good());
    put_value(*inner, DcmTagKey(0x0071, 0x0044), EVR_LO, kPt);
    put_value(*inner, DcmTagKey(0x0071, 0x4422), EVR_DT, kInstant);
    put_value(*inner, DCM_PatientName, EVR_PN, "SILVAMARKER");

    const Verdict verdict = clean(std::move(source), "dosimetry", syntax);

    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    ASSERT_NE(cleaned, nullptr) << describe(verdict);
    const auto out = output_of(verdict);
    EXPECT_TRUE(is_moved_somewhere(verdict)) << syntax;
    EXPECT_NE(value(*out, DcmTagKey(0x0071, 0x4422)), "-") << syntax;
    EXPECT_EQ(value(*out, DcmTagKey(0x0055, 0x1012)), "-") << syntax;
    for (const auto* gone : {"HOSPITALMARKER99", "ACME 1", "SILVAMARKER", "20250304"})
      EXPECT_FALSE(has_bytes(cleaned->instance, gone)) << gone << " " << syntax;
  }
}

TEST_F(PrivateBlocks, AListedNumberSentAsTextOrBytesIsRemoved) {
  const DcmTagKey creator(0x0057, 0x0010), element(0x0057, 0x1002);
  for (const DcmEVR vr : {EVR_LO, EVR_OB, EVR_PN}) {
    EXPECT_EQ(
        value(
            *output_of(clean(
                ct_slice().with(creator, EVR_LO, "SIEMENS MED NM").with(element, vr, "somebody"))),
            element),
        "-");
  }
}

/// The dictionaries say SL, the camera sends one number for each frame as OW.
TEST_F(PrivateBlocks, TheFrameTimesOfSiemensStayAsNumbersAndAsWords) {
  const DcmTagKey creator(0x7FE3, 0x0010), element(0x7FE3, 0x1017);
  const std::string two_frames("\x98\x3A\0\0\x98\x3A\0\0", 8);

  for (const DcmEVR vr : {EVR_OW, EVR_UN}) {
    const Verdict verdict = clean(
        ct_slice().with(creator, EVR_LO, "SIEMENS MED NM").with_bytes(element, vr, two_frames));
    ASSERT_TRUE(std::holds_alternative<Cleaned>(verdict)) << describe(verdict);
    EXPECT_TRUE(has_bytes(std::get<Cleaned>(verdict).instance, two_frames));
  }
  EXPECT_EQ(value(*output_of(clean(ct_slice()
                                       .with(creator, EVR_LO, "SIEMENS MED NM")
                                       .with(element, EVR_SL, "15000\\15000"))),
                  element),
            "15000\\15000");
}

TEST_F(PrivateBlocks, WhatIsRemovedIsToldByItsCreator) {
  const Verdict verdict = clean(ct_slice()
                                    .with(DcmTagKey(0x0009, 0x0010), EVR_LO, "ACME 1")
                                    .with(DcmTagKey(0x0009, 0x1001), EVR_LO, "x")
                                    .with(DcmTagKey(0x0009, 0x1002), EVR_LO, "y")
                                    .with(DcmTagKey(0x0071, 0x0010), EVR_LO, kPt)
                                    .with(DcmTagKey(0x0071, 0x1022), EVR_DT, kInstant)
                                    .with(DcmTagKey(0x0071, 0x0011), EVR_LO, "ACME 2")
                                    .with(DcmTagKey(0x0071, 0x1101), EVR_LO, "z"));

  const auto* cleaned = std::get_if<Cleaned>(&verdict);
  ASSERT_NE(cleaned, nullptr) << describe(verdict);
  auto creators = cleaned->removed_creators;
  std::sort(creators.begin(), creators.end());
  EXPECT_EQ(creators, (std::vector<std::string>{"ACME 1", "ACME 2"}));
}

}  // namespace
}  // namespace dosigate::testing
