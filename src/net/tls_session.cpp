#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "poll_until.h"
#include "quick_ack.h"
#include "tls_identity.h"
#include "tls_words.h"

namespace dosigate {

/// OpenSSL's questions about the peer's certificate, answered by the session they are about.
struct TlsVerification {
  static int index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
  }
  static int judge(int good, X509_STORE_CTX* chain) noexcept {
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const session = static_cast<TlsSession*>(SSL_get_ex_data(ssl, index()));
    if (good == 0 || session == nullptr) return 0;
    if (X509_STORE_CTX_get_error_depth(chain) > 0) return good;
    try {
      const TlsIdentity peer = identity_of(X509_STORE_CTX_get_current_cert(chain));
      if (session->pin_.admits(peer)) return 1;
      for (const std::string& name : peer.names)
        session->names_shown_ += (session->names_shown_.empty() ? "" : ", ") + name;
      const bool other_name = !TlsPin{session->pin_.names, {}}.admits(peer);
      X509_STORE_CTX_set_error(
          chain, other_name ? X509_V_ERR_HOSTNAME_MISMATCH : X509_V_ERR_CERT_REJECTED);
    } catch (...) {
      X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
    }
    return 0;
  }
  static int certificate_wanted(SSL* ssl, void*) noexcept {
    auto* const session = static_cast<TlsSession*>(SSL_get_ex_data(ssl, index()));
    if (session != nullptr) session->asked_for_certificate_ = true;
    return 1;
  }
};

namespace {

constexpr std::size_t kReadAtOnce = 64U << 10U;
constexpr std::size_t kReadInHandshake = 4U << 10U;  // strangers get little
// A peer that sends records without data must let other work and the deadlines have their turn.
constexpr int kRoundsWithoutData = 16;
/// Answers that the protocol wanted, and that the peer does not take: 27 bytes for each key update
/// that it asks for.
constexpr std::size_t kMostUnsent = 256U << 10U;

bool is_address(const std::string& host) {
  Byte bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket, TlsPin pin,
                       const std::string& host)
    : context_(std::move(context)), socket_(socket), pin_(std::move(pin)) {
  ssl_ = SSL_new(context_->native());
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || incoming_ == nullptr || outgoing_ == nullptr) {
    BIO_free(incoming_);
    BIO_free(outgoing_);
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  // Empty means "later", not "the end".
  BIO_set_mem_eof_return(incoming_, -1);
  SSL_set_bio(ssl_, incoming_, outgoing_);
  SSL_set_ex_data(ssl_, TlsVerification::index(), this);
  SSL_set_verify(ssl_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, TlsVerification::judge);
  if (context_->is_server()) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
    if (!context_->has_certificate())
      SSL_set_cert_cb(ssl_, TlsVerification::certificate_wanted, nullptr);
    if (!host.empty() && !is_address(host)) (void)SSL_set_tlsext_host_name(ssl_, host.c_str());
  }
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Filled TlsSession::fill() {
  buffer_.resize(done_ ? kReadAtOnce : kReadInHandshake);
  while (true) {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got > 0) {
      rearm_quick_ack(socket_);
      (void)BIO_write(incoming_, buffer_.data(), static_cast<int>(got));
      return Filled::Some;
    }
    if (got == 0) return Filled::End;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Filled::Nothing : Filled::Broken;
  }
}

/// @return false with errno when not all could be sent: EAGAIN, the socket is full.
bool TlsSession::flush() {
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(outgoing_, &data));
  while (sent_ < size) {
    const ssize_t sent = ::send(socket_, data + sent_, size - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    sent_ += static_cast<std::size_t>(sent);
  }
  (void)BIO_reset(outgoing_);
  sent_ = 0;
  return true;
}

/// For what a read answers; a full socket gets it later.
/// @return false, the session has failed: the peer asks on and does not read.
bool TlsSession::flush_answers() {
  if (flush() || (errno != EAGAIN && errno != EWOULDBLOCK)) return true;
  if (BIO_ctrl_pending(outgoing_) <= kMostUnsent) return true;
  failed("the peer does not read");
  return false;
}

bool TlsSession::flush_until(SteadyTime deadline) {
  while (!flush()) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!poll_until(socket_, POLLOUT, deadline)) return false;
  }
  return true;
}

void TlsSession::failed(const char* otherwise) {
  const long verdict = SSL_get_verify_result(ssl_);
  if (verdict != X509_V_OK) {
    failure_ = certificate_words(verdict);
  } else if (otherwise != nullptr) {
    failure_ = otherwise;
  } else {
    failure_ = session_words(asked_for_certificate_);
  }
  ERR_clear_error();
  const int kept = errno;
  (void)flush();  // the alert, which tells the peer why
  errno = kept;
}

Error TlsSession::handshake_error() const {
  std::string words = failure_;
  if (!names_shown_.empty()) words += " (it is for " + names_shown_ + ")";
  const bool may_pass = failure_ == kClosedInHandshake || failure_ == kSilentInHandshake;
  return fail(may_pass ? Fault::Unavailable : Fault::Denied, std::move(words));
}

