#include "dosigate/audit/audit_message.h"

#include <algorithm>
#include <array>

#include "audit_codes.h"
#include "xml_writer.h"

namespace dosigate {
namespace {

using namespace audit_code;

constexpr std::string_view kNode = "dosigated";
constexpr std::string_view kPseudonym = "DSG-", kUid = "2.25.";

void coded(XmlWriter& xml, std::string_view element, const AuditCode& code) {
  xml.open(element)
      .attribute("csd-code", code.value)
      .attribute("codeSystemName", code.system)
      .attribute("originalText", code.meaning)
      .close();
}

/// One of ours in a field; several stand there with spaces between.
std::vector<std::string> words_with(const AuditEvent& event, std::string_view prefix,
                                    const std::vector<std::string_view>& fields) {
  std::vector<std::string> out;
  for (const std::string_view name : fields) {
    const std::string text = event.field(name);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find_first_of(" ,", begin), text.size());
      std::string word = text.substr(begin, end - begin);
      if (word.starts_with(prefix) && std::find(out.begin(), out.end(), word) == out.end())
        out.push_back(std::move(word));
      begin = end + 1;
    }
  }
  return out;
}

struct Participant {
  std::string_view user;
  bool requestor = false;
  AuditCode role{};
  std::string_view host{};     ///< a numeric address
  std::string_view machine{};  ///< a name
  AuditCode media{};
};

void add(XmlWriter& xml, const Participant& who) {
  xml.open("ActiveParticipant")
      .attribute("UserID", who.user.empty() ? "unknown" : who.user)
      .attribute("UserIsRequestor", who.requestor ? "true" : "false");
  const bool address = !who.host.empty();
  if (address || !who.machine.empty())
    xml.attribute("NetworkAccessPointID", address ? who.host : who.machine)
        .attribute("NetworkAccessPointTypeCode", address ? "2" : "1");
  if (!who.role.value.empty()) coded(xml, "RoleIDCode", who.role);
  if (!who.media.value.empty()) {
    xml.open("MediaIdentifier");
    coded(xml, "MediaType", who.media);
    xml.close();
  }
  xml.close();
}

void participants(XmlWriter& xml, const AuditEvent& event, const AuditKind& kind,
                  const AuditSource& source) {
  const bool by_node = event.actor == kNode;
  const std::string calling = event.field("calling"), address = event.field("address"),
                    destination = event.field("destination"), folder = event.field("directory"),
                    backup = event.field("folder");
  Participant node{source.id, by_node, {}, {}, source.host};
  if (kind.id == kApplicationActivity) {
    node.role = kApplication;
    return add(xml, node);
  }
  if (!calling.empty()) {  // a peer began it
    node.requestor = false;
    const bool transfer = kind.id == kBeginTransferring || kind.id == kInstancesTransferred;
    add(xml, {calling, true, transfer ? kSourceRole : kNone, address});
    if (transfer) node.role = kDestinationRole;
    return add(xml, node);
  }
  if (event.event == "instances.transferred" || event.event == "study.withdrawal-told") {
    node.role = kSourceRole;
    add(xml, node);
    const std::string host = event.field("host");
    // A number or a name, as the destination is configured.
    const bool numeric = host.find(':') != std::string::npos ||
                         host.find_first_not_of("0123456789.") == std::string::npos;
    return add(xml, {destination, false, kDestinationRole, numeric ? host : std::string_view(),
                     numeric ? std::string_view() : host});
  }
  if (!by_node) add(xml, {event.actor, true, kind.id == kQuery ? kSourceRole : kNone});
  if (kind.id == kQuery) node.role = by_node ? kSourceRole : kDestinationRole;
  if (kind.id == kExport) node.role = kSourceRole;
  add(xml, node);
  if (kind.id == kExport)
    add(xml, {folder.empty() ? std::string_view(backup) : std::string_view(folder),
              false,
              kDestinationMedia,
              {},
              {},
              kUri});
}

