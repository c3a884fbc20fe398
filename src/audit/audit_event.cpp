#include "dosigate/audit/audit_event.h"

#include <boost/json.hpp>

namespace dosigate {

std::string AuditEvent::field(std::string_view name) const {
  for (const auto& [known, value] : fields)
    if (known == name) return value;
  return {};
}

Result<AuditEvent> parse_audit_line(std::string_view line) try {
  const auto parsed = boost::json::parse(line);
  const auto text = [&](const char* name) { return std::string(parsed.at(name).as_string()); };
  AuditEvent out;
  out.number = parsed.at("n").to_number<std::uint64_t>();
  out.time = text("time");
  out.event = text("event");
  out.actor = text("actor");
  out.chain = text("chain");
  for (const auto& [name, value] : parsed.at("fields").as_object())
    out.fields.emplace_back(std::string(name), std::string(value.as_string()));
  return out;
} catch (const std::exception&) {
  return fail(Fault::Corrupt, "a line of the audit record is not one of ours");
}

}  // namespace dosigate
