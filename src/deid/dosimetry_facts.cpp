#include "dosimetry_facts.h"

#include "dosigate/dicom/data_set.h"
#include "dosigate/dosimetry/instants.h"
#include "dosigate/dosimetry/nuclides.h"
#include "items.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace dosigate {

namespace {

constexpr std::string_view kEnhancedPet = "1.2.840.10008.5.1.4.1.1.130";
constexpr std::array<std::string_view, 4> kEmissionClasses = {
    "1.2.840.10008.5.1.4.1.1.20",     // Nuclear Medicine
    "1.2.840.10008.5.1.4.1.1.128",    // Positron Emission Tomography
    "1.2.840.10008.5.1.4.1.1.128.1",  // Legacy Converted Enhanced PET
    kEnhancedPet};

/// What is taken over as a word must look like one of the standard's: nobody writes a name in
/// capitals, digits and blanks of at most 16 characters into a coded attribute and gets it through
/// the cleaning, but this file does not rely on it.
template <std::size_t count>
std::string one_of(const std::array<std::string_view, count>& words, std::string_view value) {
  return std::ranges::find(words, value) == words.end() ? "" : std::string(value);
}

constexpr std::array<std::string_view, 8> kKinds = {
    "STATIC", "DYNAMIC",    "GATED",      "WHOLE BODY",
    "TOMO",   "GATED TOMO", "RECON TOMO", "RECON GATED TOMO"};
// PS3.3 C.8.9.1.1.3, and what Philips and others write.
constexpr std::array<std::string_view, 22> kUnits = {
    "CNTS",   "NONE",   "CM2",   "PCNT",   "CPS",      "BQML",    "MGMINML", "UMOLMINML",
    "MLMING", "MLG",    "1CM",   "UMOLML", "PROPCNTS", "PROPCPS", "MLMINML", "MLML",
    "GML",    "STDDEV", "KBQML", "KBQCC",  "CM2ML",    "SUV"};
constexpr std::array<std::string_view, 10> kMappedUnits = {
    "Bq/ml", "Bq/mL", "BQML", "kBq/ml", "kBq/mL", "MBq/ml", "g/ml{SUVbw}", "{counts}", "g/ml", "1"};
constexpr std::array<std::string_view, 5> kDecay = {"NONE", "START", "ADMIN", "YES", "NO"};
constexpr std::array<std::string_view, 19> kCorrections = {
    "DECY", "RADL", "ATTN", "SCAT", "DTIM",  "MOTN",  "PMOT", "CLN",   "RAN", "NORM",
    "DCAL", "UNIF", "COR",  "NCO",  "3SCAT", "2SCAT", "RPL",  "COUCH", "FLEN"};
constexpr std::array<std::string_view, 40> kModalities = {
    "NM", "PT",  "CT",  "MR",  "US", "SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "RTIMAGE",
    "SR", "REG", "RWV", "PR",  "KO", "OT",  "CR",       "DX",     "MG",     "XA",
    "RF", "SC",  "ES",  "IO",  "PX", "ECG", "DOC",      "FID",    "ST",     "BI",
    "DG", "LS",  "OP",  "OPT", "SM", "TG",  "XC",       "HD",     "AU",     "PLAN"};

/// Every value of a text element; `text_at` gives the first.
std::vector<std::string> values_at(DcmItem& item, const DcmTagKey& tag) {
  std::vector<std::string> out;
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad()) return out;
  OFString value;
  for (unsigned long i = 0; i < element->getVM() && element->getOFString(value, i).good(); ++i) {
    std::string text(value.data(), value.size());
    while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
    out.push_back(std::move(text));
  }
  return out;
}

std::optional<double> number_in(const std::string& text) {
  if (text.empty()) return std::nullopt;
  char* end = nullptr;
  const double out = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !std::isfinite(out)) return std::nullopt;
  return out;
}

std::uint32_t count_at(DcmItem& item, const DcmTagKey& tag) {
  const auto value = number_in(text_at(item, tag));
  return value && *value > 0 && *value < 1e9 ? static_cast<std::uint32_t>(*value) : 0;
}

/// Of a number that has to be above zero (or not below, `zero` allowed).
Said said_at(DcmItem& item, const DcmTagKey& tag, bool zero = false) {
  const std::string text = text_at(item, tag);
  if (text.empty()) return Said::Missing;
  const auto value = number_in(text);
  return value && (*value > 0 || (zero && *value == 0)) ? Said::Good : Said::Bad;
}

DcmItem* first_item(DcmItem& item, const DcmTagKey& sequence) {
  DcmItem* out = nullptr;
  return item.findAndGetSequenceItem(sequence, out, 0).good() ? out : nullptr;
}

