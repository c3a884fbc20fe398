#include "dosigate/app/alert.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using testing::TempDir;

/// A killed child of a killed parent may stay a zombie where nobody reaps orphans: that is not
/// running.
bool is_running(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return static_cast<bool>(stat >> number >> name >> state) && state != "Z";
}

TEST(Alert, TheCommandGetsOneLineOnItsStandardInput) {
  TempDir dir;
  const auto out = dir.path / "out";

  const auto ran =
      run_alert_command({"sh", "-c", "cat > " + out.string()}, R"({"event":"raised"})");

  ASSERT_TRUE(ran) << ran.error().detail;
  EXPECT_EQ(as_text(read_file(out)), "{\"event\":\"raised\"}\n");
}

TEST(Alert, ACommandThatNeverReadsDoesNotBlock) {
  EXPECT_TRUE(run_alert_command({"true"}, std::string(1'000'000, 'x')));
}

TEST(Alert, ACommandThatFailsIsReported) {
  const auto failed = run_alert_command({"sh", "-c", "exit 7"}, "{}");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail.find("status 7"), std::string::npos);

  const auto absent = run_alert_command({"/no/such/command"}, "{}");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().detail.find("/no/such/command"), std::string::npos);
}

TEST(Alert, ACommandThatHangsIsStoppedWithItsChildren) {
  TempDir dir;
  const auto pid_file = dir.path / "pid";

  const auto hung =
      run_alert_command({"sh", "-c", "sleep 60 & echo $! > " + pid_file.string() + "; wait"}, "{}",
                        std::chrono::seconds(1));

  ASSERT_FALSE(hung);
  EXPECT_NE(hung.error().detail.find("stopped after 1 s"), std::string::npos);
  const int sleeper = std::stoi(std::string(as_text(read_file(pid_file))));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (is_running(sleeper) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_FALSE(is_running(sleeper));
}

}  // namespace
}  // namespace dosigate
