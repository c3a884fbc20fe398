#include "dosigate/audit/audit_head.h"

#include <algorithm>
#include <charconv>

namespace dosigate {
namespace {

constexpr std::size_t kHexDigits = 64;

}  // namespace

std::string text_of(const AuditHead& head) {
  return std::to_string(head.number) + ":" + head.value;
}

std::optional<AuditHead> parse_audit_head(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  AuditHead out;
  const char* const end = text.data() + colon;
  const auto [stopped, failed] = std::from_chars(text.data(), end, out.number);
  if (failed != std::errc{} || stopped != end || out.number == 0) return std::nullopt;
  out.value = text.substr(colon + 1);
  for (char& c : out.value) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (!hex) return std::nullopt;
  }
  if (out.value.size() != kHexDigits) return std::nullopt;
  return out;
}

}  // namespace dosigate
