#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dosigate {

/// What kind of content a storage SOP class carries, as far as a decision depends on it.
enum class ContentKind {
  Image,             ///< pixels made by an acquisition or reconstruction
  SecondaryCapture,  ///< screens, photographs of documents, multi-frame SC
  Ultrasound,        ///< names are burned in as a rule
  Recording,         ///< visible light and sound: photographs, endoscopy, slides, voice
  StructuredReport,  ///< SR documents, key object selection, dose reports
  EncapsulatedDocument,
  Radiotherapy,  ///< RT objects without image pixels, RT Dose included
  Segmentation,
  Other  ///< registration, presentation states, waveforms, raw data, ...
};

/// One storage SOP class of PS3.4 Annex B and PS3.6 Table A-1, edition 2026d, retired ones
/// included.
struct SopClass {
  std::string_view uid;
  std::string_view name;
  ContentKind kind;
  bool retired;
};

std::span<const SopClass> storage_sop_classes();
/// nullptr when it is not a standard storage class.
const SopClass* find_storage_sop_class(std::string_view uid);

/// What to do with a proposed abstract syntax (PS3.7 D.3.3.2).
enum class AbstractSyntax {
  Verification,
  Storage,         ///< standard storage class
  UnknownStorage,  ///< private or not in our table: accepted, and held by policy
  NotStorage  ///< a standard service that is no storage: rejected, abstract syntax not supported
};
AbstractSyntax classify_abstract_syntax(std::string_view uid);

/// What every UID of the standard begins with (PS3.6 Annex A).
inline constexpr std::string_view kDicomRoot = "1.2.840.10008.";

/// True for a UID that PS3.6 Annex A registers, or may register in a later edition:
/// under 1.2.840.10008 with the short components of the registry. No instance UID may be made under
/// that root; one that a broken device made there, with a date or a counter in it, is not
/// well-known. Such UIDs name nothing of a patient and are kept in every element.
bool is_well_known_uid(std::string_view uid);

/// True for the UI attributes that name a class, transfer syntax, coding scheme, context group,
/// template or implementation: their values are kept, whatever their root (real Siemens files use
/// private class UIDs). Every other UI names an instance and is mapped, among them all that PS3.15
/// Table E.1-1 marks U. False for private elements and for VRs other than UI.
bool is_class_uid_tag(std::uint16_t group, std::uint16_t element);

}  // namespace dosigate
