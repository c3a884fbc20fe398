#pragma once

#include <memory>
#include <string>

#include "http_link.h"
#include "stow_answer.h"

namespace dosigate {

/// Stores instances by STOW-RS (PS3.18 10.5), one in a request: so each has its own answer, nothing
/// of another is sent again after a fault, and the body is a stream of known length. The connection
/// is kept open between them. Thread: one.
class StowClient {
 public:
  explicit StowClient(Destination to) : to_(std::move(to)) {}

  struct Item {
    const std::string& sop_class_uid;
    const std::string& sop_instance_uid;
    const std::string& transfer_syntax_uid;
    std::uint64_t data_set_bytes;
  };

  /// A connection over which it can be sent, opened or opened anew where needed. Faults as
  /// HttpLink.
  Result<void> connect();
  bool connected() const { return link_ != nullptr; }
  void close() { link_.reset(); }

  /// After `connect`. A fault of `source` is returned as it is (then nothing is stored).
  Result<StowVerdict> store(const Item& item, const HttpLink::Source& source, const Pace* pace);

 private:
  const Destination to_;
  std::unique_ptr<HttpLink> link_;
};

}  // namespace dosigate
