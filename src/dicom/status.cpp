#include "dosigate/dicom/status.h"

#include <array>
#include <cstdio>

namespace dosigate {

std::uint16_t to_dimse(Fault fault) {
  switch (fault) {
    case Fault::Busy:
    case Fault::Unavailable:
    case Fault::NotFound:
    case Fault::Denied:
    case Fault::Corrupt:
      return 0xA700;
    case Fault::NotDicom:
      return 0xC000;
    case Fault::Mismatch:
      return 0xA900;
    case Fault::Uncertain:
      return 0x0124;
    case Fault::Conflict:
    case Fault::Invalid:
      return kProcessingFailure;
  }
  return kProcessingFailure;  // -Wswitch names a forgotten Fault
}

Delivery classify_store_status(std::uint16_t status) {
  switch (status) {
    case 0x0000:
    case 0xB000:  // coercion of data elements
    case 0xB006:  // elements discarded
    case 0xB007:  // data set does not match SOP class
      return Delivery::Delivered;
    case kDuplicateInstance:  // ours only if an answer of an earlier attempt was lost
      return Delivery::DeliveredIfSentBefore;
    case 0x0122:
    case 0x0124:
      return Delivery::Park;
    default:
      break;
  }
  const unsigned high = status >> 8U;
  if (high == 0xA8 || high == 0xA9 || (high & 0xF0U) == 0xC0) return Delivery::Park;
  return Delivery::Retry;
}

std::string status_text(std::uint16_t status) {
  const char* words = [status] {
    switch (status) {
      case 0x0000:
        return "success";
      case 0xB000:
        return "warning: data elements coerced";
      case 0xB006:
        return "warning: elements discarded";
      case 0xB007:
        return "warning: data set does not match SOP class";
      case 0x0105:
        return "no such attribute";
      case 0x0106:
        return "invalid attribute value";
      case 0x0107:
        return "warning: attribute list error";
      case kProcessingFailure:
        return "processing failure";
      case kDuplicateInstance:
        return "duplicate SOP instance";
      case kNoSuchInstance:
        return "no such SOP instance";
      case 0x0115:
        return "invalid argument value";
      case 0x0116:
        return "warning: attribute value out of range";
      case 0x0117:
        return "invalid SOP instance UID";
      case 0x0118:
        return "no such SOP class";
      case 0x0119:
        return "class and instance do not match";
      case 0x0120:
        return "missing attribute";
      case 0x0121:
        return "missing attribute value";
      case 0x0122:
        return "SOP class not supported";
      case 0x0124:
        return "refused: not authorised";
      case 0x0210:
        return "duplicate invocation";
      case 0x0211:
        return "unrecognised operation";
      case 0x0212:
        return "mistyped argument";
      case 0x0213:
        return "resource limitation";
      case 0xFE00:
        return "cancelled";
      case 0xFF00:
      case 0xFF01:
        return "pending, which is no answer to C-STORE";
      default:
        break;
    }
    const unsigned high = status >> 8U;
    if (high == 0xA7) return "out of resources";
    if (high == 0xA8) return "SOP class not supported";
    if (high == 0xA9) return "data set does not match SOP class";
    if ((high & 0xF0U) == 0xC0) return "cannot understand";
    if ((high & 0xF0U) == 0xB0) return "warning of an unknown kind";
    return "unknown status";
  }();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04X %s", static_cast<unsigned>(status), words);
  return text.data();
}

}  // namespace dosigate
