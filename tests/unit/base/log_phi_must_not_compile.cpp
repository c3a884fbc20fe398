// Compiled by log_phi_must_not_compile.cmake, never linked: an identity that someone hands to the
// log must stop the build. With CONTROL the same line logs a plain string and compiles.

#include <spdlog/spdlog.h>

#include "dosigate/base/phi.h"

void log_it() {
#ifdef CONTROL
  const std::string value("DSG-A-0000-0000-000");
#else
  const dosigate::Phi value("an identity");
#endif
  spdlog::info("patient={}", value);
}
