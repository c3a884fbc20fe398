#include "dosigate/net/acceptor.h"

#include <atomic>
#include <mutex>
#include <system_error>

#include <boost/asio/post.hpp>

#include "dosigate/net/listen.h"
#include "waiting_room.h"

namespace dosigate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// After EMFILE and the like the connection stays in the backlog and accept would fail again at
// once.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kLargeShare = 8;  // more than an eighth of all is a crowd

struct Listener {
  Listener(asio::io_context& io, const std::string& address, bool secure)
      : tls(secure), socket(listen_at(io, address)), pause(io) {}
  const bool tls;
  tcp::acceptor socket;
  asio::steady_timer pause;
};

}  // namespace

struct Acceptor::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, Settings chosen, OnAssociation handler)
      : io(context), settings(std::move(chosen)), on_association(std::move(handler)) {
    for (const auto& address : settings.listen) {
      listeners.push_back(std::make_unique<Listener>(io, address, false));
    }
    for (const auto& address : settings.listen_tls) {
      listeners.push_back(std::make_unique<Listener>(io, address, true));
    }
  }

  void accept_on(Listener& listener);
  void on_accepted(tcp::socket socket, bool secure);
  void make_room_for(const std::string& address);
  void on_end(PendingAssociation& ended, PendingAssociation::End how);
  void stop();
  std::vector<std::string> endpoints(bool secure) const;

  asio::io_context& io;
  const Settings settings;
  const OnAssociation on_association;
  // Handlers run in the io_context's thread, `stop` in any: one lock makes the end exact, no call
  // of `on_association` runs or begins after it. Recursive, because `on_association` may call
  // `stop`.
  std::shared_ptr<std::recursive_mutex> guard = std::make_shared<std::recursive_mutex>();
  bool stopped = false;
  std::vector<std::unique_ptr<Listener>> listeners;
  WaitingRoom waiting;
  std::atomic<std::uint64_t> accepted{0}, malformed{0}, timed_out{0}, over_limit{0}, failed{0},
      tls_failed{0}, unwelcome{0}, turned_away{0};
  std::atomic<SteadyTime> turn{steady_now()};
  std::atomic<bool> turn_asked{false};
};

void Acceptor::Impl::accept_on(Listener& listener) {
  listener.socket.async_accept(
      [self = shared_from_this(), &listener](boost::system::error_code error, tcp::socket socket) {
        const std::lock_guard lock(*self->guard);
        if (self->stopped) return;
        if (!error) {
          self->on_accepted(std::move(socket), listener.tls);
        } else if (error != asio::error::connection_aborted) {
          ++self->failed;
          listener.pause.expires_after(kAcceptPause);
          listener.pause.async_wait([self, &listener](boost::system::error_code) {
            const std::lock_guard again(*self->guard);
            if (!self->stopped) self->accept_on(listener);
          });
          return;
        }
        if (!self->stopped) self->accept_on(listener);
      });
}

void Acceptor::Impl::on_accepted(tcp::socket socket, bool secure) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  const std::string address = peer.address().to_string();
  ++accepted;
  if (settings.welcomes && !settings.welcomes(address)) {
    ++unwelcome;
    return;
  }
  const auto context = secure && settings.tls_context ? settings.tls_context() : nullptr;
  if (secure && !context) {
    ++tls_failed;
    return;  // never plain on a TLS port
  }
  make_room_for(address);
  auto next = std::make_shared<PendingAssociation>(
      std::move(socket), address, context, guard,
      PendingAssociation::Judges{settings.judge_titles, settings.judge_request},
      [self = weak_from_this()](PendingAssociation& ended, PendingAssociation::End how) {
        if (const auto still = self.lock()) still->on_end(ended, how);
      });
  waiting.add(next);
  next->start(settings.first_pdu_deadline);
}

/// Whoever has waited longest goes: of this address when it has its share, else of an address that
/// has a large one, else of all. Refusing the new one instead would let those who only hold their
/// places keep out everybody else.
void Acceptor::Impl::make_room_for(const std::string& address) {
  WaitingRoom::Guest goes;
  if (waiting.size_of(address) >= settings.max_pending_per_address) {
    goes = waiting.oldest_of(address);
  } else if (waiting.size() >= settings.max_pending) {
    goes = waiting.oldest_of_a_crowd_or_all(settings.max_pending / kLargeShare);
  }
  if (!goes) return;
  ++over_limit;
  goes->close();  // before its first PDU there is no PDU that could say why
  waiting.remove(*goes);
}

void Acceptor::Impl::on_end(PendingAssociation& ended, PendingAssociation::End how) {
  if (how == PendingAssociation::End::Malformed) {
    ++malformed;
    return;  // it stays pending, and counts against the limits, until its reply is out
  }
  if (how == PendingAssociation::End::TurnedAway) {
    ++turned_away;
    return;  // likewise
  }
  const auto keep_alive = ended.shared_from_this();
  waiting.remove(ended);
  if (how == PendingAssociation::End::TimedOut) ++timed_out;
  if (!ended.tls_failure().empty()) {
    ++tls_failed;
    if (settings.on_tls_failure) settings.on_tls_failure(ended.address(), ended.tls_failure());
  }
  if (how == PendingAssociation::End::Complete) on_association(ended.take());
}

void Acceptor::Impl::stop() {
  const std::lock_guard lock(*guard);
  if (stopped) return;
  stopped = true;
  for (const auto& listener : listeners) {
    boost::system::error_code ignored;  // closing is all that is left to do with it
    listener->socket.close(ignored);
    listener->pause.cancel();
  }
  for (const auto& one : waiting.take_all()) one->close();
}

Acceptor::Acceptor(asio::io_context& io, Settings settings, OnAssociation on_association)
    : impl_(std::make_shared<Impl>(io, std::move(settings), std::move(on_association))) {
  const std::lock_guard lock(*impl_->guard);
  for (const auto& listener : impl_->listeners) impl_->accept_on(*listener);
}

Acceptor::~Acceptor() { impl_->stop(); }

void Acceptor::stop() { impl_->stop(); }

std::vector<std::string> Acceptor::Impl::endpoints(bool secure) const {
  const std::lock_guard lock(*guard);
  std::vector<std::string> out;
  for (const auto& listener : listeners) {
    if (listener->tls != secure) continue;
    boost::system::error_code closed;  // after stop there is no endpoint to name
    const auto endpoint = listener->socket.local_endpoint(closed);
    if (!closed) out.push_back(endpoint_text(endpoint));
  }
  return out;
}

std::vector<std::string> Acceptor::endpoints() const { return impl_->endpoints(false); }

std::vector<std::string> Acceptor::tls_endpoints() const { return impl_->endpoints(true); }

Acceptor::Counters Acceptor::counters() const {
  return {impl_->accepted, impl_->malformed,  impl_->timed_out, impl_->over_limit,
          impl_->failed,   impl_->tls_failed, impl_->unwelcome, impl_->turned_away};
}

SteadyTime Acceptor::last_turn() const {
  if (!impl_->turn_asked.exchange(true)) {
    asio::post(impl_->io, [impl = impl_] {
      // Under the lock of whoever accepts: a handler that never lets go of it is a hang, too.
      const std::lock_guard lock(*impl->guard);
      impl->turn = steady_now();
      impl->turn_asked = false;
    });
  }
  return impl_->turn;
}

std::map<std::string, std::size_t> Acceptor::pending() const {
  const std::lock_guard lock(*impl_->guard);
  return impl_->waiting.by_address();
}

}  // namespace dosigate
