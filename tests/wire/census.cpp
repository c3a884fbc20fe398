#include "wire/census.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

#include "support/phantom_compare.h"

namespace dosigate::testing {
namespace {

const std::set<std::string> kRejections{"113001", "113037", "113038", "113039"};

/// SOP Instance UIDs in the references of the items of a sequence, at any depth.
void collect(DcmItem& item, const DcmTagKey& sequence, std::set<std::string>& into) {
  DcmSequenceOfItems* items = nullptr;
  if (item.findAndGetSequence(sequence, items).bad()) return;
  for (unsigned long i = 0; i < items->card(); ++i) {
    DcmItem& inner = *items->getItem(i);
    const std::string uid = value_of(inner, DCM_ReferencedSOPInstanceUID);
    if (!uid.empty()) into.insert(uid);
    for (const DcmTagKey& deeper :
         {DCM_ReferencedSeriesSequence, DCM_ReferencedSOPSequence, DCM_ContentSequence})
      collect(inner, deeper, into);
  }
}

ArchivedObject read(const std::filesystem::path& path) {
  LoadedFile file;
  if (file.format.loadFile(path.c_str()).bad())
    throw std::runtime_error("cannot read " + path.string());
  DcmDataset& data = file.data();
  ArchivedObject out{path,
                     value_of(data, DCM_SOPClassUID),
                     value_of(data, DCM_SOPInstanceUID),
                     value_of(data, DCM_SeriesInstanceUID),
                     value_of(data, DCM_StudyInstanceUID),
                     value_of(data, DCM_PatientID),
                     value_of(data, DCM_StudyDate)};
  out.mark = static_cast<unsigned>(
      std::strtoul(value_of(data, DCM_AcquisitionNumber).c_str(), nullptr, 10));
  if (out.sop_class_uid != UID_KeyObjectSelectionDocumentStorage) return out;
  DcmItem* title = nullptr;
  if (data.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, title).bad()) return out;
  const std::string code = value_of(*title, DCM_CodeValue);
  if (!kRejections.contains(code)) return out;
  out.code = code;
  collect(data, DCM_CurrentRequestedProcedureEvidenceSequence, out.rejected);
  std::set<std::string> content;
  collect(data, DCM_ContentSequence, content);
  if (content != out.rejected)
    throw std::runtime_error("evidence and content of a note differ: " + path.string());
  return out;
}

/// Days of a DA on the civil calendar.
long days_of(const std::string& da) {
  const auto number = [&](std::size_t at, std::size_t size) {
    return std::strtol(da.substr(at, size).c_str(), nullptr, 10);
  };
  using namespace std::chrono;
  return sys_days(year(static_cast<int>(number(0, 4))) /
                  month(static_cast<unsigned>(number(4, 2))) /
                  day(static_cast<unsigned>(number(6, 2))))
      .time_since_epoch()
      .count();
}

/// How many values are one too many for their key.
template <class Key, class Value>
std::size_t surplus(const std::map<Key, std::set<Value>>& values) {
  std::size_t out = 0;
  for (const auto& [key, all] : values) out += all.size() - 1;
  return out;
}

}  // namespace

Census::Census(const std::vector<std::filesystem::path>& files) {
  std::transform(files.begin(), files.end(), std::back_inserter(objects_), read);
  for (const ArchivedObject& object : objects_)
    rejected_.insert(object.rejected.begin(), object.rejected.end());
}

std::vector<ArchivedObject> Census::notes() const {
  std::vector<ArchivedObject> out;
  std::copy_if(objects_.begin(), objects_.end(), std::back_inserter(out),
               [](const ArchivedObject& object) { return !object.code.empty(); });
  return out;
}

std::vector<ArchivedObject> Census::unmarked() const {
  std::vector<ArchivedObject> out;
  std::copy_if(
      objects_.begin(), objects_.end(), std::back_inserter(out),
      [&](const ArchivedObject& object) { return object.code.empty() && !is_marked(object); });
  return out;
}

std::set<std::string> Census::pseudonyms() const {
  std::set<std::string> out;
  for (const ArchivedObject& object : unmarked()) out.insert(object.pseudonym);
  return out;
}

std::set<std::string> Census::sop_uids() const {
  std::set<std::string> out;
  for (const ArchivedObject& object : unmarked()) out.insert(object.sop_uid);
  return out;
}

std::vector<ArchivedObject> Census::of(unsigned mark) const {
  std::vector<ArchivedObject> out;
  std::copy_if(
      objects_.begin(), objects_.end(), std::back_inserter(out),
      [&](const ArchivedObject& object) { return object.code.empty() && object.mark == mark; });
  return out;
}

std::size_t Census::wrong_joins(const Truths& truths) const {
  std::map<std::string, std::set<std::string>> persons;                          // by pseudonym
  std::map<std::string, std::set<std::pair<std::string, std::string>>> studies;  // by study UID
  for (const ArchivedObject& object : unmarked()) {
    const auto truth = truths.find(object.mark);
    if (truth == truths.end()) continue;
    persons[object.pseudonym].insert(truth->second.person);
    studies[object.study_uid].emplace(truth->second.person, truth->second.study);
  }
  return surplus(persons) + surplus(studies);
}

std::size_t Census::splits(const Truths& truths, const std::set<std::string>& apart) const {
  using Owner = std::pair<std::string, std::string>;
  std::map<std::string, std::set<std::string>> pseudonyms;  // by person
  std::map<std::string, std::set<long>> offsets;
  std::map<Owner, std::set<std::string>> studies, instances;  // by person and source UID
  for (const ArchivedObject& object : unmarked()) {
    const auto found = truths.find(object.mark);
    if (found == truths.end()) continue;
    const Truth& truth = found->second;
    // Who is two for now is two persons here: the rest has to hold of each of them.
    const std::string person =
        apart.contains(truth.person) ? truth.person + object.pseudonym : truth.person;
    pseudonyms[person].insert(object.pseudonym);
    studies[{person, truth.study}].insert(object.study_uid);
    instances[{person, truth.sop}].insert(object.sop_uid);
    if (!object.study_date.empty())
      offsets[person].insert(days_of(object.study_date) - days_of(truth.date));
  }
  return surplus(pseudonyms) + surplus(offsets) + surplus(studies) + surplus(instances);
}

std::size_t Census::unmarked_stale(const std::set<std::string>& copies) const {
  const auto here = sop_uids();
  return static_cast<std::size_t>(std::count_if(
      copies.begin(), copies.end(), [&](const std::string& copy) { return here.contains(copy); }));
}

std::vector<std::string> Census::oddities(const Truths& truths) const {
  std::vector<std::string> out;
  for (const ArchivedObject& object : objects_) {
    const std::string name = object.file.filename().string();
    if (object.code.empty() && !truths.contains(object.mark)) out.push_back("nobody sent " + name);
    if (object.code.empty()) continue;
    if (object.rejected.empty()) out.push_back("a note names nothing: " + name);
    for (const ArchivedObject& other : objects_)
      if (object.rejected.contains(other.sop_uid) &&
          (other.pseudonym != object.pseudonym || other.study_uid != object.study_uid))
        out.push_back("a note of another patient or study than what it names: " + name);
  }
  return out;
}

}  // namespace dosigate::testing
