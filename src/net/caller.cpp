#include "dosigate/net/caller.h"

#include "association_items.h"

namespace dosigate {

using association::is_printable, association::trimmed;

bool read_titles(ByteView pdu, Caller& into) {
  if (pdu.size() < kTitlesEnd || (pdu[7] & 1U) == 0) return false;
  std::string called = trimmed(pdu.subspan(10, 16)), calling = trimmed(pdu.subspan(26, 16));
  if (!is_printable(called) || !is_printable(calling)) return false;
  into.called_ae = std::move(called);
  into.calling_ae = std::move(calling);
  return true;
}

}  // namespace dosigate
