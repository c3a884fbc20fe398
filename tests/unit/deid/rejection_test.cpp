// Rejection notes: those of the hospital's own are read, those of this node are made.

#include "content_trees.h"
#include "dosigate/identity/subject.h"
#include "judged.h"

#include <gmock/gmock.h>

namespace dosigate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kQuality = "113001";

class RejectionNotes : public Cleaning {};

DataSet note_of_pacs(const std::string& code, bool with_evidence = true) {
  DataSet made = report(kKeyObjectSelection, {code, "DCM", "some title"}).with(DCM_Modality, "KO");
  DcmItem& root = made.root();
  content(root, "IMAGE", {}, "1.2.826.0.1.77.1");
  content(root, "IMAGE", {}, "1.2.826.0.1.77.2");
  if (!with_evidence) return made;
  DcmItem& study = new_item(root, DCM_CurrentRequestedProcedureEvidenceSequence);
  put(study, DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.99.1");
  DcmItem& series = new_item(study, DCM_ReferencedSeriesSequence);
  put(series, DCM_SeriesInstanceUID, "1.2.826.0.1.77");
  for (const char* uid : {"1.2.826.0.1.77.1", "1.2.826.0.1.77.2", "1.2.826.0.1.77.1"}) {
    DcmItem& object = new_item(series, DCM_ReferencedSOPSequence);
    put(object, DCM_ReferencedSOPClassUID, kPetImageStorage);
    put(object, DCM_ReferencedSOPInstanceUID, uid);
  }
  return made;
}

Deidentifier::Note own_note() {
  Deidentifier::Note note;
  note.pseudonym = "DSG-HA-0000-0000-000";
  note.study_uid = fresh_uid();
  note.code = kQuality;
  const std::string pet = fresh_uid(), dose = fresh_uid();
  note.objects = {{kPetImageStorage, pet, fresh_uid()},
                  {"1.2.840.10008.5.1.4.1.1.88.67", dose, fresh_uid()},
                  {kPetImageStorage, pet, fresh_uid()}};
  return note;
}

std::unique_ptr<DcmDataset> parsed(const CleanInstance& instance) {
  auto out =
      parse_data_set(all_bytes(instance), *find_transfer_syntax(instance.transfer_syntax_uid()));
  if (!out) throw std::runtime_error(out.error().detail);
  return std::move(*out);
}

TEST_F(RejectionNotes, AreReadAsTheyWentOutForEachOfTheFourTitles) {
  for (const char* code : {"113001", "113037", "113038", "113039"}) {
    const Verdict verdict = clean(note_of_pacs(code));

    const auto out = output_of(verdict);
    const auto& rejection = std::get<Cleaned>(verdict).rejection;
    ASSERT_TRUE(rejection) << code;
    EXPECT_EQ(rejection->code, code);
    ASSERT_EQ(rejection->studies.size(), 1U);
    EXPECT_EQ(rejection->studies[0].study_uid, text_at(*out, DCM_StudyInstanceUID));
    ASSERT_EQ(rejection->studies[0].sop_uids.size(), 2U);
    EXPECT_NO_THROW((void)uuid_of(rejection->studies[0].sop_uids[0]));
    EXPECT_TRUE(has_bytes(std::get<Cleaned>(verdict).instance, rejection->studies[0].sop_uids[1]));
    EXPECT_FALSE(has_bytes(std::get<Cleaned>(verdict).instance, "1.2.826.0.1.77"));
  }
}

TEST_F(RejectionNotes, WithoutEvidenceAreReadFromTheirContent) {
  const Verdict verdict = clean(note_of_pacs(kQuality, false));

  const auto out = output_of(verdict);
  const auto& rejection = std::get<Cleaned>(verdict).rejection;
  ASSERT_TRUE(rejection);
  ASSERT_EQ(rejection->studies.size(), 1U);
  EXPECT_EQ(rejection->studies[0].study_uid, text_at(*out, DCM_StudyInstanceUID));
  EXPECT_EQ(rejection->studies[0].sop_uids.size(), 2U);
}

TEST_F(RejectionNotes, AreToldFromOtherKeyObjectsAndOtherReports) {
  EXPECT_FALSE(std::get<Cleaned>(clean(note_of_pacs("113000"))).rejection);
  EXPECT_FALSE(std::get<Cleaned>(clean(report(kEnhancedSr, {kQuality, "DCM", "x"}))).rejection);
  EXPECT_FALSE(std::get<Cleaned>(clean(pet_slice())).rejection);
  EXPECT_EQ(rejection_meaning("113037"), "Rejected for Patient Safety Reasons");
  EXPECT_EQ(rejection_meaning("113000"), "");
}

TEST(OwnRejectionNote, NamesEveryObjectInEvidenceAndContent) {
  const Deidentifier::Note note = own_note();

  const CleanInstance made = Deidentifier::make_rejection_note(note);

  EXPECT_EQ(made.sop_class_uid(), kKeyObjectSelection);
  EXPECT_EQ(made.study_instance_uid(), note.study_uid);
  EXPECT_EQ(made.pseudonym(), note.pseudonym);
  EXPECT_NO_THROW((void)uuid_of(made.sop_instance_uid()));
  const auto out = parsed(made);
  EXPECT_EQ(text_at(*out, DCM_SOPInstanceUID), made.sop_instance_uid());
  EXPECT_EQ(text_at(*out, DCM_PatientID), note.pseudonym);
  EXPECT_EQ(text_at(*out, DCM_PatientName), note.pseudonym);
  EXPECT_EQ(text_at(*out, DCM_PatientIdentityRemoved), "YES");
  EXPECT_EQ(text_at(*out, DCM_LongitudinalTemporalInformationModified), "REMOVED");
  EXPECT_EQ(text_at(*out, DCM_Manufacturer), "dosigate");
  EXPECT_EQ(value(*out, DCM_CodeMeaning), "Rejected for Quality Reasons");
  DcmItem *study = nullptr, *series = nullptr;
  ASSERT_TRUE(
      out->findAndGetSequenceItem(DCM_CurrentRequestedProcedureEvidenceSequence, study).good());
  std::vector<std::size_t> objects;
  for (long i = 0; study->findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series, i).good();
       ++i) {
    DcmSequenceOfItems* sops = nullptr;
    ASSERT_TRUE(series->findAndGetSequence(DCM_ReferencedSOPSequence, sops).good());
    objects.push_back(sops->card());
  }
  EXPECT_THAT(objects, ::testing::UnorderedElementsAre(2U, 1U));
  std::vector<std::string> types;
  DcmItem* item = nullptr;
  for (long i = 0; out->findAndGetSequenceItem(DCM_ContentSequence, item, i).good(); ++i)
    types.push_back(text_at(*item, DCM_ValueType));
  EXPECT_THAT(types, ElementsAre("IMAGE", "COMPOSITE", "IMAGE"));
}

