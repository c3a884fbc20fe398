#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace dosigate::cli {

/// The value at "associations.active"; null when any part is missing.
const boost::json::value& at(const boost::json::value& value, std::string_view path);
/// As a person reads it: a number with separators of thousands, a string without control characters
/// (peers choose some of them, and a terminal obeys them), "-" for null.
std::string shown(const boost::json::value& value);
std::string shown(const boost::json::value& value, std::string_view path);
/// The array at that path; empty when there is none.
const boost::json::array& list(const boost::json::value& value, std::string_view path);
double number(const boost::json::value& value, std::string_view path);

std::string printable(std::string_view text);
/// ASCII only: a pseudonym as a person typed it. UIDs have no letters.
std::string in_capitals(std::string_view text);
std::string thousands(long long value);
/// "512 MB", "1.4 TB"; powers of 1000, as df -H.
std::string size_text(double bytes);
/// "45 s", "12 min", "3 h 20 min", "5 d 4 h".
std::string duration_text(long long seconds);
/// Local time, to the second; "-" for 0.
std::string time_text(long long unix_seconds);

/// The same of the number at that path.
std::string time_text(const boost::json::value& value, std::string_view path);

/// Whether more of a study may come; "-" when an older daemon, or an older study, does not say.
std::string arrival_word(const boost::json::value& study);

/// Columns under headings, two spaces apart; a heading that starts with '>' is right-aligned.
std::string table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows);

}  // namespace dosigate::cli
