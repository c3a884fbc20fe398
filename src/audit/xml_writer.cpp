#include "xml_writer.h"

#include <array>
#include <cstdint>
#include <utility>

namespace dosigate {
namespace {

/// Length of the UTF-8 character at the front that XML can say; 0 when there is none.
std::size_t whole_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> shortest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool control = code >= 0x80 && code < 0xA0;
  if (code < shortest[length] || code > 0x10FFFF || surrogate || control ||
      (code & 0xFFFEU) == 0xFFFE)
    return 0;
  return length;
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\t' || c == '\n' || c == '\r') {
      out += ' ';  // a message is one line
    } else if (length = whole_character(text); length > 0) {
      out += text.substr(0, length);
    } else {
      length = 1;
      out += '?';
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

void XmlWriter::end_start_tag() {
  if (std::exchange(in_start_tag_, false)) out_ += '>';
}

XmlWriter& XmlWriter::open(std::string_view element) {
  end_start_tag();
  out_.append("<").append(element);
  open_.emplace_back(element);
  in_start_tag_ = true;
  return *this;
}

XmlWriter& XmlWriter::attribute(std::string_view name, std::string_view value) {
  out_.append(" ").append(name).append("=\"").append(escaped(value)).append("\"");
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view value) {
  end_start_tag();
  out_ += escaped(value);
  return *this;
}

XmlWriter& XmlWriter::close() {
  if (std::exchange(in_start_tag_, false)) {
    out_ += "/>";
  } else {
    out_.append("</").append(open_.back()).append(">");
  }
  open_.pop_back();
  return *this;
}

std::string XmlWriter::take() {
  while (!open_.empty()) close();
  return std::exchange(out_, {});
}

std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view kSymbols =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8U |
              (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : std::uint32_t{0});
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kSymbols[three >> (18U - 6U * k) & 0x3FU];
  }
  return out;
}

}  // namespace dosigate
