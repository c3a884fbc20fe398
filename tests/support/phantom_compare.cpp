#include "support/phantom_compare.h"

#include <dcmtk/dcmdata/dcpxitem.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>

namespace dosigate::testing {
namespace {

struct DateAndTime {
  DcmTagKey date, time;
  bool required;
};
const std::array<DateAndTime, 9> kPairs{{
    {DCM_StudyDate, DCM_StudyTime, true},
    {DCM_SeriesDate, DCM_SeriesTime, true},
    {DCM_AcquisitionDate, DCM_AcquisitionTime, true},
    {DCM_ContentDate, DCM_ContentTime, true},
    {DCM_InstanceCreationDate, DCM_InstanceCreationTime, false},
    {DCM_DateOfLastCalibration, DCM_TimeOfLastCalibration, true},
    {DCM_PerformedProcedureStepStartDate, DCM_PerformedProcedureStepStartTime, false},
    {DCM_PerformedProcedureStepEndDate, DCM_PerformedProcedureStepEndTime, false},
    {DCM_ScheduledProcedureStepStartDate, DCM_ScheduledProcedureStepStartTime, false},
}};

struct PrivateMoment {
  const char* creator;
  Uint16 group;
  Uint16 offset;
};
constexpr std::array<PrivateMoment, 3> kPrivate{{{"GEMS_PETD_01", 0x0009, 0x0d},
                                                 {"GEMS_PETD_01", 0x0009, 0x3b},
                                                 {"SIEMENS MED PT", 0x0071, 0x22}}};

std::string name_of(const DcmTagKey& tag) { return tag.toString().c_str(); }

bool all_digits(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "YYYYMMDD" and "HHMMSS.FFFFFF", the time as precise as it is given.
std::optional<Microseconds> moment(const std::string& date, const std::string& time) {
  using namespace std::chrono;
  if (date.size() != 8 || !all_digits(date)) return std::nullopt;
  const auto number = [](const std::string& text, std::size_t at) {
    return text.size() >= at + 2 ? std::atoi(text.substr(at, 2).c_str()) : 0;
  };
  const year_month_day civil = year(std::atoi(date.substr(0, 4).c_str())) /
                               static_cast<unsigned>(number(date, 4)) /
                               static_cast<unsigned>(number(date, 6));
  if (!civil.ok()) return std::nullopt;
  std::string fraction = time.size() > 7 ? time.substr(7) : "";
  fraction.resize(6, '0');
  return sys_days(civil).time_since_epoch() + hours(number(time, 0)) + minutes(number(time, 2)) +
         seconds(number(time, 4)) + microseconds(std::atoi(fraction.c_str()));
}

/// DT without its time zone suffix.
std::optional<Microseconds> moment_of_dt(const std::string& value) {
  const std::string local = value.substr(0, value.find_first_of("+-&"));
  if (local.size() < 8) return std::nullopt;
  return moment(local.substr(0, 8), local.substr(8));
}

/// The bytes of a private text element, whatever VR it was read with.
std::string raw_text(DcmElement& element) {
  Uint8* bytes = nullptr;
  char* text = nullptr;
  std::string value;
  if (element.getUint8Array(bytes).good() && bytes != nullptr) {
    value.assign(reinterpret_cast<const char*>(bytes), element.getLength());
  } else if (element.getString(text).good() && text != nullptr) {
    value = text;
  }
  while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.pop_back();
  return value;
}

void collect(DcmItem& item, const std::string& place, std::map<std::string, Microseconds>& out) {
  for (const DateAndTime& pair : kPairs)
    if (const auto at = moment(value_of(item, pair.date), value_of(item, pair.time)))
      out[place + name_of(pair.date)] = *at;

  for (const PrivateMoment& wanted : kPrivate)
    for (Uint16 block = 0x10; block <= 0xff; ++block) {
      if (value_of(item, DcmTagKey(wanted.group, block)) != wanted.creator) continue;
      DcmElement* element = nullptr;
      const DcmTagKey tag(wanted.group, static_cast<Uint16>((block << 8U) | wanted.offset));
      if (item.findAndGetElement(tag, element).bad()) continue;
      if (const auto at = moment_of_dt(raw_text(*element)))
        out[place + wanted.creator + name_of(tag)] = *at;
    }

  for (unsigned long i = 0; i < item.card(); ++i) {
    DcmElement* element = item.getElement(i);
    const std::string here = place + name_of(element->getTag());
    if (element->ident() == EVR_DT) {
      if (const auto at = moment_of_dt(value_of(item, element->getTag()))) out[here] = *at;
    } else if (element->ident() == EVR_SQ) {
      auto& sequence = dynamic_cast<DcmSequenceOfItems&>(*element);
      for (unsigned long n = 0; n < sequence.card(); ++n)
        collect(*sequence.getItem(n), here + "[" + std::to_string(n) + "]", out);
    }
  }
}

/// The moments that a dose calculation cannot do without.
bool is_required(const std::string& place) {
  if (place.find(name_of(DCM_RadiopharmaceuticalStartDateTime)) != std::string::npos) return true;
  if (place.rfind("GEMS_PETD_01", 0) == 0 || place.rfind("SIEMENS MED PT", 0) == 0) return true;
  if (place == name_of(DCM_AcquisitionDateTime)) return true;
  return std::any_of(kPairs.begin(), kPairs.end(), [&](const DateAndTime& pair) {
    return pair.required && place == name_of(pair.date);
  });
}

/// Times of day, at the top and in the radiopharmaceutical item: equal as text, fraction and all.
void compare_times(LoadedFile& before, LoadedFile& after, std::vector<std::string>& failures) {
  const auto equal = [&](DcmItem& a, DcmItem& b, const DcmTagKey& tag) {
    if (value_of(a, tag) != value_of(b, tag))
      failures.push_back(after.path.string() + ": " + name_of(tag) +
                         " is another text than before");
  };
  for (const DateAndTime& pair : kPairs)
    if (pair.required) equal(before.data(), after.data(), pair.time);
  DcmItem* was = nullptr;
  DcmItem* is = nullptr;
  if (before.data().findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, was).bad())
    return;
  if (after.data().findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, is).bad()) {
    failures.push_back(after.path.string() + ": the radiopharmaceutical item is gone");
    return;
  }
  for (const DcmTagKey& tag :
       {DCM_RadiopharmaceuticalStartTime, DCM_RadionuclideTotalDose, DCM_RadionuclideHalfLife})
    equal(*was, *is, tag);
}

}  // namespace

