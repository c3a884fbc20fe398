#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "dosigate/api/http.h"
#include "dosigate/base/guarded.h"
#include "dosigate/base/histogram.h"

namespace dosigate {

/// Requests by endpoint and status, and how long each endpoint takes. By the endpoint's pattern:
/// what stands in a path may be a study or a typing mistake, and there is no end of those.
/// Thread: any.
class HttpRequests {
 public:
  void add(const ApiRequest& request, unsigned status, SteadyTime::duration time);
  /// Of an endpoint that is not in admin_routes(): the pattern, as "POST /dicom-web/studies".
  /// Beyond kMostEndpoints they count together.
  void add(const std::string& endpoint, unsigned status, SteadyTime::duration time);

  static constexpr std::size_t kMostEndpoints = 200;
  struct Endpoint {
    std::map<unsigned, std::uint64_t> by_status;
    Histogram::Reading time;
  };
  /// By method and pattern, "GET /api/v1/study/{}"; "other" is what there is not.
  std::map<std::string, Endpoint> all() const;

 private:
  struct Counted {
    std::map<unsigned, std::uint64_t> by_status;
    Histogram time;
  };
  Guarded<std::map<std::string, std::unique_ptr<Counted>>> counted_;
};

}  // namespace dosigate
