#include "support/phantom_series.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace dosigate::testing {
namespace {

/// ISO 8859-1; the phantom's letters all fit.
std::string latin1(const std::string& utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      out += static_cast<char>(byte);
    } else {
      const auto next = static_cast<unsigned char>(utf8.at(++i));
      out += static_cast<char>(((byte & 0x03U) << 6U) | (next & 0x3FU));
    }
  }
  return out;
}

void check(const OFCondition& condition, const std::string& what) {
  if (condition.bad()) throw std::runtime_error("phantom: " + what + ": " + condition.text());
}

}  // namespace

PhantomInstance::PhantomInstance(const PhantomStudy& study, const PhantomSeries& series,
                                 unsigned instance, const char* sop_class_uid, bool utf8)
    : study_(study), series_(series), number_(instance), utf8_(utf8) {
  const Person& person = study.person;
  put(DCM_SpecificCharacterSet, utf8 ? "ISO_IR 192" : "ISO_IR 100");
  put(DCM_SOPClassUID, sop_class_uid);
  put(DCM_SOPInstanceUID, study.instance_uid(series.number, instance));
  put(DCM_InstanceCreationDate, series.date);
  put(DCM_InstanceCreationTime, "235901.25");

  put(DCM_PatientName, person.name);
  put(DCM_PatientID, person.id);
  if (!person.issuer.empty()) put(DCM_IssuerOfPatientID, person.issuer);
  put(DCM_PatientBirthDate, person.birth_date);
  put(DCM_PatientSex, person.sex);
  put(DCM_PatientSize, decimal(person.size_m));
  put(DCM_PatientWeight, decimal(person.weight_kg));
  put(DCM_PatientAddress, person.address);
  put(DCM_PatientTelephoneNumbers, person.phone);
  put(DCM_PatientComments,
      "Paciente " + person.given + ", CPF " + person.cpf + ", CNS " + person.cns);
  DcmItem& other = append(root(), DCM_OtherPatientIDsSequence);
  put(other, DCM_PatientID, person.cpf);
  put(other, DCM_TypeOfPatientID, "TEXT");

  put(DCM_StudyInstanceUID, study.uid());
  put(DCM_StudyID, std::to_string(study.number));
  put(DCM_StudyDate, study.date);
  put(DCM_StudyTime, study.time);
  put(DCM_AccessionNumber, accession_of(study.options, study.number));
  put(DCM_ReferringPhysicianName, person.referring);
  put(DCM_StudyDescription, study.description);
  put(DCM_TimezoneOffsetFromUTC, "-0300");

  put(DCM_Modality, series.modality);
  put(DCM_SeriesInstanceUID, study.series_uid(series.number));
  put(DCM_SeriesNumber, std::to_string(series.number));
  put(DCM_SeriesDate, series.date);
  put(DCM_SeriesTime, series.time);
  put(DCM_SeriesDescription, series.description);
  put(DCM_PerformingPhysicianName, person.performing);
  put(DCM_OperatorsName, person.operators);
  if (series.modality == "CT") put(DCM_PatientPosition, "HFS");
  put(DCM_Laterality, "");
  put(DCM_FrameOfReferenceUID, study.frame_of_reference());
  put(DCM_PositionReferenceIndicator, "");
  put(DCM_InstanceNumber, std::to_string(instance));
  put(DCM_ContentDate, series.date);
  put(DCM_ContentTime, series.time);

  put(DCM_Manufacturer, "DOSIGATE PHANTOM");
  put(DCM_ManufacturerModelName, "VOXEL BODY");
  put(DCM_SoftwareVersions, "1.0");
  put(DCM_InstitutionName, person.institution);
  put(DCM_InstitutionAddress, person.institution_address);
  put(DCM_InstitutionalDepartmentName, person.department);
  put(DCM_StationName, person.station);
  put(DCM_DeviceSerialNumber, person.serial);

  DcmItem& request = append(root(), DCM_RequestAttributesSequence);
  put(request, DCM_ScheduledProcedureStepID, "S1");
  put(request, DCM_RequestedProcedureID, accession_of(study.options, study.number));
  put(request, DCM_ScheduledProcedureStepDescription,
      "Sra. " + person.given + " tel. " + person.phone);
  DcmItem& protocol =
      put_code(request, DCM_ScheduledProtocolCodeSequence, "SPECT", "99HOSP", "Cintilografia");
  put(protocol, DCM_ResponsiblePerson, person.name);

  // A block whose creator nobody knows.
  put(DcmTag(0x0099, 0x0010, EVR_LO), "HOSPITAL SISTEMA X");
  put(DcmTag(0x0099, 0x1001, EVR_LO), person.family + " " + person.given);
  put(DcmTag(0x0099, 0x1002, EVR_LO), person.crm);
}