std::vector<std::filesystem::path> part10_files(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::array<char, 132> head{};
    if (in.read(head.data(), head.size()) && std::string(head.data() + 128, 4) == "DICM")
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string value_of(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  if (item.findAndGetOFStringArray(tag, text).bad()) return "";
  std::string value = text.c_str();
  while (!value.empty() && value.back() == ' ') value.pop_back();
  return value;
}

std::string match_key(DcmDataset& data) {
  std::string key;
  for (const DcmTagKey& tag : {DCM_SOPClassUID, DCM_Modality, DCM_SeriesNumber, DCM_InstanceNumber,
                               DCM_StudyTime, DCM_SeriesTime, DCM_AcquisitionTime})
    key += value_of(data, tag) + "|";
  return key;
}

std::map<std::string, Microseconds> instants_of(DcmItem& item) {
  std::map<std::string, Microseconds> out;
  collect(item, "", out);
  return out;
}

std::string pixels_of(DcmDataset& data) {
  DcmElement* element = nullptr;
  if (data.findAndGetElement(DCM_PixelData, element).bad()) return "";
  auto& pixel_data = dynamic_cast<DcmPixelData&>(*element);
  DcmPixelSequence* fragments = nullptr;
  E_TransferSyntax syntax = data.getOriginalXfer();
  const DcmXfer xfer(syntax);
  std::string out;
  if (xfer.isEncapsulated() &&
      pixel_data.getEncapsulatedRepresentation(syntax, nullptr, fragments).good() &&
      fragments != nullptr) {
    for (unsigned long i = 0; i < fragments->card(); ++i) {
      DcmPixelItem* fragment = nullptr;
      Uint8* bytes = nullptr;
      fragments->getItem(fragment, i);
      if (fragment->getUint8Array(bytes).good() && bytes != nullptr)
        out.append(reinterpret_cast<const char*>(bytes), fragment->getLength());
    }
    return out;
  }
  Uint8* bytes = nullptr;
  Uint16* words = nullptr;
  if (element->getVR() == EVR_OB && element->getUint8Array(bytes).good() && bytes != nullptr)
    out.assign(reinterpret_cast<const char*>(bytes), element->getLength());
  else if (element->getUint16Array(words).good() && words != nullptr)
    out.assign(reinterpret_cast<const char*>(words), element->getLength());
  return out;
}

IntervalProof prove_intervals(const std::vector<std::pair<LoadedFile*, LoadedFile*>>& pairs) {
  IntervalProof proof;
  std::set<Microseconds> shifts;
  for (const auto& [before, after] : pairs) {
    ++proof.instances;
    const auto was = instants_of(before->data());
    const auto is = instants_of(after->data());
    for (const auto& [place, moment_before] : was) {
      const auto found = is.find(place);
      if (found == is.end()) {
        if (is_required(place))
          proof.failures.push_back(after->path.string() + ": " + place + " is gone");
        continue;
      }
      ++proof.instants;
      shifts.insert(found->second - moment_before);
    }
    compare_times(*before, *after, proof.failures);
  }
  if (shifts.size() != 1) {
    proof.failures.push_back("the moments have moved by " + std::to_string(shifts.size()) +
                             " different amounts instead of one");
    return proof;
  }
  proof.shift = *shifts.begin();
  if (proof.shift.count() == 0)
    proof.failures.emplace_back("the dates are the true ones: nothing has moved");
  if (proof.shift % std::chrono::days(1) != Microseconds(0))
    proof.failures.emplace_back("the moments have not moved by whole days");
  return proof;
}

}  // namespace dosigate::testing
