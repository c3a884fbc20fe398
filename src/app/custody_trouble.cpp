#include "dosigate/app/custody_trouble.h"

namespace dosigate {
namespace {

constexpr std::chrono::minutes kRemembered{5};

}  // namespace

void CustodyTrouble::failed(std::string why) {
  const SteadyTime now = clock_();
  last_.with([&](Last& last) { last = {last.refused + 1, std::move(why), now}; });
}

void CustodyTrouble::stored() {
  last_.with([](Last& last) { last.refused = 0; });
}

std::optional<CustodyTrouble::Present> CustodyTrouble::present() const {
  const SteadyTime now = clock_();
  return last_.with([&](const Last& last) -> std::optional<Present> {
    if (last.refused == 0 || now - last.when > kRemembered) return std::nullopt;
    return Present{last.refused, last.why};
  });
}

}  // namespace dosigate
