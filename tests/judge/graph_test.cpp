// The graph of references of a hybrid study with everything that points at its images is the same
// before and after, in whatever order the objects arrive (dosimetry.md A3-8).

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "judge/nested_item.h"
#include "unit/deid/cleaning.h"

namespace dosigate::testing {
namespace {

constexpr const char* kExplicit = "1.2.840.10008.1.2.1";

using References = Cleaning;

constexpr std::string_view kRoot = "1.2.826.0.1.3680043.10.99.7";
std::string uid(int number) { return std::string(kRoot) + "." + std::to_string(number); }
enum Uid {
  Study = 1,
  Frame,
  CtSeries,
  PetSeries,
  Ct1,
  Ct2,
  Ct3,
  Pet,
  Struct,
  Plan,
  Dose,
  Seg,
  Reg,
  Rwvm
};

DataSet object(const char* sop_class, const char* modality, int instance, int series) {
  return any_instance(sop_class)
      .with(DCM_Modality, modality)
      .with(DCM_SOPInstanceUID, uid(instance))
      .with(DCM_StudyInstanceUID, uid(Study))
      .with(DCM_SeriesInstanceUID, uid(series))
      .with(DCM_FrameOfReferenceUID, uid(Frame));
}
DataSet image(DataSet data, int instance, int series) {
  return std::move(data)
      .with(DCM_SOPInstanceUID, uid(instance))
      .with(DCM_StudyInstanceUID, uid(Study))
      .with(DCM_SeriesInstanceUID, uid(series))
      .with(DCM_FrameOfReferenceUID, uid(Frame));
}
void refer(DcmItem& item, const char* sop_class, int instance) {
  put_value(item, DCM_ReferencedSOPClassUID, EVR_UI, sop_class);
  put_value(item, DCM_ReferencedSOPInstanceUID, EVR_UI, uid(instance));
}

/// A hybrid study with everything that points at its images. Ct3 and the plan are never among them.
std::vector<DataSet> objects() {
  std::vector<DataSet> all;
  all.push_back(image(ct_slice(), Ct1, CtSeries));
  all.push_back(image(ct_slice(), Ct2, CtSeries));
  all.push_back(image(pet_slice(), Pet, PetSeries));

  DataSet structures = object(UID_RTStructureSetStorage, "RTSTRUCT", Struct, 21);
  DcmItem& frame = child(structures.root(), DCM_ReferencedFrameOfReferenceSequence);
  put_value(frame, DCM_FrameOfReferenceUID, EVR_UI, uid(Frame));
  DcmItem& study = child(frame, DCM_RTReferencedStudySequence);
  refer(study, "1.2.840.10008.3.1.2.3.1", Study);
  DcmItem& series = child(study, DCM_RTReferencedSeriesSequence);
  put_value(series, DCM_SeriesInstanceUID, EVR_UI, uid(CtSeries));
  for (const int slice : {Ct1, Ct2, Ct3})
    refer(child(series, DCM_ContourImageSequence), kCtImageStorage, slice);
  all.push_back(std::move(structures));

  DataSet dose = object(UID_RTDoseStorage, "RTDOSE", Dose, 22);
  refer(child(dose.root(), DCM_ReferencedStructureSetSequence), UID_RTStructureSetStorage, Struct);
  refer(child(dose.root(), DCM_ReferencedRTPlanSequence), UID_RTPlanStorage, Plan);
  all.push_back(std::move(dose));

  DataSet segments = object(UID_SegmentationStorage, "SEG", Seg, 23);
  DcmItem& segmented = child(segments.root(), DCM_ReferencedSeriesSequence);
  put_value(segmented, DCM_SeriesInstanceUID, EVR_UI, uid(PetSeries));
  refer(child(segmented, DCM_ReferencedInstanceSequence), kPetImageStorage, Pet);
  DcmItem& group = child(segments.root(), DCM_PerFrameFunctionalGroupsSequence);
  refer(child(child(group, DCM_DerivationImageSequence), DCM_SourceImageSequence), kPetImageStorage,
        Pet);
  all.push_back(std::move(segments));

  DataSet registration = object(UID_SpatialRegistrationStorage, "REG", Reg, 24);
  DcmItem& moved = child(registration.root(), DCM_RegistrationSequence);
  put_value(moved, DCM_FrameOfReferenceUID, EVR_UI, uid(Frame));
  for (const int slice : {Ct1, Ct3})
    refer(child(moved, DCM_ReferencedImageSequence), kCtImageStorage, slice);
  all.push_back(std::move(registration));

  DataSet values = object(UID_RealWorldValueMappingStorage, "RWV", Rwvm, 25);
  DcmItem& mapping = child(values.root(), DCM_ReferencedImageRealWorldValueMappingSequence);
  refer(child(mapping, DCM_ReferencedImageSequence), kPetImageStorage, Pet);
  all.push_back(std::move(values));
  return all;
}

/// Every UID at every place: "3006,0010[0].0020,0052".
void collect_uids(DcmItem& item, const std::string& prefix,
                  std::map<std::string, std::string>& out) {
  for (unsigned long i = 0; i < item.card(); ++i) {
    DcmElement* element = item.getElement(i);
    const std::string path = prefix + std::string(element->getTag().toString().c_str());
    if (element->ident() == EVR_SQ) {
      auto& sequence = static_cast<DcmSequenceOfItems&>(*element);
      for (unsigned long n = 0; n < sequence.card(); ++n)
        collect_uids(*sequence.getItem(n), path + "[" + std::to_string(n) + "].", out);
    } else if (element->getVR() == EVR_UI) {
      OFString text;
      element->getOFStringArray(text);
      out[path] = std::string(text.data(), text.size());
    }
  }
}
std::map<std::string, std::string> uids_of(DcmItem& item) {
  std::map<std::string, std::string> out;
  collect_uids(item, "", out);
  return out;
}

/// What became of each original UID; fails the test where it became two, or two became one.
class Bijection {
 public:
  void add(DcmItem& before, DcmItem& after) {
    const auto was = uids_of(before), is = uids_of(after);
    for (const auto& [path, original] : was) {
      ASSERT_TRUE(is.contains(path)) << path << " is gone";
      const std::string now = is.at(path);
      if (!original.starts_with(kRoot)) {
        EXPECT_EQ(now, original) << path << " names a class";
        continue;
      }
      EXPECT_TRUE(now.starts_with("2.25.")) << path;
      EXPECT_EQ(there_.emplace(original, now).first->second, now) << path;
      EXPECT_EQ(back_.emplace(now, original).first->second, original) << path;
    }
  }
  const std::map<std::string, std::string>& there() const { return there_; }

