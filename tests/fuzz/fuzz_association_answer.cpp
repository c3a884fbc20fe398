// The first PDU of an archive: what is let through answers our request and nothing else.

#include <set>

#include "fuzz/fuzz.h"
#include "net/association_answer.h"

using namespace dosigate;

namespace {

AssociationRequest asked() {
  AssociationRequest request;
  request.called_ae = "ARCHIVE";
  request.calling_ae = "DOSIGATE";
  request.contexts = {
      {1, "1.2.840.10008.5.1.4.1.1.2", {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2"}},
      {3, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};
  request.application_context = "1.2.840.10008.3.1.1.1";
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 6;
  static const AssociationRequest request = asked();
  const ByteView pdu(data, size);
  if (size < kHeader) return 0;
  const auto more = association_answer_size(pdu.first(kHeader));
  if (!more) return 0;
  must(*more <= 64U << 10U);
  if (*more != size - kHeader) return 0;
  if (!check_association_answer(pdu, request) || pdu[0] != 2) return 0;

  // An A-ASSOCIATE-AC: only contexts that we proposed, each once.
  std::set<Byte> seen;
  for (std::size_t at = kHeader + 68; at < size;) {
    must(at + 4 <= size);
    const std::size_t length = std::size_t{pdu[at + 2]} << 8U | pdu[at + 3];
    must(at + 4 + length <= size);
    if (pdu[at] == 0x21) {
      must(length >= 4 && (pdu[at + 4] == 1 || pdu[at + 4] == 3));
      must(seen.insert(pdu[at + 4]).second);
    }
    at += 4 + length;
  }
  return 0;
}
