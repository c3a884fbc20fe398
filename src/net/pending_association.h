#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "dosigate/net/acceptor.h"

namespace dosigate {

/// One accepted connection until its first PDU is complete, answered as malformed, or its time is
/// over (ARTIM, PS3.8 9.1.5). Thread: every method and callback runs under the owner's lock, given
/// as `guard`.
class PendingAssociation : public std::enable_shared_from_this<PendingAssociation> {
 public:
  enum class End { Complete, Malformed, TurnedAway, TimedOut, Gone };
  using OnEnd = std::function<void(PendingAssociation&, End)>;

  /// As in Acceptor::Settings.
  struct Judges {
    decltype(Acceptor::Settings::judge_titles) titles;
    decltype(Acceptor::Settings::judge_request) request;
  };

  PendingAssociation(boost::asio::ip::tcp::socket socket, std::string address,
                     std::shared_ptr<std::recursive_mutex> guard, Judges judges, OnEnd on_end);
  void start(std::chrono::seconds deadline);
  /// Closes without a word. `on_end` is not called any more.
  void close();
  const std::string& address() const { return caller_.address; }
  /// After End::Complete, once.
  IncomingAssociation take();

 private:
  void read_header();
  void read_body(std::size_t size);
  void judge_titles(std::size_t left);
  void judge();
  void answer(Bytes reply, End why);
  void drain();
  void end(End how);
  /// Wraps a handler: keeps this object alive, takes the lock, and drops the call after the end.
  template <class Next>
  auto locked(Next next);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  Caller caller_;
  std::shared_ptr<std::recursive_mutex> guard_;
  Judges judges_;
  OnEnd on_end_;
  Bytes pdu_;
  Bytes reply_;
  AssociationRequest request_;
  bool reported_ = false;
  bool closed_ = false;
};

}  // namespace dosigate
