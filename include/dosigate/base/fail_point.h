#pragma once

namespace dosigate {

/// Named places where a test can end the process as a power cut would, to prove that the order of
/// steps loses nothing. `DOSIGATE_FAIL_POINT=name` or `name:N` (the Nth time) in the environment
/// raises SIGKILL there. Compiled in only with -DDOSIGATE_FAIL_POINTS (the `test` and sanitizer
/// presets); the release binary holds no trace of it.
#ifdef DOSIGATE_FAIL_POINTS
void fail_point(const char* name) noexcept;
#else
inline void fail_point(const char*) noexcept {}
#endif

}  // namespace dosigate
