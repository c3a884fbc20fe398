#include "dosigate/api/http_server.h"

#include <list>

#include "accepting.h"
#include "dosigate/net/listen.h"
#include "session.h"

namespace dosigate {

namespace {

using boost::asio::ip::tcp;

struct ToTcpSession {
  ServerCore& core;
  const HttpServer::Settings& settings;
  bool secure;
  void operator()(tcp::socket socket) const {
    serve_tcp(std::move(socket), core, secure ? settings.tls() : nullptr, settings.on_tls_failure);
  }
};
using Accept = Accepting<tcp::acceptor, ToTcpSession>;

std::vector<std::string> texts_of(const std::list<Accept>& listening) {
  std::vector<std::string> out;
  for (const Accept& one : listening) out.push_back(endpoint_text(one.acceptor().local_endpoint()));
  return out;
}

}  // namespace

struct HttpServer::Impl {
  Impl(Settings chosen, ApiService& service)
      : settings(std::move(chosen)),
        core(service,
             {settings.max_sessions, settings.max_sessions_per_address, settings.max_uploads}) {
    for (const auto& address : settings.listen)
      plain.emplace_back(core.io, listen_at(core.io, address), ToTcpSession{core, settings, false});
    for (const auto& address : settings.listen_tls)
      tls.emplace_back(core.io, listen_at(core.io, address), ToTcpSession{core, settings, true});
    plain_texts = texts_of(plain);
    tls_texts = texts_of(tls);
  }
  ~Impl() { core.shut_down(); }

  const Settings settings;
  ServerCore core;
  std::list<Accept> plain, tls;
  std::vector<std::string> plain_texts, tls_texts;
};

HttpServer::HttpServer(Settings settings, ApiService& service)
    : impl_(std::make_unique<Impl>(std::move(settings), service)) {}

HttpServer::~HttpServer() = default;

const std::vector<std::string>& HttpServer::endpoints() const { return impl_->plain_texts; }
const std::vector<std::string>& HttpServer::tls_endpoints() const { return impl_->tls_texts; }

}  // namespace dosigate
