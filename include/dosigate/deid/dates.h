#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate {

/// Moves one DA value by the patient's offset on the civil calendar (PS3.15 E.3.6, dosimetry.md
/// A3-4, A3-5). Padding is trimmed; empty stays empty; the legacy form "2025.03.04" keeps its dots;
/// sentinels ("19000101", "00010101", "99991231") and "00000000" are not dates of anybody: Invalid,
/// and the caller empties and counts. A range or anything else is Invalid.
Result<std::string> shift_date(std::string_view value, std::chrono::days offset);

/// Moves the date part of one DT value; hours, fraction and "&ZZXX" stay byte for byte. A partial
/// value ("2025", "202503") is moved as its first day and cut to the same precision.
Result<std::string> shift_date_time(std::string_view value, std::chrono::days offset);

/// AS at a date: days under one month, months under two years, else years, "000D" to "999Y"
/// (PS3.5 6.2). Empty when either date is missing or the birth date is later.
std::string age_at(std::string_view birth_date, std::string_view date);

}  // namespace dosigate
