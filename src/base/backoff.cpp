#include "dosigate/base/backoff.h"

#include <algorithm>

namespace dosigate {

std::chrono::milliseconds Backoff::delay(unsigned attempt, std::uint32_t random) const {
  auto step = first;
  for (unsigned i = 1; i < attempt && step < longest; ++i) step *= 2;
  step = std::min(step, longest);
  const auto half = step.count() / 2;
  return std::chrono::milliseconds(half + half * static_cast<long long>(random) / 0xFFFFFFFFLL);
}

}  // namespace dosigate
