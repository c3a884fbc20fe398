#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dosigate {

/// One file of the administrator's page (conf/page), which is part of the program: it works without
/// the internet, and what a browser runs is what was built.
struct PageAsset {
  std::string_view name;  ///< "style.css"; "index.html" is served at /
  std::string_view content_type;
  std::string_view text;
  std::string etag;  ///< of its content, in quotes
};
std::span<const PageAsset> page_assets();
/// nullptr when there is no such file.
const PageAsset* find_page_asset(std::string_view name);

}  // namespace dosigate
