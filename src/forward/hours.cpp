#include "dosigate/forward/hours.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

namespace dosigate {
namespace {

constexpr int kDay = 24 * 60;

/// "19:00" to "24:00" as minutes of the day.
std::optional<int> read_time(std::string_view text) {
  const auto digit = [&](std::size_t at) {
    const char c = text[at];
    return c >= '0' && c <= '9' ? c - '0' : 100'000;
  };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hours = digit(0) * 10 + digit(1);
  const int minutes = digit(3) * 10 + digit(4);
  if (minutes > 59 || hours * 60 + minutes > kDay) return std::nullopt;
  return hours * 60 + minutes;
}

bool contains(int begin, int end, int minute) {
  return begin < end ? minute >= begin && minute < end : minute >= begin || minute < end;
}

int as_minute(std::chrono::minutes of_day) { return static_cast<int>(of_day.count()); }

}  // namespace

Result<Hours> Hours::parse(const std::vector<std::string>& windows) {
  Hours out;
  if (windows.empty())
    return fail(Fault::Invalid, "has no window: leave it out for a destination that always takes");
  for (const std::string& text : windows) {
    const std::string_view view = text;
    const auto begin = view.size() == 11 ? read_time(view.substr(0, 5)) : std::nullopt;
    const auto end = view.size() == 11 ? read_time(view.substr(6)) : std::nullopt;
    if (!begin || !end || view[5] != '-' || *begin == kDay)
      return fail(Fault::Invalid,
                  "\"" + text + "\" is no window of hours, as in \"19:00-06:00\" (local time)");
    if (*begin == *end)
      return fail(Fault::Invalid, "\"" + text +
                                      "\" has no length: write \"00:00-24:00\" for the whole day, "
                                      "or leave hours out");
    out.windows_.push_back({*begin, *end});
  }
  return out;
}

bool Hours::is_open(std::chrono::minutes of_day) const {
  return windows_.empty() || std::ranges::any_of(windows_, [&](const Window& window) {
           return contains(window.begin, window.end, as_minute(of_day));
         });
}

std::chrono::minutes Hours::opens_in(std::chrono::minutes of_day) const {
  if (is_open(of_day)) return std::chrono::minutes(0);
  int least = kDay;
  for (const Window& window : windows_)
    least = std::min(least, (window.begin - as_minute(of_day) + kDay) % kDay);
  return std::chrono::minutes(least);
}

std::string Hours::text() const {
  std::string out;
  for (const Window& window : windows_) {
    out += (out.empty() ? "" : ", ") + clock_text(std::chrono::minutes(window.begin)) + "-" +
           clock_text(std::chrono::minutes(window.end));
  }
  return out;
}

std::chrono::minutes local_minute(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return std::chrono::minutes(local.tm_hour * 60 + local.tm_min);
}

std::string clock_text(std::chrono::minutes of_day) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02d:%02d", as_minute(of_day) / 60,
                as_minute(of_day) % 60);
  return text.data();
}

}  // namespace dosigate
