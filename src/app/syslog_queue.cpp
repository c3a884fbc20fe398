#include "syslog_queue.h"

#include <algorithm>
#include <stdexcept>

#include <spdlog/spdlog.h>
#include <boost/json.hpp>

#include "dosigate/base/durable_file.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kLongestLine = 1U << 20U;
constexpr std::size_t kMostAtOnce = 500;

std::string text_at(const std::filesystem::path& file, std::uint64_t at, std::uint64_t count) {
  const FileDescriptor opened = open_for_reading(file);
  Bytes out(count);
  if (!read_exactly_at(opened.get(), out, at, file))
    throw std::runtime_error(file.string() + " became shorter");
  return std::string(as_text(out));
}

}  // namespace

SyslogQueue::SyslogQueue(const std::filesystem::path& audit_directory, const AuditLog& audit,
                         std::string to)
    : record_(audit_directory / "audit.jsonl"),
      cursor_(audit_directory / "syslog.cursor"),
      audit_(audit),
      to_(std::move(to)) {
  if (!std::filesystem::exists(cursor_)) return;
  boost::system::error_code wrong;
  const auto known = json::parse(as_text(read_file(cursor_, kLongestLine)), wrong);
  if (wrong || !known.is_object()) return;
  const auto& fields = known.get_object();
  const auto number = [&](const char* name) -> std::uint64_t {
    const auto* value = fields.if_contains(name);
    return value != nullptr && value->is_int64() && value->get_int64() > 0
               ? static_cast<std::uint64_t>(value->get_int64())
               : 0;
  };
  const auto text = [&](const char* name) {
    const auto* value = fields.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  if (text("to") != to_) {
    spdlog::info("the audit record is sent to another server from its first line on");
    return;
  }
  if (!fits(number("offset"), number("line"), text("chain"))) {
    spdlog::warn("the audit record is not the one that was sent before: sent from its first line");
    return;
  }
  offset_ = number("offset");
  line_ = number("line");
}

bool SyslogQueue::fits(std::uint64_t offset, std::uint64_t line, const std::string& chain) const {
  if (offset == 0 || offset > audit_.bytes()) return false;
  const std::uint64_t from = offset > kLongestLine ? offset - kLongestLine : 0;
  const std::string before = text_at(record_, from, offset - from);
  if (before.back() != '\n') return false;
  const auto begin = before.rfind('\n', before.size() - 2);
  const auto start = begin == std::string::npos ? 0 : begin + 1;
  const auto last =
      parse_audit_line(std::string_view(before).substr(start, before.size() - 1 - start));
  return last && last->number == line && last->chain == chain;
}

SyslogQueue::Batch SyslogQueue::next() const {
  Batch out;
  out.end = offset_;
  const std::uint64_t durable = audit_.bytes();
  if (durable <= offset_) return out;
  const std::string lines =
      text_at(record_, offset_, std::min(durable - offset_, 2 * kLongestLine));
  for (std::size_t begin = 0; out.events.size() < kMostAtOnce;) {
    const auto end = lines.find('\n', begin);
    if (end == std::string::npos) break;
    auto event = parse_audit_line(std::string_view(lines).substr(begin, end - begin));
    if (!event) throw std::runtime_error(event.error().detail + ": run `dosigate audit verify`");
    out.events.push_back(std::move(*event));
    begin = end + 1;
    out.end = offset_ + begin;
  }
  return out;
}

void SyslogQueue::sent(const Batch& batch) {
  const AuditEvent& last = batch.events.back();
  const json::object cursor{
      {"to", to_}, {"line", last.number}, {"chain", last.chain}, {"offset", batch.end}};
  replace_file(cursor_, as_bytes(json::serialize(cursor) + "\n"));
  offset_ = batch.end;
  line_ = last.number;
}

}  // namespace dosigate
