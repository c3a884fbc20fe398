#include <algorithm>
#include <cctype>

#include "upload.h"

namespace dosigate {
namespace {

constexpr std::string_view kBlank = " \t";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Up to the next semicolon that is not inside quotes; `text` goes behind it.
std::string_view next_piece(std::string_view& text) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || text[at] != ';'); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
  }
  const std::string_view piece = text.substr(0, std::min(at, text.size()));
  text = at < text.size() ? text.substr(at + 1) : std::string_view();
  return piece;
}

}  // namespace

std::string media_type(std::string_view content_type) {
  return lower(trimmed(next_piece(content_type)));
}

std::string media_parameter(std::string_view content_type, std::string_view name) {
  (void)next_piece(content_type);
  while (!content_type.empty()) {
    const std::string_view piece = next_piece(content_type);
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos || lower(trimmed(piece.substr(0, equals))) != name)
      continue;
    std::string_view value = trimmed(piece.substr(equals + 1));
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
    std::string out;
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '\\' && i + 2 < value.size()) ++i;
      out += value[i];
    }
    return out;
  }
  return {};
}

}  // namespace dosigate
