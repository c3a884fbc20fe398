#include "dosigate/base/fail_point.h"

#ifdef DOSIGATE_FAIL_POINTS
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace dosigate {
namespace {

struct Target {
  std::string name;
  long hits = 1;
};

Target read_target() {
  const char* text = std::getenv("DOSIGATE_FAIL_POINT");
  if (text == nullptr) return {};
  std::string name = text;
  const auto colon = name.find(':');
  if (colon == std::string::npos) return {name, 1};
  return {name.substr(0, colon), std::strtol(name.c_str() + colon + 1, nullptr, 10)};
}

}  // namespace

void fail_point(const char* name) noexcept {
  static const Target target = read_target();
  static std::atomic<long> hits{0};
  if (target.name == name && ++hits == target.hits) std::raise(SIGKILL);
}

}  // namespace dosigate
#endif
