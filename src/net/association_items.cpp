#include "association_items.h"

#include <algorithm>

namespace dosigate::association {

std::string trimmed(ByteView bytes) {
  std::string_view text = as_text(bytes);
  const auto padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!text.empty() && padding(text.back())) text.remove_suffix(1);
  while (!text.empty() && padding(text.front())) text.remove_prefix(1);
  return std::string(text);
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

std::string uid_in(ByteView body) {
  if (body.size() > 64) return {};
  std::string uid = trimmed(body);
  const bool valid = std::all_of(uid.begin(), uid.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return valid ? uid : std::string();
}

}  // namespace dosigate::association
