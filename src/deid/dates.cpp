#include "dosigate/deid/dates.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace dosigate {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) value.remove_suffix(1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return value;
}

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

unsigned number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

/// A calendar date of eight digits.
std::optional<sys_days> calendar_day(std::string_view digits) {
  if (digits.size() != 8 || !is_digits(digits)) return std::nullopt;
  const year_month_day date{std::chrono::year(static_cast<int>(number(digits.substr(0, 4)))),
                            std::chrono::month(number(digits.substr(4, 2))),
                            std::chrono::day(number(digits.substr(6, 2)))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

/// Empty optional when the year leaves 0001 to 9999.
std::optional<std::string> eight_digits(sys_days day) {
  const year_month_day date(day);
  const int year = int(date.year());
  if (year < 1 || year > 9999) return std::nullopt;
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u", year, unsigned(date.month()),
                unsigned(date.day()));
  return std::string(text.data(), 8);
}

Error no_date() { return fail(Fault::Invalid, "the value is no calendar date"); }

/// "&ZZXX", that is a sign and hours and minutes.
bool is_zone(std::string_view text) {
  return text.size() == 5 && (text[0] == '+' || text[0] == '-') && is_digits(text.substr(1)) &&
         number(text.substr(1, 2)) <= 14 && number(text.substr(3)) < 60;
}

/// HH[MM[SS[.F{1-6}]]].
bool is_clock_time(std::string_view text) {
  const auto dot = text.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view fraction = text.substr(dot + 1);
    if (dot != 6 || fraction.empty() || fraction.size() > 6 || !is_digits(fraction)) return false;
    text = text.substr(0, dot);
  }
  if (!is_digits(text) || (text.size() != 2 && text.size() != 4 && text.size() != 6)) return false;
  return number(text.substr(0, 2)) < 24 && (text.size() < 4 || number(text.substr(2, 2)) < 60) &&
         (text.size() < 6 || number(text.substr(4)) <= 60);  // a leap second
}

/// What may follow YYYYMMDD in a DT: nothing or a time, then perhaps a zone.
bool is_time_part(std::string_view rest) {
  const auto sign = rest.find_first_of("+-");
  if (sign != std::string_view::npos) {
    if (!is_zone(rest.substr(sign))) return false;
    rest = rest.substr(0, sign);
  }
  return rest.empty() || is_clock_time(rest);
}

}  // namespace

bool is_time(std::string_view value) {
  value = trimmed(value);
  if (value.empty()) return true;
  std::string plain(value);
  if (value.size() >= 5 && value[2] == ':' && (value.size() < 8 || value[5] == ':'))
    std::erase(plain, ':');
  return is_clock_time(plain);
}

bool is_sentinel_date(std::string_view digits) {
  static constexpr std::array<std::string_view, 3> kNobody{"19000101", "00010101", "99991231"};
  return std::find(kNobody.begin(), kNobody.end(), digits) != kNobody.end();
}

Result<std::string> shift_date(std::string_view value, days offset) {
  value = trimmed(value);
  if (value.empty()) return std::string();
  const bool legacy =
      value.size() == 10 && value[4] == '.' && value[7] == '.';  // ACR-NEMA "2025.03.04"
  std::string digits(value);
  if (legacy) std::erase(digits, '.');
  if (is_sentinel_date(digits)) return std::string(value);
  const auto day = calendar_day(digits);
  if (!day) return no_date();
  auto moved = eight_digits(*day + offset);
  if (!moved) return no_date();
  if (legacy) moved = moved->substr(0, 4) + "." + moved->substr(4, 2) + "." + moved->substr(6, 2);
  return *moved;
}

Result<std::string> shift_date_time(std::string_view value, days offset) {
  value = trimmed(value);
  if (value.empty()) return std::string();
  const auto digits_end = std::min(value.find_first_not_of("0123456789"), value.size());
  // A partial value names a year or a month: moved as its first day and cut again, it stays within
  // one unit of its own precision.
  const std::size_t precision = std::min<std::size_t>(digits_end, 8);
  if (precision != 4 && precision != 6 && precision != 8) return no_date();
  const std::string_view rest = value.substr(precision);
  if (precision < 8 ? !(rest.empty() || is_zone(rest)) : !is_time_part(rest)) return no_date();
  if (is_sentinel_date(value.substr(0, precision))) return std::string(value);
  std::string whole(value.substr(0, precision));
  whole += std::string_view("00000101").substr(precision);
  const auto day = calendar_day(whole);
  if (!day) return no_date();
  const auto moved = eight_digits(*day + offset);
  if (!moved) return no_date();
  return moved->substr(0, precision) + std::string(rest);
}

std::string age_at(std::string_view birth_date, std::string_view date) {
  const auto plain = [](std::string_view value) {
    std::string digits(trimmed(value));
    if (digits.size() == 10 && digits[4] == '.' && digits[7] == '.') std::erase(digits, '.');
    return digits;
  };
  const std::string birth_digits = plain(birth_date), digits = plain(date);
  if (is_sentinel_date(birth_digits) || is_sentinel_date(digits)) return {};
  const auto born = calendar_day(birth_digits), then = calendar_day(digits);
  if (!born || !then || *then < *born) return {};
  const year_month_day from(*born), to(*then);
  int months = (int(to.year()) - int(from.year())) * 12 + static_cast<int>(unsigned(to.month())) -
               static_cast<int>(unsigned(from.month()));
  if (unsigned(to.day()) < unsigned(from.day())) --months;
  std::array<char, 24> text{};
  if (months < 1)
    std::snprintf(text.data(), text.size(), "%03dD", static_cast<int>((*then - *born).count()));
  else if (months < 24)
    std::snprintf(text.data(), text.size(), "%03dM", months);
  else
    std::snprintf(text.data(), text.size(), "%03dY", std::min(months / 12, 999));
  return text.data();
}

}  // namespace dosigate
