#include "dosigate/app/drain.h"

#include <algorithm>

namespace dosigate {

bool Drain::begin(WallTime now) {
  std::int64_t off = 0;
  return since_.compare_exchange_strong(off, std::max<std::int64_t>(to_unix(now), 1));
}

bool Drain::end() { return since_.exchange(0) != 0; }

}  // namespace dosigate
