#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "dosigate/api/http.h"

namespace dosigate {

/// What a server can do to one of its connections. Thread: any.
class SessionHandle {
 public:
  virtual ~SessionHandle() = default;
  /// Ends whatever it waits for.
  virtual void cancel() = 0;
};

/// What the connections of one server share: who answers, the threads, and how many there are.
/// Bytes are moved by two threads that never wait; requests are answered in others, and those whose
/// body is streamed in others again, so that slow uploads delay nobody. Thread: any.
class ServerCore {
 public:
  struct Limits {
    unsigned sessions, sessions_per_address;
    unsigned uploads;  ///< streamed requests at once
  };
  ServerCore(ApiService& answering, Limits limits);
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;
  ~ServerCore() { shut_down(); }
  /// Connections end, handlers that run are waited for, and nothing runs any more: acceptors may
  /// go afterwards.
  void shut_down();

  ApiService& service;

 private:
  // Connections that end with the context still leave, so it goes before what they leave.
  std::mutex mutex_;
  bool stopping_ = false;
  std::set<SessionHandle*> sessions_;
  std::map<std::string, unsigned> by_address_;

 public:
  boost::asio::io_context io;
  boost::asio::thread_pool work, uploads;

  /// False, and not counted, when there are enough (of the address).
  bool enter(SessionHandle& session, const std::string& address);
  void leave(SessionHandle& session, const std::string& address);

  /// One of the places for streamed requests, given back when it goes.
  class Place {
   public:
    explicit Place(ServerCore& core) : core_(core), taken_(core.take_place()) {}
    ~Place() {
      if (taken_) --core_.uploading_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    bool taken() const { return taken_; }

   private:
    ServerCore& core_;
    bool taken_;
  };

 private:
  bool take_place();

  const Limits limits_;
  std::atomic<unsigned> uploading_{0};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_;
  std::vector<std::jthread> threads_;
};

}  // namespace dosigate
