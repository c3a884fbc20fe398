#pragma once

#include <functional>
#include <utility>

#include "dosigate/api/http.h"

namespace dosigate::testing {

/// Lets everybody in and answers by functions.
class HandlerService final : public ApiService {
 public:
  using Handler = std::function<ApiResponse(const ApiRequest&)>;
  using Streamer = std::function<ApiResponse(const ApiRequest&, RequestBody&)>;
  using Gate = std::function<std::variant<Entry, ApiResponse>(ApiRequest&)>;

  explicit HandlerService(Handler handler, Streamer streamer = {}, Gate gate = {})
      : handler_(std::move(handler)), streamer_(std::move(streamer)), gate_(std::move(gate)) {}

  std::variant<Entry, ApiResponse> enter(ApiRequest& head) override {
    if (gate_) return gate_(head);
    Entry entry;
    if (head.path == "/api/v1/map/import") entry.most_body = 64U << 20U;
    return entry;
  }
  ApiResponse answer(const ApiRequest& request) override { return handler_(request); }
  ApiResponse stream(const ApiRequest& head, RequestBody& body) override {
    return streamer_(head, body);
  }

 private:
  const Handler handler_;
  const Streamer streamer_;
  const Gate gate_;
};

}  // namespace dosigate::testing
