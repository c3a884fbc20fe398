#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "dosigate/base/result.h"

namespace dosigate {

/// "https://archive.example.org:8443/dicom-web", taken apart.
struct WebAddress {
  bool secure = false;  ///< https
  std::string host;     ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string path;  ///< "/dicom-web": without the last slash; empty: the root

  /// As it was written, the port left out where it is the usual one.
  std::string text() const;
  /// As in the header Host: "archive.example.org:8443".
  std::string authority() const;
  bool is_loopback() const;
  friend bool operator==(const WebAddress&, const WebAddress&) = default;
};
/// Invalid, in words that go on after the key's name, for anything but http and https, for
/// credentials in it (they belong into a file), for a query and for a fragment.
Result<WebAddress> parse_web_address(std::string_view url);

/// What a destination of kind "stow" is beyond what all kinds are.
struct StowTarget {
  WebAddress url;  ///< instances go to <url>/studies
  /// One of them: a bearer token, or "user:password"; empty: none. Read for each request, so that
  /// a renewed one needs no reload.
  std::filesystem::path token_file, password_file;
  std::optional<WebAddress> proxy;  ///< asked for a tunnel (CONNECT)
  std::filesystem::path proxy_password_file;
  friend bool operator==(const StowTarget&, const StowTarget&) = default;
};

/// The value of the header Authorization that such a file makes. The file is as private as a TLS
/// key, and holds one line without control characters. The caller wipes the value.
Result<std::string> bearer_of(const std::filesystem::path& token_file);
Result<std::string> basic_of(const std::filesystem::path& password_file);

}  // namespace dosigate
