// A revision of an instance goes out under UIDs of its own and names the version before.

#include "content_trees.h"
#include "judged.h"

#include <set>

namespace dosigate::testing {
namespace {

constexpr const char* kSop = "1.2.826.0.1.3680043.10.99.1.1";
constexpr const char* kSeries = "1.2.826.0.1.3680043.10.99.1.0";

class RevisionOfInstance : public Cleaning {
 protected:
  Verdict as_revision(DataSet&& data, std::uint32_t revision) {
    Decision decision;
    decision.revision = revision;
    return Deidentifier(settings("dosimetry"), *map_).clean(data.received(), decision);
  }
};

std::string at(DcmItem& item, const DcmTagKey& tag) { return text_at(item, tag); }

DcmItem* item_of(DcmItem& item, const DcmTagKey& sequence, long number = 0) {
  DcmItem* found = nullptr;
  return item.findAndGetSequenceItem(sequence, found, number).good() ? found : nullptr;
}

TEST_F(RevisionOfInstance, HasASopAndASeriesUidOfItsOwnAndTheStudyOfTheFirst) {
  const Verdict first = as_revision(pet_slice(), 0), second = as_revision(pet_slice(), 1),
                third = as_revision(pet_slice(), 2);

  std::set<std::string> sops, series, studies;
  for (const Verdict* verdict : {&first, &second, &third}) {
    const auto out = output_of(*verdict);
    const auto& cleaned = std::get<Cleaned>(*verdict);
    sops.insert(at(*out, DCM_SOPInstanceUID));
    series.insert(at(*out, DCM_SeriesInstanceUID));
    studies.insert(at(*out, DCM_StudyInstanceUID));
    EXPECT_EQ(cleaned.instance.sop_instance_uid(), at(*out, DCM_SOPInstanceUID));
    EXPECT_EQ(cleaned.memory.sent_uid, at(*out, DCM_SOPInstanceUID));
    EXPECT_EQ(cleaned.memory.series_uid, at(*out, DCM_SeriesInstanceUID));
    EXPECT_EQ(cleaned.memory.sop_class_uid, kPetImageStorage);
    EXPECT_EQ(cleaned.memory.sop_uid, std::get<Cleaned>(first).memory.sop_uid);
    EXPECT_EQ(cleaned.memory.fingerprint, std::get<Cleaned>(first).memory.fingerprint);
  }
  EXPECT_EQ(sops.size(), 3U);
  EXPECT_EQ(series.size(), 3U);
  EXPECT_EQ(studies.size(), 1U);
  EXPECT_EQ(std::get<Cleaned>(first).memory.sop_uid, std::get<Cleaned>(first).memory.sent_uid);
  EXPECT_EQ(std::get<Cleaned>(third).memory.revision, 2U);
}

TEST_F(RevisionOfInstance, LeavesReferencesToOtherInstancesAsTheyWereAndFollowsItself) {
  const auto with_references = [] {
    DataSet data = pet_slice();
    put(new_item(data.root(), DCM_SourceImageSequence), DCM_ReferencedSOPInstanceUID, "1.2.826.7");
    put(new_item(data.root(), DCM_SourceImageSequence), DCM_ReferencedSOPInstanceUID, kSop);
    return data;
  };

  const auto first = output_of(as_revision(with_references(), 0)),
             second = output_of(as_revision(with_references(), 1));

  const auto reference = [](DcmItem& data, long number) {
    return at(*item_of(data, DCM_SourceImageSequence, number), DCM_ReferencedSOPInstanceUID);
  };
  EXPECT_EQ(reference(*second, 0), reference(*first, 0));
  EXPECT_EQ(reference(*second, 1), at(*second, DCM_SOPInstanceUID));
}

TEST_F(RevisionOfInstance, OfAnImageNamesTheVersionBeforeBesideItsOtherReferences) {
  DataSet data = pet_slice();
  put(new_item(data.root(), DCM_ReferencedImageSequence), DCM_ReferencedSOPInstanceUID,
      "1.2.826.7");
  const auto before = output_of(as_revision(pet_slice(), 1));

  const auto out = output_of(as_revision(std::move(data), 2));

  DcmItem* predecessor = item_of(*out, DCM_ReferencedImageSequence, 1);
  ASSERT_NE(predecessor, nullptr);
  EXPECT_EQ(at(*predecessor, DCM_ReferencedSOPInstanceUID), at(*before, DCM_SOPInstanceUID));
  EXPECT_EQ(at(*predecessor, DCM_ReferencedSOPClassUID), kPetImageStorage);
  DcmItem* purpose = item_of(*predecessor, DCM_PurposeOfReferenceCodeSequence);
  ASSERT_NE(purpose, nullptr);
  EXPECT_EQ(at(*purpose, DCM_CodeValue), "PREDECESSOR");
  EXPECT_EQ(at(*purpose, DCM_CodingSchemeDesignator), "99DOSIGATE");
}

TEST_F(RevisionOfInstance, OfAReportNamesThePredecessorDocument) {
  const auto make = [] {
    return report(kEnhancedSr, {"18748-4", "LN", "Diagnostic Imaging Report"});
  };
  const auto first = output_of(as_revision(make(), 0));

  const auto out = output_of(as_revision(make(), 1));

  DcmItem* document = item_of(*out, DCM_PredecessorDocumentsSequence);
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(at(*document, DCM_StudyInstanceUID), at(*first, DCM_StudyInstanceUID));
  DcmItem* series = item_of(*document, DCM_ReferencedSeriesSequence);
  ASSERT_NE(series, nullptr);
  EXPECT_EQ(at(*series, DCM_SeriesInstanceUID), at(*first, DCM_SeriesInstanceUID));
  DcmItem* object = item_of(*series, DCM_ReferencedSOPSequence);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(at(*object, DCM_ReferencedSOPInstanceUID), at(*first, DCM_SOPInstanceUID));
}

TEST_F(RevisionOfInstance, OfAnObjectWithoutAPlaceForItNamesNothing) {
  const auto out = output_of(as_revision(any_instance("1.2.840.10008.5.1.4.1.1.130"), 1));

  EXPECT_FALSE(out->tagExists(DCM_ReferencedImageSequence));
  EXPECT_FALSE(out->tagExists(DCM_PredecessorDocumentsSequence));
}

TEST_F(RevisionOfInstance, IsNoLessValidThanTheFirst) {
  if (find_program("dciodvfy").empty()) GTEST_SKIP() << "dicom3tools is not installed";
  TempDir dir;
  const auto errors = [&](DataSet&& data, std::uint32_t revision) {
    const Verdict verdict = as_revision(std::move(data), revision);
    return dciodvfy_errors(
        write_file(std::get<Cleaned>(verdict).instance, dir.path / "instance.dcm"));
  };
  const auto make_report = [] {
    return report(kEnhancedSr, {"18748-4", "LN", "Diagnostic Imaging Report"});
  };

  EXPECT_EQ(errors(pet_slice(), 1), errors(pet_slice(), 0));
  EXPECT_EQ(errors(nm_spect(), 1), errors(nm_spect(), 0));
  EXPECT_EQ(errors(make_report(), 1), errors(make_report(), 0));
}

TEST_F(RevisionOfInstance, LeavesPairsForTheWayBack) {
  const Verdict verdict = as_revision(pet_slice(), 1);

  const auto& memory = std::get<Cleaned>(verdict).memory;
  const auto original_of = [&](const std::string& mapped) -> std::string {
    for (const UidPair& pair : memory.pairs)
      if (pair.mapped == mapped) return pair.original.reveal();
    return "";
  };
  EXPECT_EQ(original_of(memory.sent_uid), kSop);
  EXPECT_EQ(original_of(memory.series_uid), kSeries);
}

TEST_F(RevisionOfInstance, UnderRetainedUidsHasOneOfOursAndNamesTheRetainedOne) {
  const auto retaining = [&](std::uint32_t revision) {
    Decision decision;
    decision.revision = revision;
    return Deidentifier(settings_with("retain_uids = true", ""), *map_)
        .clean(pet_slice().received(), decision);
  };

  const Verdict first = retaining(0), second = retaining(1);

  EXPECT_EQ(std::get<Cleaned>(first).instance.sop_instance_uid(), kSop);
  EXPECT_EQ(std::get<Cleaned>(first).memory.sent_uid, "");
  EXPECT_EQ(std::get<Cleaned>(first).memory.series_uid, "");
  const auto out = output_of(second);
  EXPECT_NE(at(*out, DCM_SOPInstanceUID), kSop);
  EXPECT_EQ(std::get<Cleaned>(second).memory.sent_uid, at(*out, DCM_SOPInstanceUID));
  DcmItem* predecessor = item_of(*out, DCM_ReferencedImageSequence);
  ASSERT_NE(predecessor, nullptr);
  EXPECT_EQ(at(*predecessor, DCM_ReferencedSOPInstanceUID), kSop);
}

}  // namespace
}  // namespace dosigate::testing
