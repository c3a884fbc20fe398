#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <ctime>
#include <system_error>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/secret.h"
#include "dosigate/net/private_file.h"
#include "tls_identity.h"

namespace dosigate {
namespace {

constexpr std::uint64_t kLargestPem = 1U << 20U;
constexpr int kSecurityLevel = 2;  ///< RSA from 2048 bits, no SHA-1

// RFC 9325 4.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-CHACHA20-POLY1305";

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Memory = std::unique_ptr<BIO, FreeBio>;

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

Memory memory_of(ByteView bytes) {
  return Memory(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// Nobody is there who could type a passphrase: OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string day_of(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 16> text{};
  (void)std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return text.data();
}

Result<Bytes> content_of(const std::filesystem::path& file, const std::string& what) {
  try {
    return read_file(file, kLargestPem);
  } catch (const std::system_error& unreadable) {
    return fail(
        unreadable.code() == std::errc::no_such_file_or_directory ? Fault::NotFound : Fault::Denied,
        what + " cannot be read: " + unreadable.code().message());
  }
}

/// The next certificate of a PEM file; null at its end.
Certificate next_certificate(BIO* pem) {
  Certificate next(PEM_read_bio_X509(pem, nullptr, no_passphrase, nullptr));
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  return next;
}

std::string digest_of(ByteView bytes) {
  std::array<Byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  (void)EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(ByteView(digest).first(size));
}

}  // namespace

std::optional<TlsIdentity> tls_identity_of(ssl_st* session) {
  const Certificate shown(SSL_get1_peer_certificate(session));
  if (!shown || SSL_get_verify_result(session) != X509_V_OK) return std::nullopt;
  return identity_of(shown.get());
}

Result<TlsIdentity> tls_identity_of(const std::filesystem::path& certificate) {
  const auto content = content_of(certificate, "the certificate " + certificate.string());
  if (!content) return content.error();
  const Certificate first = next_certificate(memory_of(*content).get());
  if (!first) return fail(Fault::Invalid, certificate.string() + " holds no certificate in PEM");
  return identity_of(first.get());
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsFiles& files,
                                                             TlsFile* at_fault) {
  return make(true, files, at_fault);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsFiles& files,
                                                             TlsFile* at_fault) {
  return make(false, files, at_fault);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(bool is_server, const TlsFiles& files,
                                                           TlsFile* at_fault) {
  std::shared_ptr<TlsContext> made(new TlsContext(is_server));
  TlsFile which = TlsFile::Certificate;
  if (auto done = made->set_up(files, which); !done) {
    if (at_fault != nullptr) *at_fault = which;
    return done.error();
  }
  return std::shared_ptr<const TlsContext>(std::move(made));
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

ssl_ctx_st* TlsContext::share() const {
  (void)SSL_CTX_up_ref(context_);
  return context_;
}

Result<void> TlsContext::set_up(const TlsFiles& files, TlsFile& at_fault) {
  context_ = SSL_CTX_new(is_server_ ? TLS_server_method() : TLS_client_method());
  if (context_ == nullptr) return fail(Fault::Unavailable, "OpenSSL cannot make a TLS context");
  SSL_CTX_set_security_level(context_, kSecurityLevel);
  const bool ready = SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context_, kCiphers) == 1 &&
                     SSL_CTX_set_dh_auto(context_, 1) == 1;
  if (!ready) return fail(Fault::Unavailable, "OpenSSL does not know the ciphers of BCP 195");
  // Without tickets and cache there is no resumption: a certificate or CA that was taken away
  // counts from the next connection on.
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_default_passwd_cb(context_, no_passphrase);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);

  at_fault = TlsFile::Ca;
  // A server that trusts no authority asks nobody for a certificate, and cannot accept one either.
  if (!is_server_ || !files.ca.empty())
    if (auto done = read_ca(files.ca); !done) return done;
  if (!is_server_ && files.certificate.empty() && files.key.empty()) return {};
  at_fault = TlsFile::Certificate;
  if (auto done = read_certificate(files.certificate); !done) return done;
  at_fault = TlsFile::Key;
  return read_key(files.key);
}

Result<void> TlsContext::read_ca(const std::filesystem::path& file) {
  const std::string which = "the TLS CA " + file.string();
  const auto content = content_of(file, which);
  if (!content) return content.error();
  const Memory pem = memory_of(*content);
  X509_STORE* const store = SSL_CTX_get_cert_store(context_);
  // An authority in the middle is enough, without the root above it: it is the hospital's choice
  // whom to trust.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  WallTime last{};
  while (const Certificate next = next_certificate(pem.get())) {
    if (X509_STORE_add_cert(store, next.get()) != 1)
      return fail(Fault::Invalid, which + " cannot be used");
    if (is_server_) SSL_CTX_add_client_CA(context_, next.get());
    const WallTime end = end_of(next.get());
    last = std::max(last, end);
    // One that has ended beside a valid one is left over from a change of CA.
    const bool first = ca_.subject.empty() || end < ca_.expires;
    if (end > wall_now() && first) ca_ = {end, subject_of(next.get()), fingerprint_of(next.get())};
  }
  if (last == WallTime{})
    return fail(Fault::Invalid,
                which + " holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  if (ca_.subject.empty())
    return fail(Fault::Invalid, which + " expired on " + day_of(last) + ": put a new one there");
  digest_ += digest_of(*content);
  return {};
}

Result<void> TlsContext::read_certificate(const std::filesystem::path& file) {
  const std::string which = "the TLS certificate " + file.string();
  const auto content = content_of(file, which);
  if (!content) return content.error();
  const Memory pem = memory_of(*content);
  const Certificate own = next_certificate(pem.get());
  if (!own)
    return fail(Fault::Invalid,
                which + " holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  own_ = {end_of(own.get()), subject_of(own.get()), fingerprint_of(own.get())};
  if (own_.expires <= wall_now())
    return fail(Fault::Invalid, which + " (" + own_.subject + ") expired on " +
                                    day_of(own_.expires) + ": have a new one issued");
  if (SSL_CTX_use_certificate(context_, own.get()) != 1)
    return fail(Fault::Invalid,
                which +
                    " cannot be used: its key is too short or its signature too weak "
                    "(RSA from 2048 bits, SHA-256)");
  while (const Certificate next = next_certificate(pem.get()))
    (void)SSL_CTX_add1_chain_cert(context_, next.get());
  digest_ += digest_of(*content);
  return {};
}

Result<void> TlsContext::read_key(const std::filesystem::path& file) {
  auto content = read_private_file(file, {"the TLS key", "a PEM file of a private key",
                                          "have the certificate issued anew with another key"});
  if (!content) return content.error();
  const std::string which = "the TLS key " + file.string();
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(memory_of(*content).get(), nullptr, no_passphrase, nullptr));
  const bool encrypted = as_text(*content).find("ENCRYPTED") != std::string_view::npos;
  digest_ += digest_of(*content);
  wipe(content->data(), content->size());
  ERR_clear_error();
  if (!key && encrypted)
    return fail(Fault::Invalid,
                which +
                    " is encrypted with a passphrase, which nobody types for a daemon: "
                    "store it without one (openssl pkey -in OLD -out NEW)");
  if (!key) return fail(Fault::Invalid, which + " is no PEM file of a private key");
  if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1 ||
      SSL_CTX_check_private_key(context_) != 1) {
    ERR_clear_error();
    return fail(Fault::Invalid,
                which + " does not belong to the certificate (" + own_.subject + ")");
  }
  return {};
}

}  // namespace dosigate
