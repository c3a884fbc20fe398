#include "pending_association.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "pdu.h"
#include "tls_words.h"

namespace dosigate {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kStep = 16U << 10U;  // memory follows what has arrived, not what is declared
constexpr std::chrono::seconds kReplyGrace{1};

/// What PS3.8 9.2 and 9.3 answer to a first PDU that is no A-ASSOCIATE-RQ we can use; nothing to an
/// A-ABORT (Table 9-10, Sta2, AA-2).
Bytes reply_to(ByteView pdu) {
  constexpr Byte provider = 2;
  if (pdu[0] == kAbort) return {};
  if (pdu[0] != kAssociateRequest) return abort_pdu(provider, is_pdu_type(pdu[0]) ? 2 : 1);
  if (pdu.size() >= 8 && (pdu[7] & 1U) == 0) {
    return association_reject(1, 2, 2);  // protocol version not supported
  }
  return abort_pdu(provider, 6);  // invalid PDU parameter value
}

/// The socket without Asio: blocking, no Nagle, dead peers noticed by the kernel.
FileDescriptor take_over(asio::ip::tcp::socket& socket) {
  FileDescriptor fd(socket.release());
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) < 0) {
    throw std::system_error(errno, std::generic_category(), "accepted socket: blocking mode");
  }
  const int on = 1;
  (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  return fd;
}

}  // namespace

template <class Next>
auto PendingAssociation::locked(Next next) {
  return [self = shared_from_this(), next](boost::system::error_code error, auto... rest) {
    const std::lock_guard lock(*self->guard_);
    if (!self->closed_) next(*self, error, rest...);
  };
}

PendingAssociation::PendingAssociation(asio::ip::tcp::socket socket, std::string address,
                                       std::shared_ptr<const TlsContext> tls,
                                       std::shared_ptr<std::recursive_mutex> guard, Judges judges,
                                       OnEnd on_end)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      caller_{std::move(address), {}, {}, {}},
      guard_(std::move(guard)),
      judges_(std::move(judges)),
      on_end_(std::move(on_end)) {
  // Which clients are admitted is known when their titles are, so the routes judge the pin.
  if (tls) tls_ = std::make_unique<TlsSession>(std::move(tls), socket_.native_handle(), TlsPin{});
}

void PendingAssociation::start(std::chrono::seconds deadline) {
  deadline_.expires_after(deadline);
  deadline_.async_wait(locked([](PendingAssociation& self, boost::system::error_code error) {
    if (error) return;
    if (self.shaking_hands_) self.tls_failure_ = kSilentInHandshake;
    self.end(End::TimedOut);
  }));
  if (!tls_) return read_header();
  shaking_hands_ = true;
  shake_hands();
}

void PendingAssociation::shake_hands() {
  const auto step = tls_->try_handshake();
  if (!step) {
    tls_failure_ = tls_->failure();
    return end(End::NotSecure);
  }
  if (*step == TlsSession::Step::Done) {
    shaking_hands_ = false;
    caller_.certificate = tls_->peer();
    return read_header();
  }
  socket_.async_wait(*step == TlsSession::Step::WantRead ? asio::ip::tcp::socket::wait_read
                                                         : asio::ip::tcp::socket::wait_write,
                     locked([](PendingAssociation& self, boost::system::error_code error) {
                       if (error) return self.end(End::Gone);
                       self.shake_hands();
                     }));
}

void PendingAssociation::close() {
  closed_ = true;
  boost::system::error_code ignored;  // it is going away whatever the kernel says
  deadline_.cancel();
  socket_.close(ignored);
}

IncomingAssociation PendingAssociation::take() {
  return {take_over(socket_), caller_.address, std::move(request_), std::move(pdu_),
          std::move(tls_)};
}

