#include "audit_span.h"

#include <algorithm>
#include <ctime>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

/// No line of ours is longer (src/audit).
constexpr std::uint64_t kLongestLine = 1U << 20U;

/// "2026-11-28T10:04:00Z", with or without a fraction.
long long unix_of(const std::string& rfc3339) {
  std::tm utc{};
  if (strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return 0;
  return timegm(&utc);
}

}  // namespace

Result<AuditSpan> audit_span(const std::filesystem::path& file) try {
  const FileDescriptor opened = open_for_reading(file);
  const std::uint64_t size = std::filesystem::file_size(file);
  const auto bytes_at = [&](std::uint64_t at, std::uint64_t count) {
    Bytes out(count);
    if (!read_exactly_at(opened.get(), out, at, file))
      throw std::runtime_error(file.string() + " became shorter");
    return std::string(as_text(out));
  };
  AuditSpan span;
  // A line that is being written at this moment has no end yet, and is left out.
  const std::uint64_t from = size > 2 * kLongestLine ? size - 2 * kLongestLine : 0;
  const std::string end = bytes_at(from, size - from);
  const auto last_end = end.rfind('\n');
  if (last_end == std::string::npos) return span;
  span.bytes = from + last_end + 1;
  const auto before = last_end == 0 ? std::string::npos : end.rfind('\n', last_end - 1);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  const auto last = boost::json::parse(end.substr(begin, last_end - begin));
  span.lines = last.at("n").to_number<std::uint64_t>();
  span.head = last.at("chain").as_string();
  const std::string start = bytes_at(0, std::min(size, kLongestLine));
  const auto first = boost::json::parse(start.substr(0, start.find('\n')));
  span.first_unix = unix_of(std::string(first.at("time").as_string()));
  return span;
} catch (const boost::system::system_error& wrong) {
  return fail(Fault::Corrupt, file.string() + " is no audit record: " + wrong.what());
} catch (const std::exception& wrong) {
  return fail(Fault::Unavailable, wrong.what());
}

}  // namespace dosigate
