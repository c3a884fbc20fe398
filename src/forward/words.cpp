#include "words.h"

#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dimse.h>

#include "dosigate/dicom/dcmtk.h"

namespace dosigate {
namespace {

bool contains(const OFCondition& condition, const char* text) {
  return std::string_view(condition.text()).find(text) != std::string_view::npos;
}

bool is_code(const OFCondition& condition, unsigned short code) {
  return condition.module() == OFM_dcmnet && condition.code() == code;
}

bool is_silence(const OFCondition& condition) {
  return condition == DUL_READTIMEOUT || condition == DIMSE_NODATAAVAILABLE;
}

bool is_gone(const OFCondition& condition) {
  return condition == DUL_NETWORKCLOSED || is_code(condition, DULC_TCPIOERROR);
}

}  // namespace

std::string_view kind_text(Destination::Kind kind) {
  switch (kind) {
    case Destination::Kind::Dicom:
      return "dicom";
    case Destination::Kind::Stow:
      return "stow";
    case Destination::Kind::Folder:
      break;
  }
  return "folder";
}

std::string place_text(const Destination& destination) {
  switch (destination.kind) {
    case Destination::Kind::Dicom:
      return destination.ae_title + " at " + at(destination);
    case Destination::Kind::Stow:
      return destination.stow.url.text();
    case Destination::Kind::Folder:
      break;
  }
  return destination.path.string();
}

std::string at(const Destination& peer) { return peer.host + ":" + std::to_string(peer.port); }

Error unreachable(const OFCondition& condition, const Destination& peer) {
  const std::string within = " within " + std::to_string(peer.connect_timeout.count()) + " s";
  const auto words = [&]() -> std::string {
    if (is_code(condition, DULC_UNKNOWNHOST))
      return "host name " + peer.host +
             " does not resolve: check the destination's host and the DNS";
    if (is_code(condition, DULC_TCPINITERROR)) {
      if (contains(condition, "refused"))
        return "connection refused by " + at(peer) + ": is the archive running?";
      if (contains(condition, "imed out") || contains(condition, "imeout"))
        return "no connection to " + at(peer) + within + ": check address, route and firewall";
      return "no connection to " + at(peer) + ": " + text_of(condition);
    }
    if (is_silence(condition))
      return at(peer) + " takes the connection but answers nothing" + within +
             ": is it a DICOM port, is the archive overloaded?";
    if (condition == DUL_PEERABORTEDASSOCIATION)
      return at(peer) + " aborts or closes when an association is requested: see the archive's log";
    if (is_gone(condition))
      return at(peer) +
             " closes the connection when an association is requested: see the archive's log";
    return "no association with " + at(peer) + ": " + text_of(condition);
  }();
  return fail(Fault::Unavailable, words);
}

Error rejected(T_ASC_Parameters& parameters, const Destination& peer) {
  T_ASC_RejectParameters reject{};
  if (ASC_getRejectParameters(&parameters, &reject).bad())
    return fail(Fault::Unavailable, at(peer) + " rejects the association without a reason");
  switch (reject.reason) {
    case ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED:
      return fail(Fault::Denied, at(peer) + " does not know the called AE title " + peer.ae_title +
                                     ": correct the destination's ae_title, or the archive");
    case ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED:
      return fail(Fault::Denied, at(peer) + " does not know our AE title " + peer.calling_ae +
                                     ": register it at the archive");
    case ASC_REASON_SP_PRES_TEMPORARYCONGESTION:
    case ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED:
      return fail(
          Fault::Unavailable,
          at(peer) +
              " is at its limit of associations: it is asked again, fewer associations may help");
    default:
      break;
  }
  const bool lasting = reject.result == ASC_RESULT_REJECTEDPERMANENT;
  return fail(lasting ? Fault::Denied : Fault::Unavailable,
              at(peer) + " rejects the association " + (lasting ? "for good" : "for the moment") +
                  " (source and reason " +
                  std::to_string(static_cast<unsigned>(reject.reason) >> 8U) + "/" +
                  std::to_string(static_cast<unsigned>(reject.reason) & 0xFFU) +
                  "): see the archive's log");
}

std::string broken_off(const OFCondition& condition, const Destination& peer, const char* during) {
  const std::string when = std::string(" while ") + during;
  if (is_silence(condition))
    return at(peer) + " said nothing for " + std::to_string(peer.dimse_timeout.count()) + " s" +
           when + ": is it overloaded?";
  if (condition == DUL_PEERABORTEDASSOCIATION)
    return at(peer) + " aborted the association or closed the connection" + when +
           ": see the archive's log";
  if (condition == DUL_PEERREQUESTEDRELEASE) return at(peer) + " released the association" + when;
  if (condition == DUL_UNEXPECTEDPDU)
    return at(peer) + " broke the rules of the protocol" + when + ": the archive is at fault";
  if (is_gone(condition)) return "the connection to " + at(peer) + " was closed" + when;
  return at(peer) + when + ": " + text_of(condition);
}

}  // namespace dosigate