void PendingAssociation::fill(void (PendingAssociation::*next)()) {
  if (!tls_) {
    asio::async_read(
        socket_, asio::buffer(pdu_.data() + filled_, pdu_.size() - filled_),
        locked([next](PendingAssociation& self, boost::system::error_code error, auto) {
          if (error) return self.end(End::Gone);
          self.filled_ = self.pdu_.size();
          (self.*next)();
        }));
    return;
  }
  while (filled_ < pdu_.size()) {
    const ssize_t got = tls_->try_read(std::span(pdu_).subspan(filled_));
    if (got > 0) {
      filled_ += static_cast<std::size_t>(got);
      continue;
    }
    if (got == 0 || errno != EAGAIN) return end(End::Gone);
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       locked([next](PendingAssociation& self, boost::system::error_code error) {
                         if (error) return self.end(End::Gone);
                         self.fill(next);
                       }));
    return;
  }
  (this->*next)();
}

// The header alone first: its length is judged before a byte is allocated for the body.
void PendingAssociation::read_header() {
  pdu_.resize(kPduHeader);
  fill(&PendingAssociation::judge_header);
}

void PendingAssociation::judge_header() {
  const std::size_t size = pdu_length(pdu_);
  if (pdu_[0] != kAssociateRequest || size > kMaxAssociationRequest - kPduHeader)
    return answer(reply_to(pdu_), End::Malformed);
  pdu_size_ = kPduHeader + size;
  read_body();
}

void PendingAssociation::read_body() {
  if (pdu_.size() == kTitlesEnd && !titles_are_welcome()) return;
  if (pdu_.size() == pdu_size_) return judge();
  const std::size_t next = pdu_.size() < kTitlesEnd ? kTitlesEnd : pdu_.size() + kStep;
  pdu_.resize(std::min(pdu_size_, next));
  fill(&PendingAssociation::read_body);
}

// Who is not wanted is told before its presentation contexts are read.
bool PendingAssociation::titles_are_welcome() {
  if (!read_titles(pdu_, caller_)) {
    answer(reply_to(pdu_), End::Malformed);
    return false;
  }
  auto reply = judges_.titles ? judges_.titles(caller_) : std::nullopt;
  if (reply) answer(std::move(*reply), End::TurnedAway);
  return !reply;
}

void PendingAssociation::judge() {
  auto request = read_association_request(pdu_);
  if (!request) return answer(reply_to(pdu_), End::Malformed);
  if (judges_.request) {
    if (auto reply = judges_.request(caller_, *request))
      return answer(std::move(*reply), End::TurnedAway);
  }
  request_ = std::move(*request);
  end(End::Complete);
}

void PendingAssociation::answer(Bytes reply, End why) {
  reported_ = true;
  on_end_(*this, why);
  if (closed_) return;
  if (reply.empty()) return end(End::Gone);
  reply_ = tls_ ? tls_->last_words(reply) : std::move(reply);
  pdu_.resize(4096);  // from here on only a place to throw bytes into
  deadline_.expires_after(kReplyGrace);
  deadline_.async_wait(locked([](PendingAssociation& self, boost::system::error_code error) {
    if (!error) self.end(End::Gone);
  }));
  asio::async_write(socket_, asio::buffer(reply_),
                    locked([](PendingAssociation& self, boost::system::error_code error, auto) {
                      if (error) return self.end(End::Gone);
                      boost::system::error_code ignored;  // the peer may be gone; the drain sees it
                      self.socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
                      self.drain();
                    }));
}

// Closing over unread bytes sends a reset, and the reply would be lost with it. The second of grace
// bounds this.
void PendingAssociation::drain() {
  socket_.async_read_some(asio::buffer(pdu_), locked([](PendingAssociation& self,
                                                        boost::system::error_code error, auto) {
                            if (error) return self.end(End::Gone);
                            self.drain();
                          }));
}

void PendingAssociation::end(End how) {
  deadline_.cancel();
  if (how != End::Complete) close();
  closed_ = true;
  // One that was answered was counted then; what follows is only its way out.
  on_end_(*this, reported_ ? End::Gone : how);
}

}  // namespace dosigate
