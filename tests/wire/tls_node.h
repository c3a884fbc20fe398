#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"
#include "wire/node_process.h"

namespace dosigate::testing {

/// The real daemon with a TLS port beside its plain one, and a CA of its own.
class TlsNode {
 public:
  struct Settings {
    NodeProcess::Settings node{};
    bool listens = true;              ///< on a TLS port
    std::string peers{};              ///< [[peer]] sections
    std::optional<TlsFiles> files{};  ///< other files than the usual ones
  };
  explicit TlsNode(Settings settings);

  /// `storescu`'s, `echoscu`'s and the like: TLS with these files. Both are of the CA.
  static std::vector<std::string> dcmtk_options(const TlsFiles& files);
  Finished storescu(const TlsFiles& files, const std::vector<std::filesystem::path>& what,
                    const std::vector<std::string>& more = {}) const;
  Finished echoscu(const TlsFiles& files, const std::vector<std::string>& more = {}) const;
  /// `openssl s_client`, which ends after its input.
  Finished s_client(const std::vector<std::string>& more, const std::string& input = "") const;

  std::uint16_t tls_port() const { return tls_port_; }
  /// Of `status`: handshakes that failed for a reason with these words.
  std::uint64_t failures(const std::string& words) const;
  std::string check() const { return node().dosigate({"check"}).output; }
  NodeProcess& node() { return *node_; }
  const NodeProcess& node() const { return *node_; }

  TempDir dir;
  TestCa ca;
  TlsFiles files;   ///< the node's
  TlsFiles sender;  ///< a peer's, for localhost and 127.0.0.1
  Phantom phantom;
  std::vector<std::filesystem::path> paths;  ///< of the phantom

 private:
  std::uint16_t tls_port_;
  std::unique_ptr<NodeProcess> node_;
};

/// [[peer]] with TLS to 127.0.0.1. @param more  further lines.
std::string tls_peer(const std::string& name, const std::string& ae_title, std::uint16_t port,
                     const std::string& more = "");
/// Replaces one text of the configuration by another.
void edit_configuration(const NodeProcess& node, const std::string& from, const std::string& to);

}  // namespace dosigate::testing
