#include <array>

#include "dosigate/dicom/status.h"
#include "dosigate/forward/forwarder.h"
#include "peer.h"
#include "web_find.h"
#include "words.h"

namespace dosigate {
namespace {

/// What a theranostic study is made of.
constexpr std::array<const char*, 9> kClasses = {UID_NuclearMedicineImageStorage,
                                                 UID_PositronEmissionTomographyImageStorage,
                                                 UID_CTImageStorage,
                                                 UID_MRImageStorage,
                                                 UID_SegmentationStorage,
                                                 UID_RTStructureSetStorage,
                                                 UID_RTDoseStorage,
                                                 UID_SpatialRegistrationStorage,
                                                 UID_EnhancedSRStorage};

std::chrono::milliseconds since(SteadyTime begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_now() - begun);
}

/// HTTP has no echo, and storing something to see whether it works would leave it there.
Result<std::chrono::milliseconds> echo_by_web(const Destination& archive) {
  const SteadyTime begun = steady_now();
  auto link = HttpLink::open(archive);
  if (!link) return link.error();
  if (auto answered = web_find_any(**link, archive.stow); !answered) return answered.error();
  return since(begun);
}

}  // namespace

Result<std::chrono::milliseconds> echo(const Destination& peer) {
  if (peer.kind == Destination::Kind::Stow) return echo_by_web(peer);
  Requestor requestor = make_requestor(peer);
  const SteadyTime begun = steady_now();
  auto opened = Peer::open(peer, requestor,
                           {{UID_VerificationSOPClass, {UID_LittleEndianImplicitTransferSyntax}}});
  if (!opened) return opened.error();
  if ((*opened)->accepted().empty()) {
    return fail(
        Fault::Unavailable,
        at(peer) + " accepts the association but not Verification: it cannot be tested by C-ECHO");
  }
  const auto answer = (*opened)->echo();
  if (!answer) return answer.error();
  const auto round_trip = since(begun);
  (*opened)->release();
  if (answer->status != 0)
    return fail(Fault::Unavailable,
                at(peer) + " answers C-ECHO with " + status_text(answer->status));
  return round_trip;
}

Result<std::vector<AcceptedContext>> test_peer(const Destination& peer) {
  std::vector<ProposedContext> all;
  for (const char* sop_class : kClasses) {
    for (const TransferSyntax& syntax : transfer_syntaxes())
      all.push_back({sop_class, {std::string(syntax.uid)}});
  }

  Requestor requestor = make_requestor(peer);
  std::vector<AcceptedContext> out;
  for (std::size_t first = 0; first < all.size(); first += kMostContexts) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<ProposedContext> part(
        begin, begin + static_cast<std::ptrdiff_t>(std::min(kMostContexts, all.size() - first)));
    auto opened = Peer::open(peer, requestor, part);
    if (!opened) return opened.error();
    for (const auto& accepted : (*opened)->accepted())
      out.push_back({accepted.sop_class_uid, accepted.transfer_syntax_uid});
    (*opened)->release();
  }
  for (const char* sop_class : kClasses) {
    if (std::none_of(out.begin(), out.end(),
                     [&](const AcceptedContext& a) { return a.sop_class_uid == sop_class; }))
      out.push_back({sop_class, ""});
  }
  return out;
}

}  // namespace dosigate
