#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/paths.h"
#include "support/process.h"

namespace dosigate::testing {

/// Debian's own interpreter: that is where Debian's pydicom lies, whatever else PATH offers.
inline constexpr const char* kPython = "/usr/bin/python3";

inline std::filesystem::path judge_script(const std::string& name) {
  return std::filesystem::path(DOSIGATE_SOURCE_DIR) / "tests/judge" / name;
}
/// Where `./dev setup` unpacks @cornerstonejs/calculate-suv.
inline std::filesystem::path calculate_suv() {
  return std::filesystem::path(DOSIGATE_SOURCE_DIR) / "build/judges/calculate-suv/package";
}

inline std::string missing_pydicom() {
  if (run({kPython, "-c", "import pydicom"}).code == 0) return {};
  return "pydicom is not installed (./dev setup)";
}
inline std::string missing_calculate_suv() {
  if (find_program("node").empty()) return "node is not installed (./dev setup)";
  if (!std::filesystem::exists(calculate_suv()))
    return "calculate-suv is not fetched; ./dev setup does that, with a network";
  return missing_pydicom();
}

/// Changes a cleaned file as a wrong de-identification would, with pydicom's help: nothing of ours
/// is asked. `change` is Python over `ds`, the data set, and `later(value, days)` for DA and DT.
inline void spoil(const std::filesystem::path& file, const std::string& change) {
  const Finished done =
      run({kPython, "-c",
           "import sys, datetime, pydicom\n"
           "def later(value, days):\n"
           "    day = datetime.datetime.strptime(value[:8], '%Y%m%d') + datetime.timedelta(days)\n"
           "    return day.strftime('%Y%m%d') + value[8:]\n"
           "ds = pydicom.dcmread(sys.argv[1])\n" +
               change + "\nds.save_as(sys.argv[1])\n",
           file.string()});
  ASSERT_EQ(done.code, 0) << done.output;
}

}  // namespace dosigate::testing

/// Skips the test when a judge is missing, and says which; under `./dev test` that is a failure,
/// because a proof without its judge proves nothing.
#define DOSIGATE_NEEDS_JUDGE(missing)                                         \
  if (const std::string reason = (missing); !reason.empty()) {                \
    if (std::getenv("DOSIGATE_JUDGES_REQUIRED") != nullptr) FAIL() << reason; \
    GTEST_SKIP() << reason;                                                   \
  }
