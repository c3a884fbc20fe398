#include "http_requests.h"

#include "admin_routes.h"

namespace dosigate {

void HttpRequests::add(const ApiRequest& request, unsigned status, SteadyTime::duration time) {
  std::string named;
  const AdminRoute* route = find_admin_route(request.method, request.path, named);
  add(route == nullptr ? "other" : std::string(route->method) + " " + std::string(route->path),
      status, time);
}

void HttpRequests::add(const std::string& endpoint, unsigned status, SteadyTime::duration time) {
  counted_.with([&](auto& counted) {
    const bool room = counted.size() < kMostEndpoints || counted.contains(endpoint);
    auto& one = counted[room ? endpoint : "other"];
    if (!one) one = std::make_unique<Counted>();
    // Nobody's invention makes a row of its own.
    ++one->by_status[status >= 100 && status < 600 ? status : 0];
    one->time.add(time);
  });
}

std::map<std::string, HttpRequests::Endpoint> HttpRequests::all() const {
  return counted_.with([](const auto& counted) {
    std::map<std::string, Endpoint> out;
    for (const auto& [endpoint, one] : counted) out[endpoint] = {one->by_status, one->time.read()};
    return out;
  });
}

}  // namespace dosigate
