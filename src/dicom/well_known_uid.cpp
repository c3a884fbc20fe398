#include <algorithm>
#include <iterator>

#include "dosigate/dicom/sop_class.h"
#include "trim.h"

namespace dosigate {
namespace {

// Registry of PS3.6 Annex A below the root: 1 to 5 classes, syntaxes, schemes, contexts; 6 context
// groups; 7 mapping resources; 8, 9 reserved families; 15 LDAP and well-known frames of reference.
constexpr unsigned kArcs[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15};

// The longest registered UID has 12 components (1.2.840.10008.5.1.4.1.1.77.1.5.1 and the like);
// numbers below the root have up to three digits, context groups (6.1.n) up to four. A date, a
// serial number or a counter of a device needs more.
constexpr std::size_t kMaxBelowRoot = 9;

constexpr std::uint32_t tag(std::uint32_t group, std::uint32_t element) {
  return group << 16U | element;
}

// From every UI attribute of PS3.6 2026d (DCMTK's dictionary; a test classifies them all).
constexpr std::uint32_t kClassTags[] = {
    tag(0x0000, 0x0002),  // AffectedSOPClassUID
    tag(0x0000, 0x0003),  // RequestedSOPClassUID
    tag(0x0002, 0x0002),  // MediaStorageSOPClassUID
    tag(0x0002, 0x0010),  // TransferSyntaxUID
    tag(0x0002, 0x0012),  // ImplementationClassUID
    tag(0x0002, 0x0032),  // RTVCommunicationSOPClassUID
    tag(0x0002, 0x0100),  // PrivateInformationCreatorUID: an organisation
    tag(0x0004, 0x1510),  // ReferencedSOPClassUIDInFile
    tag(0x0004, 0x1512),  // ReferencedTransferSyntaxUIDInFile
    tag(0x0004, 0x151A),  // ReferencedRelatedGeneralSOPClassUIDInFile
    tag(0x0008, 0x0016),  // SOPClassUID
    tag(0x0008, 0x001A),  // RelatedGeneralSOPClassUID
    tag(0x0008, 0x001B),  // OriginalSpecializedSOPClassUID
    tag(0x0008, 0x0062),  // SOPClassesInStudy
    tag(0x0008, 0x010C),  // CodingSchemeUID
    tag(0x0008, 0x010D),  // ContextGroupExtensionCreatorUID: an organisation
    tag(0x0008, 0x0117),  // ContextUID
    tag(0x0008, 0x0118),  // MappingResourceUID
    tag(0x0008, 0x1150),  // ReferencedSOPClassUID
    tag(0x0008, 0x115A),  // SOPClassesSupported
    tag(0x0008, 0x3002),  // AvailableTransferSyntaxUID
    tag(0x0008, 0x9123),  // CreatorVersionUID: a version of software
    tag(0x0034, 0x0003),  // FlowTransferSyntaxUID
    tag(0x0400, 0x0010),  // MACCalculationTransferSyntaxUID
    tag(0x0400, 0x0510),  // EncryptedContentTransferSyntaxUID
    tag(0x3010, 0x001F),  // SegmentationTemplateUID
    tag(0x3010, 0x0052),  // PertinentSOPClassesInStudy
    tag(0x3010, 0x0053),  // PertinentSOPClassesInSeries
};

}  // namespace

bool is_well_known_uid(std::string_view uid) {
  std::string_view rest = without_padding(uid);
  if (!rest.starts_with(kDicomRoot)) return false;
  rest.remove_prefix(kDicomRoot.size());

  std::size_t index = 0;
  bool context_group = true;  // so far "6.1"
  while (true) {
    const auto dot = rest.find('.');
    const std::string_view component = rest.substr(0, dot);
    const std::size_t digits = context_group && index == 2 ? 4 : 3;
    if (component.empty() || component.size() > digits ||
        (component.size() > 1 && component.front() == '0'))
      return false;
    unsigned value = 0;
    for (const char c : component) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (index == 0 && std::find(std::begin(kArcs), std::end(kArcs), value) == std::end(kArcs))
      return false;
    if (index == 0) context_group = value == 6;
    if (index == 1) context_group = context_group && value == 1;
    if (++index > kMaxBelowRoot) return false;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return index >= 2;
}

bool is_class_uid_tag(std::uint16_t group, std::uint16_t element) {
  return std::binary_search(std::begin(kClassTags), std::end(kClassTags), tag(group, element));
}

}  // namespace dosigate
