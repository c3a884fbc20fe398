// The administrator's page: files without a secret in them, open to whoever reaches the port. What
// it shows it asks for with the token that its user pasted.

#include "admin_api.h"
#include "page_assets.h"

namespace dosigate {
namespace {

/// Nothing but this node's own files runs or is loaded, nobody frames it, no address of it leaves,
/// and text cannot become markup even where a script of ours were wrong.
const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> kHeaders{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
       "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
       "require-trusted-types-for 'script'; trusted-types 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy",
       "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
       "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-cache"}};  // kept, and asked about every time
  return kHeaders;
}

/// Whether one of the tags a browser has is this one (RFC 9110 13.1.2).
bool has_tag(std::string_view if_none_match, const std::string& etag) {
  return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

}  // namespace

ApiResponse AdminApi::page(const ApiRequest& request, const std::string& name) const {
  const PageAsset* asset = node_.config_.http.page ? find_page_asset(name) : nullptr;
  if (asset == nullptr) return problem(fail(Fault::NotFound, "there is no such file of the page"));
  ApiResponse out;
  out.headers = security_headers();
  out.headers.emplace_back("ETag", asset->etag);
  out.content_type = asset->content_type;
  if (has_tag(request.if_none_match, asset->etag))
    out.status = 304;
  else
    out.text = asset->text;
  return out;
}

ApiResponse AdminApi::front_page(const ApiRequest& request) const {
  return page(request, "index.html");
}

}  // namespace dosigate
