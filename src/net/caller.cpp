#include "dosigate/net/caller.h"

#include <algorithm>
#include <optional>

namespace dosigate {
namespace {

std::optional<std::string> title_in(ByteView bytes) {
  std::string_view text = as_text(bytes);
  const auto padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && padding(text.back())) text.remove_suffix(1);
  while (!text.empty() && padding(text.front())) text.remove_prefix(1);
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; }))
    return std::nullopt;
  return std::string(text);
}

}  // namespace

bool read_titles(ByteView pdu, Caller& into) {
  if (pdu.size() < kTitlesEnd || (pdu[7] & 1U) == 0) return false;
  auto called = title_in(pdu.subspan(10, 16)), calling = title_in(pdu.subspan(26, 16));
  if (!called || !calling) return false;
  into.called_ae = std::move(*called);
  into.calling_ae = std::move(*calling);
  return true;
}

}  // namespace dosigate
