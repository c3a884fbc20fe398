#include "dosigate/dosimetry/instants.h"

#include <algorithm>
#include <cstdio>

namespace dosigate {
namespace {

using namespace std::chrono;

std::string without(std::string_view text, char separator) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::string out(text);
  std::erase(out, separator);
  return out;
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

}  // namespace

std::optional<microseconds> parse_time(std::string_view tm) {
  const std::string text = without(tm, ':');
  const std::string_view clock = std::string_view(text).substr(0, text.find('.'));
  const std::string_view fraction =
      clock.size() == text.size() ? "" : std::string_view(text).substr(clock.size() + 1);
  if (clock.size() != 2 && clock.size() != 4 && clock.size() != 6) return std::nullopt;
  if (clock.size() != text.size() && (clock.size() != 6 || fraction.empty())) return std::nullopt;
  if (fraction.size() > 6 || !all_digits(clock) || !all_digits(fraction)) return std::nullopt;
  const int hour = number(clock.substr(0, 2));
  const int minute = clock.size() < 4 ? 0 : number(clock.substr(2, 2));
  const int second = clock.size() < 6 ? 0 : number(clock.substr(4, 2));
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  std::string micro(fraction);
  micro.resize(6, '0');
  return hours(hour) + minutes(minute) + seconds(second) + microseconds(number(micro));
}

std::optional<Instant> parse_date(std::string_view da) {
  const std::string text = without(da, '.');
  if (text.size() != 8 || !all_digits(text)) return std::nullopt;
  if (text == "19000101" || text == "00010101" || text == "99991231") return std::nullopt;
  const std::string_view digits(text);
  const year_month_day day(year(number(digits.substr(0, 4))),
                           month(static_cast<unsigned>(number(digits.substr(4, 2)))),
                           std::chrono::day(static_cast<unsigned>(number(digits.substr(6, 2)))));
  if (!day.ok() || day.year() < year(1)) return std::nullopt;
  return Instant(sys_days(day));
}

std::optional<minutes> parse_zone(std::string_view text) {
  const std::string zone = without(text, ' ');
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-') ||
      !all_digits(std::string_view(zone).substr(1)))
    return std::nullopt;
  const std::string_view digits = std::string_view(zone).substr(1);
  const int total = number(digits.substr(0, 2)) * 60 + number(digits.substr(2, 2));
  if (total > 14 * 60) return std::nullopt;
  return minutes(zone[0] == '-' ? -total : total);
}

std::optional<DateTime> parse_date_time(std::string_view dt) {
  std::string text = without(dt, ' ');
  DateTime out{};
  if (const auto sign = text.find_first_of("+-"); sign != std::string::npos) {
    out.zone = parse_zone(std::string_view(text).substr(sign));
    if (!out.zone) return std::nullopt;
    text.resize(sign);
  }
  if (text.size() < 10) return std::nullopt;
  const auto date = parse_date(std::string_view(text).substr(0, 8));
  const auto time = parse_time(std::string_view(text).substr(8));
  if (!date || !time) return std::nullopt;
  out.at = *date + *time;
  return out;
}

microseconds apart(microseconds a, microseconds b) {
  const microseconds difference = abs(a - b);
  return std::min<microseconds>(difference, hours(24) - difference);
}

std::string instant_text(Instant at) {
  const auto date = floor<days>(at);
  const year_month_day day(date);
  const hh_mm_ss clock(at - date);
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02d.%06d", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace dosigate
