#include "page_assets.h"

#include <array>

#include "dosigate/base/bytes.h"
#include "dosigate/crypto/hash.h"

namespace dosigate {

// Of conf/page (embed.cmake).
extern const std::string_view page_index_html, page_style_css, page_icon_svg, page_page_js,
    page_api_js, page_dom_js, page_words_js, page_dialog_js, page_overview_js, page_destinations_js,
    page_studies_js, page_plot_js, page_held_js, page_ledger_js, page_security_js;

namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8", kCss = "text/css; charset=utf-8",
                           kSvg = "image/svg+xml", kScript = "text/javascript; charset=utf-8";

PageAsset asset(std::string_view name, std::string_view content_type, std::string_view text) {
  const auto digest = sha256(as_bytes(text));
  return {name, content_type, text, '"' + to_hex(ByteView(digest).first(16)) + '"'};
}

}  // namespace

std::span<const PageAsset> page_assets() {
  static const std::array<PageAsset, 15> kAll{
      asset("index.html", kHtml, page_index_html),
      asset("style.css", kCss, page_style_css),
      asset("icon.svg", kSvg, page_icon_svg),
      asset("page.js", kScript, page_page_js),
      asset("api.js", kScript, page_api_js),
      asset("dom.js", kScript, page_dom_js),
      asset("words.js", kScript, page_words_js),
      asset("dialog.js", kScript, page_dialog_js),
      asset("overview.js", kScript, page_overview_js),
      asset("destinations.js", kScript, page_destinations_js),
      asset("studies.js", kScript, page_studies_js),
      asset("plot.js", kScript, page_plot_js),
      asset("held.js", kScript, page_held_js),
      asset("ledger.js", kScript, page_ledger_js),
      asset("security.js", kScript, page_security_js),
  };
  return kAll;
}

const PageAsset* find_page_asset(std::string_view name) {
  for (const PageAsset& one : page_assets())
    if (one.name == name) return &one;
  return nullptr;
}

}  // namespace dosigate
