#include "tls_identity.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace dosigate {
namespace {

constexpr std::size_t kMostNames = 64;
constexpr std::size_t kLongestName = 255;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Nothing for a name that is no plain text: a NUL in the middle has fooled many a comparison.
void add_name(std::vector<std::string>& names, std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= kLongestName &&
      std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (plain && names.size() < kMostNames) names.emplace_back(name);
}

std::string_view text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

/// One form for each address, so that "2001:DB8::1" and "2001:db8:0::1" are the same name.
std::string normal(std::string_view name) {
  std::string text = lower(name);
  std::array<Byte, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 &&
      inet_ntop(AF_INET6, bytes.data(), shown.data(), shown.size()) != nullptr)
    return shown.data();
  return text;
}

void add_address(std::vector<std::string>& names, const ASN1_STRING* value) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  const int size = ASN1_STRING_length(value);
  if ((size == 4 || size == 16) &&
      inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), shown.data(),
                shown.size()) != nullptr)
    add_name(names, shown.data());
}

/// RFC 9525: "*" only as the whole left-most label, for exactly one label, and never for a name of
/// one dot or an address.
bool matches(std::string_view in_certificate, std::string_view wanted) {
  const std::string has = normal(in_certificate), wants = normal(wanted);
  if (has == wants) return true;
  if (!has.starts_with("*.")) return false;
  std::array<Byte, 16> address{};
  if (inet_pton(AF_INET, wants.c_str(), address.data()) == 1) return false;
  const auto dot = wants.find('.');
  return dot != std::string::npos && dot > 0 && wants.substr(dot) == has.substr(1) &&
         wants.find('.', dot + 1) != std::string::npos;
}

}  // namespace

bool TlsPin::admits(const TlsIdentity& peer) const {
  const auto named = [&](const std::string& wanted) {
    return std::any_of(peer.names.begin(), peer.names.end(),
                       [&](const std::string& name) { return matches(name, wanted); });
  };
  const bool right_name = names.empty() || std::any_of(names.begin(), names.end(), named);
  const bool right_print =
      fingerprints.empty() ||
      std::find(fingerprints.begin(), fingerprints.end(), peer.fingerprint) != fingerprints.end();
  return right_name && right_print;
}

std::optional<std::string> tls_fingerprint(std::string_view text) {
  constexpr std::size_t kSize = 32;
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != ':'; });
  const auto bytes = from_hex(digits);
  if (!bytes || bytes->size() != kSize) return std::nullopt;
  return to_hex(*bytes);
}

TlsIdentity identity_of(X509* certificate) {
  TlsIdentity out;
  out.fingerprint = fingerprint_of(certificate);
  auto* alternative = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  bool any = false;
  for (int i = 0; alternative != nullptr && i < sk_GENERAL_NAME_num(alternative); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(alternative, i);
    any = any || name->type == GEN_DNS || name->type == GEN_IPADD;
    if (name->type == GEN_DNS) add_name(out.names, text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) add_address(out.names, name->d.iPAddress);
  }
  GENERAL_NAMES_free(alternative);
  if (any) return out;
  X509_NAME* const subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
    add_name(out.names, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  return out;
}

std::string fingerprint_of(X509* certificate) {
  std::array<Byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return to_hex(ByteView(digest).first(size));
}

std::string subject_of(X509* certificate) {
  constexpr std::size_t kLongest = 200;
  BIO* const memory = BIO_new(BIO_s_mem());
  // RFC 2253 with control characters and everything beyond ASCII escaped.
  X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory, &data));
  std::string out(data, std::min(size, kLongest));
  BIO_free(memory);
  return out;
}

WallTime end_of(X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

}  // namespace dosigate