std::string date_and_time(DcmItem& item, const DcmTagKey& date, const DcmTagKey& time) {
  const auto day = parse_date(text_at(item, date));
  const auto clock = parse_time(text_at(item, time));
  return day && clock ? instant_text(*day + *clock) : "";
}

/// The acquisition time may stand in the rotation, or in a frame, of a multi-frame image.
Said frame_duration(DcmItem& image) {
  const Said top = said_at(image, DCM_ActualFrameDuration);
  if (top != Said::Missing) return top;
  for (const DcmTagKey& sequence :
       {DCM_RotationInformationSequence, DCM_PhaseInformationSequence}) {
    DcmItem* item = first_item(image, sequence);
    if (item == nullptr) continue;
    const Said there = said_at(*item, DCM_ActualFrameDuration);
    if (there != Said::Missing) return there;
  }
  return Said::Missing;
}

std::string mapped_units(DcmItem& image) {
  DcmItem* holder = &image;
  if (first_item(image, DCM_RealWorldValueMappingSequence) == nullptr)
    holder = first_item(image, DCM_SharedFunctionalGroupsSequence);
  DcmItem* map =
      holder == nullptr ? nullptr : first_item(*holder, DCM_RealWorldValueMappingSequence);
  DcmItem* units = map == nullptr ? nullptr : first_item(*map, DCM_MeasurementUnitsCodeSequence);
  return units == nullptr ? "" : one_of(kMappedUnits, text_at(*units, DCM_CodeValue));
}

/// Private blocks are where the sender reserved them.
void find_vendor_inputs(DcmItem& image, std::vector<std::string>& out) {
  struct Input {
    std::uint16_t group, element;
    std::string_view creator, name;
  };
  static constexpr std::array<Input, 4> kInputs = {
      Input{0x7053, 0x00, "Philips PET Private Group", "philips-suv"},
      Input{0x7053, 0x09, "Philips PET Private Group", "philips-activity"},
      Input{0x0009, 0x0D, "GEMS_PETD_01", "ge-decay"},
      Input{0x0071, 0x22, "SIEMENS MED PT", "siemens-decay"}};
  PrivateCreators creators;
  for_each_element(image, [&](DcmElement& element) {
    const DcmTagKey tag = element.getTag();
    if (!is_private(tag)) return;
    if (is_private_creator(tag)) {
      creators.add(element);
      return;
    }
    for (const Input& input : kInputs) {
      if (tag.getGroup() == input.group && (tag.getElement() & 0xFFU) == input.element &&
          element.getLength() > 0 && creators.of(tag) == input.creator &&
          std::ranges::find(out, input.name) == out.end())
        out.emplace_back(input.name);
    }
  });
}

void read_nuclide(DcmItem& item, RadiopharmaceuticalFacts& out) {
  const Nuclide* coded = nullptr;
  const Nuclide* written = nullptr;
  if (DcmItem* code = first_item(item, DCM_RadionuclideCodeSequence)) {
    const std::string value = text_at(*code, DCM_CodeValue);
    const std::string meaning = text_at(*code, DCM_CodeMeaning);
    coded = nuclide_of_code(text_at(*code, DCM_CodingSchemeDesignator), value);
    written = nuclide_in_text(meaning);
    out.nuclide_said = !value.empty() || !meaning.empty();
  }
  const std::string text = text_at(item, DCM_Radiopharmaceutical);
  if (written == nullptr) written = nuclide_in_text(text);
  const Nuclide* nuclide = coded != nullptr ? coded : written;
  if (nuclide == nullptr) return;
  out.nuclide = nuclide->name;
  out.nuclide_said = true;
  out.nuclide_in_doubt = written != nullptr && written != nuclide;
}

std::optional<std::chrono::minutes> zone_of(DcmItem& image) {
  return parse_zone(text_at(image, DCM_TimezoneOffsetFromUTC));
}

/// A moment that has a time zone of its own, on the clock of the image's other times.
Instant on_clock_of(const DateTime& moment, const std::optional<std::chrono::minutes>& zone) {
  return moment.zone && zone ? moment.at + (*zone - *moment.zone) : moment.at;
}

