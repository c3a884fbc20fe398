#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "dosigate/base/clock.h"
#include "dosigate/base/result.h"
#include "dosigate/crypto/keyring.h"

namespace dosigate {

/// Requests that wait for a second person ([access] two_persons), in one sealed file, so that a
/// restart loses none. What they carry names a pseudonym, never an identity. Thread: any.
class Approvals {
 public:
  struct Request {
    std::string id;      ///< 8 hexadecimal digits
    std::string path;    ///< of the endpoint that it was asked of: "/api/v1/map/forget"
    std::string what;    ///< in words, for the second person
    std::string reason;  ///< of the first
    std::string actor;   ///< the first person's name when it was filed
    unsigned uid = 0;    ///< the first person: never the second as well
    std::int64_t filed = 0, until = 0;  ///< Unix seconds
    boost::json::object body;
  };

  /// Reads what an earlier run left. A file that does not open is left out with a line in the log:
  /// what waited has to be asked for again. The keyring outlives this.
  Approvals(std::filesystem::path file, const Keyring& keys, WallClock clock = wall_now);

  /// Durable on return. Busy when too many wait.
  Result<Request> file(Request request, std::chrono::hours patience);
  /// Those whose time is not over, the oldest first.
  std::vector<Request> waiting();
  /// NotFound also when its time is over.
  Result<Request> find(const std::string& id);
  /// It was carried out or taken back; durable on return.
  void remove(const std::string& id);
  /// Under the newest key of the keyring.
  void seal_anew();

 private:
  void drop_expired();
  void write() const;

  const std::filesystem::path file_;
  const Keyring& keys_;
  const WallClock clock_;
  std::mutex mutex_;
  std::vector<Request> requests_;
};

}  // namespace dosigate
