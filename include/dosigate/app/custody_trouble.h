#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dosigate/base/clock.h"
#include "dosigate/base/guarded.h"

namespace dosigate {

/// That instances cannot be stored at present: a full, broken or read-only disk, a locked database.
/// It holds until the next one can, or until none was tried for five minutes. Thread: any.
class CustodyTrouble {
 public:
  explicit CustodyTrouble(SteadyClock clock = steady_now) : clock_(std::move(clock)) {}

  struct Present {
    std::uint64_t refused;  ///< instances, since the last one that was stored
    std::string why;        ///< of the latest, without identity
  };
  void failed(std::string why);
  void stored();
  std::optional<Present> present() const;

 private:
  struct Last {
    std::uint64_t refused = 0;
    std::string why;
    SteadyTime when{};
  };
  SteadyClock clock_;
  Guarded<Last> last_;
};

}  // namespace dosigate
