#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dosigate/net/tls.h"

struct evp_pkey_st;
struct x509_st;

namespace dosigate::testing {

/// A certification authority for one test: PEM files in a directory of the test's own.
class TestCa {
 public:
  enum class Keys { Elliptic, Rsa };  ///< RSA takes longer to make; old peers know nothing else

  /// Writes <directory>/<name>.pem.
  explicit TestCa(std::filesystem::path directory, const std::string& name = "ca",
                  Keys keys = Keys::Elliptic,
                  std::chrono::seconds until = std::chrono::hours(24 * 365));
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  struct Wish {
    std::vector<std::string> dns{}, addresses{};  ///< subject alternative names; none: only the CN
    std::chrono::seconds from{-3600}, until{24 * 3600 * 365};  ///< from now
    std::string extended_key_usage{};  ///< as in openssl's configuration: "serverAuth"
  };
  /// Writes <name>.pem and <name>.key (PKCS #8, mode 0600), with CN = `common_name`, and names
  /// them beside our own certificate.
  TlsFiles issue(const std::string& name, const std::string& common_name, const Wish& wish) const;
  /// The usual one: for "localhost" and 127.0.0.1.
  TlsFiles issue(const std::string& name) const;

  const std::filesystem::path& certificate() const { return certificate_; }

 private:
  std::filesystem::path directory_, certificate_;
  Keys keys_;
  std::string common_name_;
  evp_pkey_st* key_;
  x509_st* own_;
};

/// SHA-256 of the first certificate in a PEM file, as tls_fingerprint writes it.
std::string fingerprint_of_file(const std::filesystem::path& certificate);

}  // namespace dosigate::testing
