#include "audit_line.h"

#include <boost/json.hpp>

#include <algorithm>
#include <ctime>

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::string_view kChain = R"(,"chain":")";
constexpr std::string_view kEnd = R"("})";
constexpr std::size_t kHex = 2 * sizeof(Digest);

/// RFC 3339, UTC, milliseconds.
std::string rfc3339(WallTime time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ",
                static_cast<int>((since - seconds).count()));
  return text;
}

/// A name from elsewhere (a user, an AE title) may hold bytes that are not UTF-8; the line must
/// stay readable as JSON.
std::string as_utf8(std::string_view text) {
  boost::system::error_code refused;
  (void)json::parse(json::serialize(json::string(text)), refused);
  std::string out(text);
  if (refused)
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

Digest chain_value(const Secret& key, const Digest& previous, std::string_view line_without_chain) {
  return keyed_hash(key, "audit line", {previous, as_bytes(line_without_chain)});
}

}  // namespace

std::string extend(AuditLink& link, const Keyring& keys, WallTime time, std::string_view event,
                   std::string_view actor,
                   const std::vector<std::pair<std::string, std::string>>& fields) {
  const Keyring::Key key = keys.current(Purpose::Audit);
  json::object named;
  for (const auto& [name, value] : fields) named[as_utf8(name)] = as_utf8(value);
  const json::object content{
      {"n", link.number + 1},          {"time", rfc3339(time)}, {"event", as_utf8(event)},
      {"actor", as_utf8(actor)},       {"fields", named},       {"key", key.version},
      {"previous", to_hex(link.value)}};
  std::string line = json::serialize(content);
  link.value = chain_value(*key.key, link.value, line);
  ++link.number;
  line.pop_back();  // the closing brace comes after the chain value
  return line.append(kChain).append(to_hex(link.value)).append(kEnd);
}

const char* follow(AuditLink& link, std::string_view line, const Keyring& keys) {
  constexpr std::size_t suffix = kChain.size() + kHex + kEnd.size();
  if (line.size() <= suffix || !line.ends_with(kEnd) ||
      line.substr(line.size() - suffix, kChain.size()) != kChain)
    return "is not one of ours";
  const std::string content = std::string(line.substr(0, line.size() - suffix)) + "}";
  boost::system::error_code refused;
  const json::value parsed = json::parse(content, refused);
  const json::object* fields = refused ? nullptr : parsed.if_object();
  if (fields == nullptr) return "is not one of ours";
  const auto number = [fields](const char* name) -> std::uint64_t {
    const json::value* found = fields->if_contains(name);
    return found != nullptr && found->is_int64() && found->get_int64() > 0
               ? static_cast<std::uint64_t>(found->get_int64())
               : 0;
  };
  if (number("n") != link.number + 1)
    return "does not have the next number: a line is missing or stands elsewhere";
  const auto key = keys.find(Purpose::Audit, static_cast<std::uint32_t>(number("key")));
  if (key == nullptr) return "was made with a key that this keyring does not hold";
  const Digest value = chain_value(*key, link.value, content);
  if (line.substr(line.size() - kEnd.size() - kHex, kHex) != to_hex(value))
    return "does not fit its chain value";
  ++link.number;
  link.value = value;
  return nullptr;
}

}  // namespace dosigate