struct Object {
  const AuditCode& id_type;
  std::string_view type, role, id, name;
};

void begin(XmlWriter& xml, const Object& object) {
  xml.open("ParticipantObjectIdentification")
      .attribute("ParticipantObjectID", object.id)
      .attribute("ParticipantObjectTypeCode", object.type)
      .attribute("ParticipantObjectTypeCodeRole", object.role);
  coded(xml, "ParticipantObjectIDTypeCode", object.id_type);
  xml.open("ParticipantObjectName").text(object.name).close();
}

void detail(XmlWriter& xml, std::string_view type, std::string_view value) {
  xml.open("ParticipantObjectDetail")
      .attribute("type", type)
      .attribute("value", to_base64(value))
      .close();
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 19 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

void objects(XmlWriter& xml, const AuditEvent& event, const AuditKind& kind) {
  if (kind.id == kQuery) {
    begin(xml, {kSearchCriteria, "2", "24", event.event, event.event});
    xml.close();  // what was asked for is an identity, and stands nowhere
  }
  const auto studies =
      words_with(event, kUid, {"study", "new_study", "withdrawn_studies", "uid", "studies"});
  const std::string instances = event.field("instances");
  for (const std::string& uid : studies) {
    begin(xml, {kStudyUid, "2", "3", uid, uid});
    if (is_number(instances) && studies.size() == 1) {
      xml.open("ParticipantObjectDescription");
      xml.open("SOPClass").attribute("NumberOfInstances", instances).close();
      xml.close();
    }
    xml.close();
  }
  const auto patients =
      words_with(event, kPseudonym, {"pseudonym", "found", "holds", "with", "a", "b", "subjects"});
  for (const std::string& pseudonym : patients) {
    begin(xml, {kPatientNumber, "1", "1", pseudonym, pseudonym});
    xml.close();
  }
  // A.5.3 wants a patient and a study. Of whom was forgotten, nothing may say who it was.
  if (kind.id == kStudyDeleted && patients.empty()) {
    begin(xml, {kPatientNumber, "1", "1", "forgotten", "forgotten"});
    xml.close();
  }
  begin(xml, {kUriId, "2", "13", "dosigate:audit:" + std::to_string(event.number), event.event});
  detail(xml, "line", std::to_string(event.number));
  detail(xml, "chain", event.chain);
  for (const auto& [name, value] : event.fields) detail(xml, name, value);
  xml.close();
}

}  // namespace

int audit_outcome(const AuditEvent& event) {
  const std::string outcome = event.field("outcome");
  if (event.event == "association.refused" || outcome == "refused") return 4;
  const bool incident = event.event.starts_with("incident.") && event.event != "incident.closed";
  const bool serious = outcome == "cut off" || incident || event.event.starts_with("audit.");
  return serious ? 8 : 0;
}

std::string audit_message(const AuditEvent& event, const AuditSource& source) {
  const AuditKind& kind = audit_kind(event.event);
  const int outcome = audit_outcome(event);
  XmlWriter xml;
  xml.open("AuditMessage");
  xml.open("EventIdentification")
      .attribute("EventActionCode", std::string_view(&kind.action, 1))
      .attribute("EventDateTime", event.time)
      .attribute("EventOutcomeIndicator", std::to_string(outcome));
  coded(xml, "EventID", kind.id);
  if (!kind.type.value.empty()) coded(xml, "EventTypeCode", kind.type);
  if (outcome != 0) {
    const std::string why =
        event.field(event.event == "association.refused" ? "reason" : "outcome");
    xml.open("EventOutcomeDescription").text(why.empty() ? event.event : why).close();
  }
  xml.close();
  participants(xml, event, kind, source);
  xml.open("AuditSourceIdentification").attribute("AuditSourceID", source.id);
  // 4: application server process
  xml.open("AuditSourceTypeCode").attribute("csd-code", "4").close();
  xml.close();
  objects(xml, event, kind);
  return xml.take();
}

}  // namespace dosigate
