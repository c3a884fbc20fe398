#include "cli_text.h"
#include "dosigate/base/clock.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

namespace dosigate::cli {
namespace {

/// Columns that a UTF-8 text takes: its code points (no wide script is expected in names and
/// reasons).
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

const boost::json::value& at(const boost::json::value& value, std::string_view path) {
  static const boost::json::value null;
  const boost::json::value* here = &value;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto* object = here->if_object();
    const auto* next = object == nullptr ? nullptr : object->if_contains(path.substr(0, dot));
    if (next == nullptr) return null;
    here = next;
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return *here;
}

const boost::json::array& list(const boost::json::value& value, std::string_view path) {
  static const boost::json::array none;
  const auto* found = at(value, path).if_array();
  return found == nullptr ? none : *found;
}

double number(const boost::json::value& value, std::string_view path) {
  boost::json::error_code wrong;
  const double out = at(value, path).to_number<double>(wrong);
  return wrong ? 0.0 : out;
}

std::string shown(const boost::json::value& value) {
  if (value.is_null()) return "-";
  if (const auto* text = value.if_string()) return text->empty() ? "-" : printable(*text);
  if (value.is_int64()) return thousands(value.get_int64());
  if (value.is_uint64()) return thousands(static_cast<long long>(value.get_uint64()));
  if (value.is_double()) return fmt::format("{:.1f}", value.get_double());
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  return printable(boost::json::serialize(value));
}

std::string shown(const boost::json::value& value, std::string_view path) {
  return shown(at(value, path));
}

std::string in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  // C1 controls come as two bytes in UTF-8; some terminals obey them as well.
  for (auto at = out.find('\xC2'); at != std::string::npos; at = out.find('\xC2', at + 1)) {
    if (at + 1 < out.size() && static_cast<unsigned char>(out[at + 1]) < 0xA0)
      out.replace(at, 2, "?");
  }
  return out;
}

std::string thousands(long long value) {
  std::string out = std::to_string(value);
  const std::ptrdiff_t first = value < 0 ? 1 : 0;
  for (auto i = static_cast<std::ptrdiff_t>(out.size()) - 3; i > first; i -= 3)
    out.insert(static_cast<std::size_t>(i), ",");
  return out;
}

std::string size_text(double bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 || bytes >= 99.95 ? fmt::format("{:.0f} {}", bytes, units[unit])
                                     : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string duration_text(long long seconds) {
  if (seconds < 0) return "-";
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / kSecondsPerDay, seconds % kSecondsPerDay / 3600);
}

std::string time_text(long long unix_seconds) {
  if (unix_seconds <= 0) return "-";
  const auto when = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  localtime_r(&when, &parts);
  std::array<char, 32> out{};
  const std::size_t length = std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {out.data(), length};
}

std::string time_text(const boost::json::value& value, std::string_view path) {
  return time_text(static_cast<long long>(number(value, path)));
}

std::string arrival_word(const boost::json::value& study) {
  const auto& complete = at(study, "arrival.complete");
  if (complete.is_null()) return "-";
  return complete == boost::json::value(true) ? "complete" : "arriving";
}

std::string table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> names;
  std::vector<bool> right;
  for (const std::string& heading : headings) {
    right.push_back(heading.starts_with('>'));
    names.push_back(heading.substr(right.back() ? 1 : 0));
  }
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < names.size(); ++c) {
    widths.push_back(width(names[c]));
    for (const auto& row : rows) widths[c] = std::max(widths[c], width(row.at(c)));
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(widths[c] - width(cells[c]), ' ');
      text += "  " + (right[c] ? pad + cells[c] : cells[c] + pad);
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line(names);
  for (const auto& row : rows) line(row);
  return out;
}

}  // namespace dosigate::cli
