#include <gtest/gtest.h>

#include <cstdlib>

#include "crash.h"

int main(int argc, char** argv) {
  if (const char* path = std::getenv("DOSIGATE_TEST_CRASH_IN"))
    return dosigate::testing::live_until_killed(path);
  if (const char* path = std::getenv("DOSIGATE_TEST_WITHDRAW_IN"))
    return dosigate::testing::withdraw_until_killed(path);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