RadiopharmaceuticalFacts read_item(DcmItem& item, const std::optional<std::chrono::minutes>& zone) {
  RadiopharmaceuticalFacts out;
  read_nuclide(item, out);
  out.dose = number_in(text_at(item, DCM_RadionuclideTotalDose));
  out.half_life_s = number_in(text_at(item, DCM_RadionuclideHalfLife));
  if (const std::string start = text_at(item, DCM_RadiopharmaceuticalStartDateTime);
      !start.empty()) {
    const auto instant = parse_date_time(start);
    out.injected = instant ? Said::Good : Said::Bad;
    if (instant) {
      out.zone_unmatched = instant->zone && !zone;
      out.injected_at = instant_text(on_clock_of(*instant, zone));
    }
  }
  if (const std::string start = text_at(item, DCM_RadiopharmaceuticalStartTime); !start.empty()) {
    const auto time = parse_time(start);
    out.injected_time = time ? Said::Good : Said::Bad;
    if (time) out.injected_time_us = time->count();
  }
  out.event_uid = text_at(item, DCM_RadiopharmaceuticalAdministrationEventUID);
  return out;
}

void read_emission(DcmItem& image, InstanceFacts& out) {
  out.dose_in_mbq = out.modality == "NM" || out.sop_class_uid == kEnhancedPet;
  out.frame_of_reference = text_at(image, DCM_FrameOfReferenceUID);
  if (const auto type = values_at(image, DCM_ImageType); type.size() > 2)
    out.kind = one_of(kKinds, type[2]);
  out.series_at = date_and_time(image, DCM_SeriesDate, DCM_SeriesTime);
  out.units = one_of(kUnits, text_at(image, DCM_Units));
  out.mapped_units = mapped_units(image);
  out.decay_correction = one_of(kDecay, text_at(image, DCM_DecayCorrection));
  if (out.decay_correction.empty())
    out.decay_correction = one_of(kDecay, text_at(image, DCM_DecayCorrected));
  for (const std::string& word : values_at(image, DCM_CorrectedImage))
    if (std::string known = one_of(kCorrections, word); !known.empty())
      out.corrections.push_back(std::move(known));
  out.slope = said_at(image, DCM_RescaleSlope);
  out.frame_duration = frame_duration(image);
  out.frame_reference = said_at(image, DCM_FrameReferenceTime, true);
  if (DcmSequenceOfItems* windows = nullptr;
      image.findAndGetSequence(DCM_EnergyWindowInformationSequence, windows).good())
    out.energy_windows = static_cast<std::uint32_t>(windows->card());
  out.slices = count_at(image, DCM_NumberOfSlices);
  out.time_slices = count_at(image, DCM_NumberOfTimeSlices);
  out.series_instances = count_at(image, DCM_NumberOfSeriesRelatedInstances);
  out.study_instances = count_at(image, DCM_NumberOfStudyRelatedInstances);
  out.size_m = number_in(text_at(image, DCM_PatientSize));
  out.sex = !text_at(image, DCM_PatientSex).empty();
  out.age = !text_at(image, DCM_PatientAge).empty();
  find_vendor_inputs(image, out.vendor);

  const auto zone = zone_of(image);
  if (DcmSequenceOfItems* items = nullptr;
      image.findAndGetSequence(DCM_RadiopharmaceuticalInformationSequence, items).good())
    for_each_item(
        *items, [&](DcmItem& item) { out.radiopharmaceuticals.push_back(read_item(item, zone)); });
}

}  // namespace

InstanceFacts read_dosimetry_facts(DcmItem& cleaned, const Subject& subject) {
  InstanceFacts out;
  const std::string modality = text_at(cleaned, DCM_Modality);
  out.modality = one_of(kModalities, modality);
  if (out.modality.empty() && !modality.empty()) out.modality = "other";
  out.sop_class_uid = text_at(cleaned, DCM_SOPClassUID);
  out.series_uid = text_at(cleaned, DCM_SeriesInstanceUID);
  out.weight_kg = number_in(text_at(cleaned, DCM_PatientWeight));
  out.camera = subject.device_label;
  out.camera_epoch = subject.device_epoch;
  out.emission = std::ranges::find(kEmissionClasses, out.sop_class_uid) != kEmissionClasses.end();
  if (out.emission) read_emission(cleaned, out);
  return out;
}

std::string acquired_at(DcmItem& cleaned) {
  if (std::string apart = date_and_time(cleaned, DCM_AcquisitionDate, DCM_AcquisitionTime);
      !apart.empty())
    return apart;
  const auto whole = parse_date_time(text_at(cleaned, DCM_AcquisitionDateTime));
  return whole ? instant_text(on_clock_of(*whole, zone_of(cleaned))) : "";
}

std::string dosimetry_facts(DcmItem& cleaned, const Subject& subject) {
  const InstanceFacts facts = read_dosimetry_facts(cleaned, subject);
  std::string out = facts_text(facts);
  if (!facts.emission) return out;
  if (const std::string at = acquired_at(cleaned); !at.empty()) out += "\n" + at;
  return out;
}

}  // namespace dosigate
