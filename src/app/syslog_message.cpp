#include "syslog_message.h"

#include <algorithm>

namespace dosigate {
namespace {

constexpr int kSecurity = 10;  // PS3.15 A.6: security/authorisation messages
constexpr int kWarning = 4, kNotice = 5;
constexpr std::uint64_t kHighestSequence = 2'147'483'647;  // RFC 5424 7.3.1
constexpr std::size_t kLongestHost = 255;
constexpr const char* kBom = "\xEF\xBB\xBF";

std::string printable_host(const std::string& host) {
  std::string out = host.substr(0, kLongestHost);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c <= 0x20 || c >= 0x7F; }, '?');
  return out.empty() ? "-" : out;
}

}  // namespace

std::string syslog_frame(const AuditEvent& event, const AuditSource& source,
                         const SyslogOrigin& origin) {
  const int severity = audit_outcome(event) == 0 ? kNotice : kWarning;
  const std::uint64_t sequence = event.number == 0 ? 1 : (event.number - 1) % kHighestSequence + 1;
  std::string message = "<" + std::to_string(kSecurity * 8 + severity) + ">1 " + event.time + " " +
                        printable_host(origin.host) + " dosigated " +
                        std::to_string(origin.process) + " DICOM+RFC3881 [meta sequenceId=\"" +
                        std::to_string(sequence) + "\"] " + kBom + audit_message(event, source);
  return std::to_string(message.size()) + " " + message;
}

}  // namespace dosigate
