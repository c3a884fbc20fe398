#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "dosigate/net/acceptor.h"
#include "dosigate/receive/association_server.h"
#include "support/process.h"
#include "support/raw_scu.h"
#include "support/temp_dir.h"

namespace dosigate::testing {

inline constexpr const char* kVerification = "1.2.840.10008.1.1";
inline constexpr const char* kCtStorage = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr const char* kImplicit = "1.2.840.10008.1.2";
inline constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
inline constexpr const char* kJpegLossless = "1.2.840.10008.1.2.4.70";
inline constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.201";

/// A Part 10 file and the bytes of its data set.
struct InstanceFile {
  std::filesystem::path path;
  std::string sop_instance_uid;
  Bytes data_set;
};
/// A made-up CT image of `size` x `size` pixels, explicit VR little endian.
InstanceFile write_ct(const std::filesystem::path& directory, unsigned number,
                      std::uint16_t size = 64);

/// An AssociationServer behind an Acceptor on a free port, with a handler that keeps what it is
/// given.
class ReceivingNode {
 public:
  struct Refusal {
    Origin origin;
    std::string reason;
  };
  /// Called titles but "DOSIGATE" and calling title "STRANGER" are not admitted.
  explicit ReceivingNode(AssociationServer::Settings settings = {},
                         AssociationServer::Handle handle = nullptr,
                         AssociationServer::Begin begin = nullptr);
  ~ReceivingNode();

  std::uint16_t port() const { return port_; }
  std::string port_text() const { return std::to_string(port_); }
  AssociationServer& server() { return *server_; }
  /// Instances kept so far, once there are `count` (or 5 s have passed).
  std::vector<ReceivedInstance>& received(std::size_t count);
  std::vector<Refusal> refusals(std::size_t count);
  bool eventually(const std::function<bool()>& condition,
                  std::chrono::milliseconds deadline = std::chrono::seconds(5));

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReceivedInstance> received_;
  std::vector<Refusal> refusals_;
  std::unique_ptr<AssociationServer> server_;
  boost::asio::io_context io_;
  std::unique_ptr<Acceptor> acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace dosigate::testing