void PhantomInstance::put(DcmItem& item, const DcmTag& tag, const std::string& value) {
  check(item.putAndInsertOFStringArray(tag, OFString((utf8_ ? value : latin1(value)).c_str())),
        "put");
}

void PhantomInstance::put_numbers(DcmItem& item, const DcmTag& tag,
                                  const std::vector<Uint16>& values) {
  if (tag.getEVR() == EVR_AT) {
    auto* element = new DcmAttributeTag(tag);  // owned by the item
    check(element->putUint16Array(values.data(), static_cast<unsigned long>(values.size() / 2)),
          "put tags");
    check(item.insert(element, true), "insert tags");
    return;
  }
  check(item.putAndInsertUint16Array(tag, values.data(), static_cast<unsigned long>(values.size())),
        "put numbers");
}

DcmItem& PhantomInstance::append(DcmItem& item, const DcmTag& sequence) {
  DcmItem* added = nullptr;
  check(item.findOrCreateSequenceItem(sequence, added, -2), "append an item");
  return *added;
}

DcmItem& PhantomInstance::put_code(DcmItem& item, const DcmTag& sequence, const std::string& value,
                                   const std::string& scheme, const std::string& meaning) {
  DcmItem& code = append(item, sequence);
  put(code, DCM_CodeValue, value);
  put(code, DCM_CodingSchemeDesignator, scheme);
  put(code, DCM_CodeMeaning, meaning);
  return code;
}

void PhantomInstance::pixels(const std::vector<Uint16>& values, unsigned rows, unsigned columns,
                             bool is_signed) {
  put_numbers(root(), DCM_SamplesPerPixel, {1});
  put(DCM_PhotometricInterpretation, "MONOCHROME2");
  put_numbers(root(), DCM_Rows, {static_cast<Uint16>(rows)});
  put_numbers(root(), DCM_Columns, {static_cast<Uint16>(columns)});
  put_numbers(root(), DCM_BitsAllocated, {16});
  put_numbers(root(), DCM_BitsStored, {16});
  put_numbers(root(), DCM_HighBit, {15});
  put_numbers(root(), DCM_PixelRepresentation, {static_cast<Uint16>(is_signed ? 1 : 0)});
  put_numbers(root(), DcmTag(DCM_PixelData.getGroup(), DCM_PixelData.getElement(), EVR_OW), values);
}

void PhantomInstance::save(E_TransferSyntax syntax) {
  const std::filesystem::path folder = study_.options.directory / study_.label;
  std::filesystem::create_directories(folder);
  char name[64];
  std::snprintf(name, sizeof name, "%s-%u-%04u.dcm", series_.modality.c_str(), series_.number,
                number_);
  const std::filesystem::path path = folder / name;
  check(file_.saveFile(path.c_str(), syntax), "save " + path.string());
  OFString sop_class;
  root().findAndGetOFString(DCM_SOPClassUID, sop_class);
  study_.files->push_back({path, study_.label,
                           series_.modality + "-" + std::to_string(series_.number),
                           sop_class.c_str(), study_.instance_uid(series_.number, number_)});
}

DcmItem& put_injection(PhantomInstance& instance, const Injection& injection) {
  DcmItem& item = instance.append(instance.root(), DCM_RadiopharmaceuticalInformationSequence);
  instance.put(item, DCM_Radiopharmaceutical, injection.radiopharmaceutical);
  instance.put(item, DCM_RadiopharmaceuticalRoute, "IV");
  instance.put(item, DCM_RadiopharmaceuticalStartTime, injection.start.substr(8));
  instance.put(item, DCM_RadiopharmaceuticalStartDateTime, injection.start);
  instance.put(item, DCM_RadionuclideTotalDose, decimal(injection.dose));
  instance.put(item, DCM_RadionuclideHalfLife, decimal(injection.half_life));
  instance.put_code(item, DCM_RadionuclideCodeSequence, injection.code, "SRT", injection.meaning);
  return item;
}

std::string decimal(double value) {
  for (int digits = 12; digits > 3; --digits) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::string(text).size() <= 16) return text;
  }
  throw std::runtime_error("phantom: a number does not fit a DS");
}

std::string later(const std::string& date_time, double seconds) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t length) {
    return std::atoi(date_time.substr(at, length).c_str());
  };
  const sys_days day = year(number(0, 4)) / static_cast<unsigned>(number(4, 2)) /
                       static_cast<unsigned>(number(6, 2));
  const auto moment = sys_time<microseconds>(day) + hours(number(8, 2)) + minutes(number(10, 2)) +
                      std::chrono::seconds(number(12, 2)) +
                      microseconds(date_time.size() > 15 ? number(15, 6) : 0) +
                      microseconds(static_cast<long long>(seconds * 1e6 + 0.5));
  const auto date = floor<days>(moment);
  const year_month_day civil(date);
  const hh_mm_ss clock(moment - date);
  char text[40];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02d.%06d", static_cast<int>(civil.year()),
                static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace dosigate::testing
