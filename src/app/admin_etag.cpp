#include "admin_etag.h"

#include <boost/json.hpp>

#include "dosigate/crypto/hash.h"

namespace dosigate {
namespace {

namespace json = boost::json;

constexpr std::size_t kTagBytes = 16;

void add_text(PlainDigest& digest, std::string_view text) { digest.add(as_bytes(text)); }

/// The value as it would be sent, without ages. Not recursive deeper than our own answers are.
void add(PlainDigest& digest, const json::value& value) {
  if (const auto* object = value.if_object()) {
    add_text(digest, "{");
    for (const auto& [name, member] : *object) {
      if (std::string_view(name).ends_with("_s")) continue;
      add_text(digest, json::serialize(json::string(name)));
      add_text(digest, ":");
      add(digest, member);
    }
    add_text(digest, "}");
  } else if (const auto* list = value.if_array()) {
    add_text(digest, "[");
    for (const auto& member : *list) {
      add(digest, member);
      add_text(digest, ",");
    }
    add_text(digest, "]");
  } else {
    add_text(digest, json::serialize(value));
  }
}

/// "*", or a list of tags, of which ours may be one, weak or not.
bool names(std::string_view header, std::string_view tag) {
  return header == "*" || header.find(tag) != std::string_view::npos;
}

}  // namespace

void add_etag(const ApiRequest& request, ApiResponse& response) {
  if (request.method != "GET" || response.status != 200 || !response.content_type.empty()) return;
  PlainDigest digest;
  add(digest, response.body);
  const Digest sum = digest.finish();
  const std::string tag = "\"" + to_hex(ByteView(sum).first(kTagBytes)) + "\"";
  response.headers.emplace_back("ETag", "W/" + tag);
  if (!names(request.if_none_match, tag)) return;
  response.status = 304;
  response.body = nullptr;
  response.content_type = "application/json";  // and no text: a 304 has no body
}

}  // namespace dosigate
