#pragma once

#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "config_file.h"
#include "dosigate/api/http.h"
#include "dosigate/base/guarded.h"
#include "support/handler_service.h"

namespace dosigate::testing {

/// A daemon that answers what a test wrote down, and remembers what it was asked.
class ScriptedDaemon {
 public:
  explicit ScriptedDaemon(HandlerService::Handler handler)
      : file_("[node]\nadmin_socket = \"admin.sock\"\n" + kMinimal),
        service_([this, handler](const ApiRequest& request) {
          asked_.with([&](auto& asked) { asked.push_back(request); });
          return handler(request);
        }),
        server_(file_.dir.path / "admin.sock", std::nullopt, service_) {}
  explicit ScriptedDaemon(const std::string& body)
      : ScriptedDaemon([body](const ApiRequest&) {
          return ApiResponse{200, boost::json::parse(body)};
        }) {}

  std::vector<std::string> arguments(const std::vector<std::string>& words) const {
    std::vector<std::string> out{"--config", file_.file.string()};
    out.insert(out.end(), words.begin(), words.end());
    return out;
  }
  std::vector<ApiRequest> asked() const {
    return asked_.with([](const auto& asked) { return asked; });
  }

 private:
  ConfigFile file_;
  Guarded<std::vector<ApiRequest>> asked_;
  HandlerService service_;
  AdminServer server_;
};

}  // namespace dosigate::testing