 private:
  std::map<std::string, std::string> there_, back_;
};

/// Cleans the objects in this order over a map and returns what became of their UIDs.
std::map<std::string, std::string> cleaned_graph(const std::vector<std::size_t>& order,
                                                 const Deidentifier& deidentifier) {
  Bijection uids;
  for (const std::size_t which : order) {
    DataSet data = std::move(objects()[which]);
    const auto before = std::make_unique<DcmDataset>(data.root());
    const auto after = output_of(deidentifier.clean(data.received(kExplicit)));
    SCOPED_TRACE(value(*before, DCM_Modality));
    uids.add(*before, *after);
  }
  return uids.there();
}

TEST_F(References, AreTheSameGraphInWhateverOrderObjectsArrive) {
  std::vector<std::size_t> order(objects().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(4711);
  std::set<std::size_t> nodes;

  for (int round = 0; round < 8; ++round) {
    const Node node(false);
    const auto map = node.open();
    ASSERT_TRUE(map->declare_site(site_a()));
    const Deidentifier deidentifier(settings("dosimetry"), *map);

    // A map that has never seen the patient, then the same one with everything in another order.
    const auto first = cleaned_graph(order, deidentifier);
    std::shuffle(order.begin(), order.end(), random);
    const auto again = cleaned_graph(order, deidentifier);

    EXPECT_EQ(again, first) << "round " << round;
    nodes.insert(first.size());
  }
  // 14 named above and the five series of the derived objects; Ct3 and the plan are among them
  // though they were never sent.
  EXPECT_EQ(nodes, std::set<std::size_t>{19});
}

TEST_F(References, NameTheInstanceThatArrivesAfterThem) {
  const Deidentifier deidentifier(settings("dosimetry"), *map_);
  const auto referred =
      cleaned_graph({3, 6}, deidentifier);  // structures and registration name Ct3

  DataSet late = image(ct_slice(), Ct3, CtSeries);
  const auto output = output_of(deidentifier.clean(late.received(kExplicit)));

  EXPECT_EQ(value(*output, DCM_SOPInstanceUID), referred.at(uid(Ct3)));
  EXPECT_EQ(value(*output, DCM_SeriesInstanceUID), referred.at(uid(CtSeries)));
  EXPECT_EQ(value(*output, DCM_FrameOfReferenceUID), referred.at(uid(Frame)));
}

}  // namespace
}  // namespace dosigate::testing
