#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "dosigate/app/config.h"
#include "dosigate/app/node.h"
#include "dosigate/base/guarded.h"
#include "dosigate/net/tls.h"

namespace dosigate {

/// The certificates of a running node: what new connections use, when they end, and which
/// handshakes failed. Thread: any.
class NodeTls {
 public:
  struct Contexts {
    std::shared_ptr<const TlsContext> server, client;  ///< null where nothing needs one
  };
  /// Of the files as they are now.
  static Result<Contexts> load(const Config& config);
  /// For connections from now on; those that run keep theirs. Files with the same content change
  /// nothing. What is null leaves what there is. True when there is a new certificate of ours.
  bool use(Contexts fresh);

  std::shared_ptr<const TlsContext> server() const { return present().server; }
  std::shared_ptr<const TlsContext> client() const { return present().client; }

  /// A handshake that failed, with the reason in fixed words: counted, and logged once a minute for
  /// each reason, so that a port scan does not fill the log.
  void failed(const std::string& address, const std::string& reason);

  /// From 30 days before the end of our certificate or of the CA.
  void add_conditions(std::vector<Condition>& out) const;
  /// For `status`; null without [tls].
  boost::json::value state(const std::vector<std::string>& listeners) const;

 private:
  struct Failure {
    std::uint64_t count = 0;
    std::string address;
    long long last_unix = 0;
    SteadyTime logged{};
  };
  Contexts present() const {
    return contexts_.with([](const Contexts& now) { return now; });
  }
  Guarded<Contexts> contexts_;
  Guarded<std::map<std::string, Failure>> failures_;  ///< by reason: there are some twenty
};

}  // namespace dosigate
