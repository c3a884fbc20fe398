#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/test_ca.h"

namespace dosigate::testing {

/// Debian's rsyslog, started by the test on a free loopback port with TLS both ways, its own
/// configuration and directory, and no part of the machine's logging.
class Rsyslog {
 public:
  struct Message {
    std::string priority, message_id, sequence, xml;
  };
  /// @param permitted  the common name of a certificate that may send.
  Rsyslog(std::filesystem::path directory, const TestCa& ca, const std::string& permitted);

  void start();
  /// SIGTERM, and waits; what it has taken is on disk then.
  void stop();
  std::uint16_t port() const { return port_; }
  /// In the order in which they were written.
  std::vector<Message> messages() const;
  std::string output() const;

 private:
  std::filesystem::path directory_;
  std::uint16_t port_;
  std::unique_ptr<Process> process_;
};

}  // namespace dosigate::testing
