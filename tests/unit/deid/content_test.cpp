#include <gtest/gtest.h>

#include "content_trees.h"
#include "deid/content.h"
#include "deid/content_graphics.h"

namespace dosigate::testing {
namespace {

Options dosimetry_options() {
  Options options;
  options.retain_safe_private = true;
  options.retain_patient_characteristics = true;
  options.retain_long_modified_dates = true;
  options.clean_descriptors = true;
  options.clean_structured_content = true;
  return options;
}

const Concept kLocal{"L-1", "99HOSP", "Local"};

ContentRuling ruling_of(std::string_view type, const Concept& name, std::string_view value,
                        const Options& options = dosimetry_options()) {
  DcmDataset parent;
  return rule_content_item(content(parent, type, name, value), options);
}

TEST(ContentItem, OfAConceptNobodyListsIsRuledByItsValueType) {
  EXPECT_EQ(ruling_of("TEXT", kLocal, "word").value, Action::CleanText);
  EXPECT_EQ(ruling_of("TEXT", kLocal, "word").otherwise, Action::Dummy);
  EXPECT_EQ(ruling_of("PNAME", kLocal, "A^B").value, Action::Dummy);
  EXPECT_EQ(ruling_of("DATE", kLocal, "20240229").value, Action::ShiftDate);
  EXPECT_EQ(ruling_of("DATETIME", kLocal, "20240229101500").value, Action::ShiftDate);
  EXPECT_EQ(ruling_of("TIME", kLocal, "101500").value, Action::ShiftDate);  // checked, not moved
  EXPECT_EQ(ruling_of("UIDREF", kLocal, "1.2.3").value, Action::MapUid);
  EXPECT_EQ(ruling_of("IMAGE", {}, "1.2.3").value, Action::MapUid);
  EXPECT_EQ(ruling_of("NUM", kLocal, "1").value, Action::Keep);
  EXPECT_EQ(ruling_of("CODE", kLocal, "x").value, Action::Keep);
  EXPECT_EQ(ruling_of("CONTAINER", kLocal, "").value, Action::Keep);
}

TEST(ContentItem, LosesItsDateAndItsTextWhereNoOptionKeepsThem) {
  Options options;
  options.clean_structured_content = true;

  EXPECT_EQ(ruling_of("TEXT", kLocal, "word", options).value, Action::Dummy);
  EXPECT_EQ(ruling_of("DATETIME", kLocal, "20240229101500", options).value, Action::Dummy);
  EXPECT_EQ(ruling_of("TIME", kLocal, "101500", options).value, Action::Dummy);
  EXPECT_EQ(ruling_of("UIDREF", kLocal, "1.2.3", options).value, Action::MapUid);
}

TEST(ContentItem, ThatIsABirthDateGoesWhateverTypeItIsWrittenIn) {
  const Concept birth{"121031", "DCM", "Subject Birth Date"};

  EXPECT_TRUE(ruling_of("DATE", birth, "19610503").remove);
  EXPECT_TRUE(ruling_of("DATETIME", birth, "19610503000000").remove);
  EXPECT_TRUE(ruling_of("TEXT", birth, "3 May 1961").remove);
}

TEST(ContentItem, ThatIsABirthDateUnderAnotherVocabularyGoesToo) {
  for (const Concept& birth :
       {Concept{"21112-8", "LN", "Birth date"}, Concept{"184099003", "SCT", "Date of birth"}}) {
    EXPECT_TRUE(ruling_of("DATE", birth, "19610503").remove) << birth.code;
    EXPECT_TRUE(ruling_of("DATETIME", birth, "19610503000000").remove) << birth.code;
    EXPECT_TRUE(ruling_of("TEXT", birth, "3 May 1961").remove) << birth.code;
    EXPECT_EQ(ruling_of("CODE", birth, "Known").value, Action::Keep) << birth.code;
  }
}

TEST(ContentItem, ThatIsACodeStaysThoughItsConceptIsTypedTextElsewhere) {
  EXPECT_EQ(ruling_of("CODE", {"121071", "DCM", "Finding"}, "Mass").value, Action::Keep);
  EXPECT_EQ(ruling_of("CODE", {"363698007", "SCT", "Finding Site"}, "Liver").value, Action::Keep);
}

TEST(ContentItem, NamesTheSubjectByThePseudonym) {
  EXPECT_TRUE(ruling_of("PNAME", {"121029", "DCM", "Subject Name"}, "A^B").names_subject);
  EXPECT_TRUE(ruling_of("TEXT", {"121030", "DCM", "Subject ID"}, "7788123").names_subject);
  EXPECT_FALSE(ruling_of("PNAME", {"121008", "DCM", "Person Observer Name"}, "A^B").names_subject);
  EXPECT_FALSE(ruling_of("TEXT", {"121030", "99HOSP", "Local"}, "A").names_subject);
}

TEST(ContentItem, OfADeviceHasItsUidMappedLikeTheDevicesOwn) {
  EXPECT_TRUE(ruling_of("UIDREF", {"121012", "DCM", "Device Observer UID"}, "1.2").names_equipment);
  EXPECT_FALSE(
      ruling_of("UIDREF", {"113503", "DCM", "Administration Event UID"}, "1.2").names_equipment);
}

TEST(ContentItem, ThatNamesAClassKeepsItsUid) {
  EXPECT_EQ(ruling_of("UIDREF", {"110181", "DCM", "SOP Class UID"}, "1.2.3").value, Action::Keep);
}

TEST(ContentItem, OfVendorModelAndPublishedTablesKeepsItsText) {
  EXPECT_EQ(ruling_of("TEXT", {"121015", "DCM", "Device Observer Model Name"}, "Biograph").value,
            Action::Keep);
  EXPECT_EQ(ruling_of("TEXT", {"121406", "DCM", "Reference Authority"}, "ICRP 128").value,
            Action::Keep);
  EXPECT_EQ(ruling_of("PNAME", {"121015", "DCM", "Device Observer Model Name"}, "A^B").value,
            Action::Dummy);
}

TEST(ContentItem, ThatTellsMeasurementsApartKeepsALabelOfOurs) {
  const Concept tracking{"112039", "DCM", "Tracking Identifier"};
  Options without;
  without.clean_structured_content = true;

  EXPECT_EQ(ruling_of("TEXT", tracking, "lesion 3").value, Action::Pseudonymise);
  EXPECT_EQ(ruling_of("TEXT", tracking, "lesion 3", without).value, Action::Pseudonymise);
}

TEST(ContentItem, WithoutAValueTypeIsOfTheTypeOfTheValueItHas) {
  DcmDataset data_set;
  DcmItem& item = new_item(data_set, DCM_AcquisitionContextSequence);
  put_code(item, DCM_ConceptNameCodeSequence, {"121031", "DCM", "Subject Birth Date"});
  put(item, DCM_Date, "19610503");
  DcmItem& number = new_item(data_set, DCM_AcquisitionContextSequence);
  put_code(number, DCM_ConceptNameCodeSequence, kLocal);
  put(number, DCM_NumericValue, "5.5");

  EXPECT_TRUE(rule_content_item(item, dosimetry_options()).remove);
  EXPECT_EQ(rule_content_item(number, dosimetry_options()).type, ContentType::Number);
}

TEST(ContentItem, KeepsNoValueOfAnotherTypeThanItsOwn) {
  DcmDataset parent;
  DcmItem& item = content(parent, "NUM", kLocal, "394");
  put(item, DCM_TextValue, "JOANA SILVAMARKER");

  const ContentRuling ruling = rule_content_item(item, dosimetry_options());

  EXPECT_EQ(content_value_action(ruling, 0x0040A300U), Action::Keep);
  EXPECT_EQ(content_value_action(ruling, 0x0040A160U), Action::Remove);
}

TEST(ContentItem, OfAnUnknownTypeKeepsNoValue) {
  DcmDataset parent;
  DcmItem& item = content(parent, "NEWTYPE", kLocal, "JOANA");

  const ContentRuling ruling = rule_content_item(item, dosimetry_options());

  EXPECT_EQ(ruling.type, ContentType::Unknown);
  EXPECT_EQ(content_value_action(ruling, 0x0040A160U), Action::Remove);
}

TEST(ContentItem, WithABrokenConceptNameIsRuledByItsType) {
  DcmDataset parent;
  DcmItem& empty = content(parent, "TEXT", {}, "word");
  DcmElement* names = new DcmSequenceOfItems(DCM_ConceptNameCodeSequence);
  ASSERT_TRUE(empty.insert(names).good());
  DcmItem& untyped = content(parent, "", {}, "");

  EXPECT_EQ(rule_content_item(empty, dosimetry_options()).source, "value type TEXT");
  EXPECT_EQ(rule_content_item(untyped, dosimetry_options()).type, ContentType::Text);
}

TEST(ContentItem, IsFoundByTheSequencesOfItsMacro) {
  EXPECT_TRUE(is_content_sequence(0x0040A730U));
  EXPECT_TRUE(is_content_sequence(0x00400555U));
  EXPECT_TRUE(is_content_sequence(0x00400612U));
  EXPECT_TRUE(is_content_sequence(0x0040B020U));
  EXPECT_FALSE(is_content_sequence(0x0040A168U));
  EXPECT_FALSE(is_content_sequence(0x00400610U));  // its items hold the 0612
}

TEST(ContentItem, ReferredToByPlaceIsNoticedAtAnyDepth) {
  DcmDataset without, with;
  content(content(without, "CONTAINER", kLocal), "TEXT", kLocal, "word");
  DcmItem& inner = content(content(with, "CONTAINER", kLocal), "NUM", kLocal, "1");
  put_value(new_item(inner, DCM_ContentSequence), DCM_ReferencedContentItemIdentifier, EVR_UL,
            "1\\2");

  EXPECT_FALSE(has_references_by_position(without));
  EXPECT_TRUE(has_references_by_position(with));
}

TEST(Graphics, KeepShapesCleanTextAndLoseBitmaps) {
  EXPECT_EQ(graphics_action(0x00700001U), Action::Keep);
  EXPECT_EQ(graphics_action(0x00700006U), Action::CleanText);
  EXPECT_EQ(graphics_action(0x60003000U), Action::Remove);
  EXPECT_EQ(graphics_action(0x60024000U), Action::Remove);
  EXPECT_EQ(graphics_action(0x50003000U), Action::Remove);
  EXPECT_EQ(graphics_action(0x00700022U), std::nullopt);
  EXPECT_EQ(graphics_action(0x00500004U), std::nullopt);  // group 0050 is no curve
}

}  // namespace
}  // namespace dosigate::testing