Result<TlsSession::Step> TlsSession::try_handshake() {
  if (!failure_.empty()) return handshake_error();
  for (int round = 0; round < kRoundsWithoutData; ++round) {
    ERR_clear_error();
    const int done = done_ ? 1 : SSL_do_handshake(ssl_);
    const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, done);
    if (done != 1 && why != SSL_ERROR_WANT_READ) {
      failed(nullptr);
      return handshake_error();
    }
    if (done == 1 && !done_) {
      const Certificate shown(SSL_get1_peer_certificate(ssl_));
      // The callback has said so already; that nobody comes in without is worth asking twice.
      if (!shown || SSL_get_verify_result(ssl_) != X509_V_OK) {
        failed("the peer shows no certificate");
        return handshake_error();
      }
      peer_ = identity_of(shown.get());
      done_ = true;
    }
    if (!flush() && (errno == EAGAIN || errno == EWOULDBLOCK)) return Step::WantWrite;
    // A send that fails otherwise has its reason in what is still to be read: an alert, or the end.
    if (done_) return Step::Done;
    switch (fill()) {
      case Filled::Some:
        break;
      case Filled::Nothing:
        return Step::WantRead;
      case Filled::End:
      case Filled::Broken:
        failed(kClosedInHandshake);
        return handshake_error();
    }
  }
  return Step::WantRead;
}

Result<void> TlsSession::handshake(SteadyTime deadline) {
  while (true) {
    const auto step = try_handshake();
    if (!step) return step.error();
    if (*step == Step::Done) return {};
    if (steady_now() >= deadline ||
        !poll_until(socket_, *step == Step::WantRead ? POLLIN : POLLOUT, deadline)) {
      failed(kSilentInHandshake);
      return handshake_error();
    }
  }
}

ssize_t TlsSession::try_read(std::span<Byte> into) {
  if (!done_ || !failure_.empty()) {
    errno = EPROTO;
    return -1;
  }
  for (int round = 0; round < kRoundsWithoutData; ++round) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, into.data(),
                             static_cast<int>(std::min<std::size_t>(into.size(), 1U << 30U)));
    if (got > 0) return got;
    const int why = SSL_get_error(ssl_, got);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    if (why != SSL_ERROR_WANT_READ) {
      failed(nullptr);
      errno = EPROTO;
      return -1;
    }
    if (!flush_answers()) {
      errno = EPROTO;
      return -1;
    }
    switch (fill()) {
      case Filled::Some:
        break;
      case Filled::Nothing:
        errno = EAGAIN;
        return -1;
      case Filled::End:
        return 0;  // as without TLS: DICOM says by a PDU of its own that nothing is missing
      case Filled::Broken:
        return -1;
    }
  }
  errno = EAGAIN;
  return -1;
}

ssize_t TlsSession::read(std::span<Byte> into, SteadyTime deadline) {
  while (true) {
    const ssize_t got = try_read(into);
    if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return got;
    if (steady_now() >= deadline) {
      errno = ETIMEDOUT;
      return -1;
    }
    if (!poll_until(socket_, POLLIN, deadline)) return -1;
  }
}

bool TlsSession::write(std::span<const ByteView> parts, SteadyTime deadline) {
  if (!done_ || !failure_.empty()) {
    errno = EPROTO;
    return false;
  }
  // One piece, so that a header does not become a record of its own.
  plain_.clear();
  for (const ByteView part : parts) plain_.insert(plain_.end(), part.begin(), part.end());
  if (plain_.empty()) return true;
  ERR_clear_error();
  if (SSL_write(ssl_, plain_.data(), static_cast<int>(plain_.size())) <= 0) {
    failed(nullptr);
    errno = EPROTO;
    return false;
  }
  if (flush_until(deadline)) return true;
  const int kept = errno;
  // A peer that refuses our certificate in TLS 1.3 says so only now, and closes.
  Byte nothing[1];
  if (kept != ETIMEDOUT) (void)try_read(nothing);
  errno = kept;
  return false;
}

bool TlsSession::pending() const { return SSL_pending(ssl_) > 0; }

bool TlsSession::await(SteadyTime deadline) {
  int late = 0;
  while (true) {
    if (!done_ || !failure_.empty() || pending()) return true;
    ERR_clear_error();
    Byte first[1];
    const int got = SSL_peek(ssl_, first, 1);
    if (got > 0) return true;
    const int why = SSL_get_error(ssl_, got);
    // An alert is said once: a read after this one would only see the end.
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN) failed(nullptr);
    if (why != SSL_ERROR_WANT_READ) return true;
    if (!flush_answers()) return true;
    switch (fill()) {
      case Filled::Some:
        // What has just come in is still looked at, but not for ever.
        if (steady_now() >= deadline && ++late > kRoundsWithoutData) return false;
        break;
      case Filled::Nothing:
        if (!poll_until(socket_, POLLIN, deadline)) return errno != ETIMEDOUT;
        break;
      case Filled::End:
      case Filled::Broken:
        return true;
    }
  }
}

void TlsSession::shutdown() {
  if (!done_ || !failure_.empty()) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_);
  ERR_clear_error();
  (void)flush();
}

bool TlsSession::ended_by_peer() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

Bytes TlsSession::last_words(ByteView message) {
  if (!done_ || !failure_.empty()) return {};
  ERR_clear_error();
  (void)SSL_write(ssl_, message.data(), static_cast<int>(message.size()));
  (void)SSL_shutdown(ssl_);
  ERR_clear_error();
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(outgoing_, &data));
  Bytes out(data + sent_, data + size);
  (void)BIO_reset(outgoing_);
  sent_ = 0;
  return out;
}

std::string TlsSession::protocol() const { return SSL_get_version(ssl_); }

}  // namespace dosigate
