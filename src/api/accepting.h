#pragma once

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

namespace dosigate {

/// Accepts one connection after the other, each on a strand of its own, and gives it to a function.
/// Thread: must not go while the context runs.
template <class Acceptor, class OnSocket>
class Accepting {
 public:
  Accepting(boost::asio::io_context& io, Acceptor listening, OnSocket on_socket)
      : io_(io), acceptor_(std::move(listening)), pause_(io), on_socket_(std::move(on_socket)) {
    next();
  }
  Accepting(const Accepting&) = delete;
  Accepting& operator=(const Accepting&) = delete;
  const Acceptor& acceptor() const { return acceptor_; }

 private:
  void next() {
    acceptor_.async_accept(boost::asio::make_strand(io_),
                           [this](boost::system::error_code failed, auto socket) {
                             if (!failed) {
                               on_socket_(std::move(socket));
                               return next();
                             }
                             if (failed == boost::asio::error::operation_aborted) return;
                             // Out of descriptors, most likely: trying again at once would spin.
                             pause_.expires_after(std::chrono::milliseconds(100));
                             pause_.async_wait([this](boost::system::error_code stopped) {
                               if (!stopped) next();
                             });
                           });
  }

  boost::asio::io_context& io_;
  Acceptor acceptor_;
  boost::asio::steady_timer pause_;
  OnSocket on_socket_;
};

}  // namespace dosigate
