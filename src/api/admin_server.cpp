#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "admin_listener.h"
#include "admin_session.h"
#include "dosigate/api/http.h"

namespace dosigate {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

namespace {

constexpr unsigned kThreads = 2;
constexpr unsigned kMostSessions = 64;  ///< each may hold a body of 1 MiB

}  // namespace

struct AdminServer::Impl {
  Impl(const std::filesystem::path& path, std::optional<int> inherited_fd, ApiHandler handler)
      : listener(path, inherited_fd),
        acceptor(io, Local(), listener.release()),
        pause(io),
        shared(std::make_shared<AdminShared>()) {
    shared->handler = std::move(handler);
    accept();
    for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back([this] { io.run(); });
  }

  ~Impl() {
    io.stop();  // a handler that runs ends first: the threads are joined
    threads.clear();
  }

  void accept() {
    acceptor.async_accept(asio::make_strand(io),
                          [this](boost::system::error_code failed, Local::socket socket) {
                            if (!failed && shared->sessions < kMostSessions)
                              serve_admin(std::move(socket), shared);
                            if (!failed) return accept();
                            if (failed == asio::error::operation_aborted) return;
                            // Out of descriptors, most likely: trying again at once would spin.
                            pause.expires_after(std::chrono::milliseconds(100));
                            pause.async_wait([this](boost::system::error_code stopped) {
                              if (!stopped) accept();
                            });
                          });
  }

  AdminListener listener;
  asio::io_context io;
  Local::acceptor acceptor;
  asio::steady_timer pause;
  std::shared_ptr<AdminShared> shared;
  std::vector<std::jthread> threads;
};

AdminServer::AdminServer(const std::filesystem::path& socket, std::optional<int> inherited_fd,
                         ApiHandler handler)
    : impl_(std::make_unique<Impl>(socket, inherited_fd, std::move(handler))) {}

AdminServer::~AdminServer() = default;

}  // namespace dosigate
