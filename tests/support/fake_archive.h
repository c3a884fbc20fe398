#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dosigate/base/bytes.h"
#include "dosigate/base/durable_file.h"

namespace dosigate::testing {

/// A scripted archive: a storage SCP in this process on a free port of 127.0.0.1 that does as it is
/// told, also wrong things, and keeps what it received. It speaks the wire itself, so that both
/// ends cannot share a mistake of DCMTK.
class FakeArchive {
 public:
  enum class OnAssociation {
    Accept,
    RejectTransient,
    RejectPermanentCalled,
    RejectPermanentCalling,
    Silence,
    Abort,
    Close
  };
  enum class OnResponse {
    Answer,
    Silence,
    CloseBefore,
    CloseInside,
    WrongMessageId,
    Garbage,
    Abort
  };

  /// What it does. Copied at the start of each association and of each response.
  struct Script {
    OnAssociation on_association = OnAssociation::Accept;
    OnResponse on_response = OnResponse::Answer;
    /// @param times  how often this instance was kept before.
    std::function<std::uint16_t(const std::string& sop_instance_uid, int times)> status =
        [](const std::string&, int) { return std::uint16_t{0}; };
    std::string comment{};
    /// Of a class in a transfer syntax.
    std::function<bool(const std::string& sop_class_uid, const std::string& transfer_syntax_uid)>
        accepts = [](const std::string&, const std::string&) { return true; };
    int abort_after_pdus = 0;  ///< of P-DATA in one association; 0 = never
    std::chrono::milliseconds before_each_pdu{0};
    std::uint32_t max_pdu = 16'384;
    /// At once; further ones are rejected (local limit exceeded). 0 = no limit.
    unsigned most_associations = 0;
  };

  FakeArchive();
  ~FakeArchive();
  FakeArchive(const FakeArchive&) = delete;
  FakeArchive& operator=(const FakeArchive&) = delete;

  std::uint16_t port() const { return port_; }
  void set(Script script);
  /// Stops listening and closes every connection; `up` listens on the same port again.
  void down();
  void up();

  struct Received {
    std::string sop_class_uid, sop_instance_uid, transfer_syntax_uid;
    Bytes data_set;
    std::uint16_t status;  ///< answered, or meant to be
  };
  std::vector<Received> received() const;
  /// Different instances answered with success or a warning.
  std::size_t kept() const;
  bool wait_for_kept(std::size_t count,
                     std::chrono::milliseconds deadline = std::chrono::seconds(20)) const;
  unsigned connections() const;
  unsigned associations() const;
  /// A-RELEASE-RQ seen.
  unsigned releases() const;

 private:
  struct Session;
  void listen();
  void serve(const std::stop_token& stop, FileDescriptor socket);

  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Script script_;
  std::vector<Received> received_;
  std::map<std::string, int> times_;
  unsigned connections_ = 0, associations_ = 0, releases_ = 0;
  unsigned open_ = 0;  // associations
  std::vector<std::jthread> sessions_;
  std::jthread acceptor_;
};

}  // namespace dosigate::testing
