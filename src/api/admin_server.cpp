#include <boost/asio/local/stream_protocol.hpp>

#include "accepting.h"
#include "admin_listener.h"
#include "dosigate/api/http.h"
#include "session.h"

namespace dosigate {

namespace {

using Local = boost::asio::local::stream_protocol;

constexpr ServerCore::Limits kLimits{64, 64, 2};

struct ToLocalSession {
  ServerCore& core;
  void operator()(Local::socket socket) const { serve_local(std::move(socket), core); }
};

}  // namespace

struct AdminServer::Impl {
  Impl(const std::filesystem::path& path, std::optional<int> inherited_fd, ApiService& service)
      : listener(path, inherited_fd),
        core(service, kLimits),
        accepting(core.io, Local::acceptor(core.io, Local(), listener.release()), {core}) {}
  ~Impl() { core.shut_down(); }

  AdminListener listener;
  ServerCore core;
  Accepting<Local::acceptor, ToLocalSession> accepting;
};

AdminServer::AdminServer(const std::filesystem::path& socket, std::optional<int> inherited_fd,
                         ApiService& service)
    : impl_(std::make_unique<Impl>(socket, inherited_fd, service)) {}

AdminServer::~AdminServer() = default;

}  // namespace dosigate
