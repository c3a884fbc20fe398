// The API over TCP.

#include <spdlog/spdlog.h>

#include "admin_api.h"
#include "answers.h"
#include "dosigate/api/http_server.h"
#include "dosigate/app/node.h"
#include "node_tls.h"

namespace dosigate {

Result<void> Node::load_http_tls(const HttpSettings& http) {
  if (http.listen_tls.empty()) return {};
  auto fresh = TlsContext::server(http.tls);
  if (!fresh) return fail(fresh.error().fault, "[http] " + fresh.error().detail);
  http_tls_.with([&](auto& present) {
    if (!present || !present->same_files(**fresh)) present = *fresh;
  });
  return {};
}

void Node::serve_http() {
  const HttpSettings& http = config_.http;
  if (!http.on()) return;
  HttpServer::Settings settings;
  settings.listen = http.listen;
  settings.listen_tls = http.listen_tls;
  settings.max_uploads = http.max_uploads;
  settings.tls = [this] { return http_tls_.with([](const auto& present) { return present; }); };
  settings.on_tls_failure = [this](const std::string& address, const std::string& why) {
    tls_->failed(address, why);
  };
  http_ = std::make_unique<HttpServer>(std::move(settings), *admin_api_);
  for (const auto& endpoint : http_->endpoints())
    spdlog::info("listening on={} http=plain", endpoint);
  for (const auto& endpoint : http_->tls_endpoints())
    spdlog::info("listening on={} http=tls", endpoint);
}

}  // namespace dosigate
