#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate {

/// Moves one DA value by the patient's offset on the civil calendar (PS3.15 E.3.6, dosimetry.md
/// A3-4, A3-5). Padding is trimmed; empty stays empty; the legacy form "2025.03.04" keeps its dots.
/// Sentinels ("19000101", "00010101", "99991231") are nobody's date and stay as they are: moved,
/// they would look like one and give the offset away. "00000000", a range or anything else is
/// Invalid, and the caller empties and counts.
Result<std::string> shift_date(std::string_view value, std::chrono::days offset);

/// Moves the date part of one DT value; hours, fraction and "&ZZXX" stay byte for byte. A partial
/// value ("2025", "202503") is moved as its first day and cut to the same precision. A sentinel
/// stays whole, with what follows it.
Result<std::string> shift_date_time(std::string_view value, std::chrono::days offset);

/// One TM value: HH, HHMM or HHMMSS with up to six digits of a fraction, colons of the legacy form
/// too, padding aside; empty is one. "778812" is none: digits that are no time are an identifier.
bool is_time(std::string_view value);

/// True for a whole date that systems write for "no date": "19000101", "00010101", "99991231".
bool is_sentinel_date(std::string_view digits);

/// AS at a date: days under one month, months under two years, else years, "000D" to "999Y"
/// (PS3.5 6.2). Empty when either date is missing or the birth date is later.
std::string age_at(std::string_view birth_date, std::string_view date);

}  // namespace dosigate