TEST(OwnRejectionNote, HasNoDateFromWhichAnOffsetCouldBeReckoned) {
  const auto out = parsed(Deidentifier::make_rejection_note(own_note()));

  EXPECT_EQ(text_at(*out, DCM_ContentDate), "19000101");
  EXPECT_EQ(text_at(*out, DCM_ContentTime), "000000");
  for (auto* element = out->nextInContainer(nullptr); element != nullptr;
       element = out->nextInContainer(element)) {
    const DcmTagKey tag = element->getTag();
    if (tag == DCM_ContentDate || tag == DCM_ContentTime) continue;
    const DcmEVR vr = static_cast<DcmElement*>(element)->getVR();
    if (vr != EVR_DA && vr != EVR_DT && vr != EVR_TM) continue;
    EXPECT_EQ(element->getLength(), 0U) << tag_text(tag);
  }
}

TEST(OwnRejectionNote, IsValidAfterOtherPeoplesSoftware) {
  if (find_program("dciodvfy").empty() || find_program("dsrdump").empty())
    GTEST_SKIP() << "dicom3tools or dcmtk is not installed";
  TempDir dir;
  for (const char* code : {"113001", "113037", "113038", "113039"}) {
    Deidentifier::Note note = own_note();
    note.code = code;

    const auto file = write_file(Deidentifier::make_rejection_note(note), dir.path / "note.dcm");

    EXPECT_THAT(dciodvfy_errors(file), IsEmpty()) << code;
    const Finished dump = run({"dsrdump", file.string()});
    EXPECT_EQ(dump.code, 0) << dump.output;
    EXPECT_THAT(dump.output, HasSubstr(std::string(rejection_meaning(code))));
    EXPECT_THAT(dump.output, Not(HasSubstr("\nE: ")));
  }
}

TEST(OwnRejectionNote, OfNothingOrUnderAnotherTitleIsABug) {
  Deidentifier::Note empty = own_note(), untitled = own_note();
  empty.objects.clear();
  untitled.code = "113000";

  EXPECT_THROW((void)Deidentifier::make_rejection_note(empty), std::invalid_argument);
  EXPECT_THROW((void)Deidentifier::make_rejection_note(untitled), std::invalid_argument);
}

}  // namespace
}  // namespace dosigate::testing
