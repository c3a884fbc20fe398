#include "support/test_ca.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace dosigate::testing {
namespace {

void check(bool good, const char* step) {
  if (!good) throw std::runtime_error(std::string("test CA: ") + step);
}

EVP_PKEY* new_key(TestCa::Keys keys) {
  constexpr std::size_t kBits = 2048;
  EVP_PKEY* const key = keys == TestCa::Keys::Rsa ? EVP_RSA_gen(kBits) : EVP_EC_gen("P-256");
  check(key != nullptr, "make a key");
  return key;
}

std::FILE* open_private(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(fd >= 0 && ::fchmod(fd, 0600) == 0, "create a file");
  return ::fdopen(fd, "w");
}

void write_certificate(const std::filesystem::path& file, X509* certificate) {
  std::FILE* const out = open_private(file);
  check(PEM_write_X509(out, certificate) == 1 && std::fclose(out) == 0, "write a certificate");
}

X509* new_certificate(const std::string& common_name, EVP_PKEY* key, std::chrono::seconds from,
                      std::chrono::seconds until) {
  X509* const made = X509_new();
  X509_set_version(made, 2);
  std::array<unsigned char, 8> serial{};
  RAND_bytes(serial.data(), serial.size());
  serial[0] &= 0x7F;
  BIGNUM* const number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(made), from.count());
  X509_gmtime_adj(X509_getm_notAfter(made), until.count());
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return made;
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
  check(made != nullptr, "make an extension");
  X509_add_ext(to, made, -1);
  X509_EXTENSION_free(made);
}

}  // namespace

TestCa::TestCa(std::filesystem::path directory, const std::string& name, Keys keys,
               std::chrono::seconds until)
    : directory_(std::move(directory)),
      certificate_(directory_ / (name + ".pem")),
      keys_(keys),
      common_name_("Test CA " + name),
      key_(new_key(keys)),
      own_(new_certificate(common_name_, key_, std::chrono::seconds(-7 * 24 * 3600), until)) {
  X509_set_issuer_name(own_, X509_get_subject_name(own_));
  add_extension(own_, own_, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own_, own_, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(own_, own_, NID_subject_key_identifier, "hash");
  check(X509_sign(own_, key_, EVP_sha256()) > 0, "sign");
  write_certificate(certificate_, own_);
}

TestCa::~TestCa() {
  X509_free(own_);
  EVP_PKEY_free(key_);
}

TlsFiles TestCa::issue(const std::string& name, const std::string& common_name,
                       const Wish& wish) const {
  EVP_PKEY* const key = new_key(keys_);
  X509* const made = new_certificate(common_name, key, wish.from, wish.until);
  X509_set_issuer_name(made, X509_get_subject_name(own_));
  std::string names;
  for (const auto& one : wish.dns) names += (names.empty() ? "DNS:" : ",DNS:") + one;
  for (const auto& one : wish.addresses) names += (names.empty() ? "IP:" : ",IP:") + one;
  if (!names.empty()) add_extension(made, own_, NID_subject_alt_name, names);
  if (!wish.extended_key_usage.empty())
    add_extension(made, own_, NID_ext_key_usage, wish.extended_key_usage);
  check(X509_sign(made, key_, EVP_sha256()) > 0, "sign");
  TlsFiles files{directory_ / (name + ".pem"), directory_ / (name + ".key"), certificate_};
  write_certificate(files.certificate, made);
  std::FILE* const out = open_private(files.key);
  check(PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
            std::fclose(out) == 0,
        "write a key");
  X509_free(made);
  EVP_PKEY_free(key);
  return files;
}

TlsFiles TestCa::issue(const std::string& name) const {
  Wish wish;
  wish.dns = {"localhost"};
  wish.addresses = {"127.0.0.1"};
  return issue(name, name, wish);
}

std::string fingerprint_of_file(const std::filesystem::path& certificate) {
  std::FILE* const in = std::fopen(certificate.c_str(), "r");
  check(in != nullptr, "open a certificate");
  X509* const read = PEM_read_X509(in, nullptr, nullptr, nullptr);
  std::fclose(in);
  check(read != nullptr, "read a certificate");
  std::array<Byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(read, EVP_sha256(), digest.data(), &size);
  X509_free(read);
  return to_hex(ByteView(digest).first(size));
}

}  // namespace dosigate::testing
