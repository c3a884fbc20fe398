#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "dosigate/net/acceptor.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// One accepted connection until its TLS handshake (on a TLS port) and its first PDU are complete,
/// it is answered as malformed, or its time for both is over (ARTIM, PS3.8 9.1.5). Thread: every
/// method and callback runs under the owner's lock, given as `guard`.
class PendingAssociation : public std::enable_shared_from_this<PendingAssociation> {
 public:
  enum class End { Complete, Malformed, TurnedAway, TimedOut, Gone, NotSecure };
  using OnEnd = std::function<void(PendingAssociation&, End)>;

  /// As in Acceptor::Settings.
  struct Judges {
    decltype(Acceptor::Settings::judge_titles) titles;
    decltype(Acceptor::Settings::judge_request) request;
  };

  /// @param tls  of a TLS port; null: plain.
  PendingAssociation(boost::asio::ip::tcp::socket socket, std::string address,
                     std::shared_ptr<const TlsContext> tls,
                     std::shared_ptr<std::recursive_mutex> guard, Judges judges, OnEnd on_end);
  void start(std::chrono::seconds deadline);
  /// Closes without a word. `on_end` is not called any more.
  void close();
  const std::string& address() const { return caller_.address; }
  /// After End::Complete, once.
  IncomingAssociation take();
  /// Why there was no TLS session, in fixed words: after NotSecure, and after TimedOut in the
  /// handshake. Empty otherwise.
  const std::string& tls_failure() const { return tls_failure_; }

 private:
  void shake_hands();
  void read_header();
  void judge_header();
  /// Step by step: memory follows what has arrived, not what was declared.
  void read_body();
  /// Otherwise it has been answered.
  bool titles_are_welcome();
  /// Reads until `pdu_` is full, then goes on.
  void fill(void (PendingAssociation::*next)());
  void judge();
  void answer(Bytes reply, End why);
  void drain();
  void end(End how);
  /// Wraps a handler: keeps this object alive, takes the lock, and drops the call after the end.
  template <class Next>
  auto locked(Next next);

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  bool shaking_hands_ = false;
  std::string tls_failure_;
  boost::asio::steady_timer deadline_;
  Caller caller_;
  std::shared_ptr<std::recursive_mutex> guard_;
  Judges judges_;
  OnEnd on_end_;
  Bytes pdu_;
  std::size_t filled_ = 0;
  std::size_t pdu_size_ = 0;  ///< as its header says
  Bytes reply_;
  AssociationRequest request_;
  bool reported_ = false;
  bool closed_ = false;
};

}  // namespace dosigate
