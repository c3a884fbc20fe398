#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/base/durable_file.h"
#include "dosigate/base/guarded.h"
#include "dosigate/net/tls.h"

namespace dosigate::testing {

/// A scripted HTTP server in the test's process, on a free port of 127.0.0.1: an archive that
/// speaks STOW-RS, or a proxy. Each connection has a thread of its own.
class FakeWebArchive {
 public:
  struct Request {
    std::string head;  ///< request line and headers
    std::string body;
    unsigned connection = 0;  ///< 1, 2, … in the order in which they were accepted

    std::string line() const { return head.substr(0, head.find("\r\n")); }
    /// Of the first header of that name; empty: there is none.
    std::string header(const std::string& name) const;
    /// Of the Part 10 file in it.
    std::string sop_instance_uid() const;
    /// The data set of that file, after its meta information.
    std::string data_set() const;
  };
  struct Reply {
    std::string bytes;                       ///< as they are sent; empty: nothing
    bool close = false;                      ///< afterwards
    std::chrono::milliseconds after{0};      ///< the wait before it
    std::chrono::milliseconds each_byte{0};  ///< the wait between two bytes
    std::uint16_t tunnel_to = 0;             ///< carries bytes to and from that port afterwards
  };
  struct Script {
    std::function<Reply(const Request&, int count)> reply;  ///< count: 1, 2, …
    /// Decides by the head alone and reads no body, when it gives a reply with bytes or close.
    std::function<Reply(const Request&)> early{};
    /// Closes in the middle of the body of the first requests.
    int breaks = 0;
    std::size_t break_after = 1000;
  };

  static Reply http(int status, const std::string& body = "", const std::string& headers = "");
  static Reply stored(const std::string& sop_instance_uid, int warning = 0);
  static Reply failed(const std::string& sop_instance_uid, int reason, int status = 409);
  /// Stores everything.
  static Reply accept(const Request& request, int count);

  /// @param tls  null: plain; else a server's.
  explicit FakeWebArchive(std::shared_ptr<const TlsContext> tls = nullptr);
  ~FakeWebArchive();
  FakeWebArchive(const FakeWebArchive&) = delete;
  FakeWebArchive& operator=(const FakeWebArchive&) = delete;

  void set(Script script);
  std::uint16_t port() const { return port_; }
  std::vector<Request> requests() const;
  unsigned connections() const { return connections_; }
  /// What still came after an early reply.
  std::uint64_t drained() const { return drained_; }
  /// Stops listening and closes what is open; listens again on the same port.
  void down();
  void up();

 private:
  struct Channel;
  void listen_on(std::uint16_t port);
  void accept_all(const std::stop_token& stop);
  void serve(FileDescriptor socket, unsigned number);
  bool answer(Channel& channel, const Request& request, const Reply& reply);

  std::shared_ptr<const TlsContext> tls_;
  std::uint16_t port_ = 0;
  FileDescriptor listener_;
  std::atomic<unsigned> connections_{0};
  std::atomic<std::uint64_t> drained_{0};
  Guarded<std::shared_ptr<const Script>> script_;
  Guarded<std::vector<Request>> requests_;
  std::atomic<int> broken_{0};
  Guarded<std::vector<int>> open_;
  std::atomic<bool> down_{false};
  std::vector<std::jthread> serving_;
  std::jthread accepting_;
};

}  // namespace dosigate::testing
