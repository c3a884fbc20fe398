#pragma once

#include <atomic>
#include <memory>

#include <boost/asio/local/stream_protocol.hpp>

#include "dosigate/api/http.h"

namespace dosigate {

/// What all sessions of one server share.
struct AdminShared {
  ApiHandler handler;
  std::atomic<unsigned> sessions{0};
};

/// Serves one connection until it ends, errs or is silent for ten seconds.
void serve_admin(boost::asio::local::stream_protocol::socket socket,
                 std::shared_ptr<AdminShared> shared);

}  // namespace dosigate
