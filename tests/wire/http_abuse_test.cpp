// The API over TCP under clients that mean no good, while a PACS sends: who is not known gets
// nothing, nobody holds the node up, and its memory stays bounded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "support/free_port.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "unit/api/raw_client.h"
#include "wire/memory_of.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HttpAbuse : public ::testing::Test {
 protected:
  void SetUp() override { node_.start(); }

  static NodeProcess::Settings with_http(std::uint16_t port) {
    NodeProcess::Settings settings;
    settings.access += "[http]\nlisten = [\"127.0.0.1:" + std::to_string(port) +
                       "\"]\nmax_uploads = 2\nmax_unpacked_gb = 1\n";
    return settings;
  }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(http_port_); }
  std::string url(const std::string& path) const { return "http://" + endpoint() + path; }

  std::string token(const std::string& name, const std::string& right) const {
    const Finished made =
        node_.dosigate({"token", "add", name, "--right", right, "--reason", "a test"});
    EXPECT_EQ(made.code, 0) << made.output;
    std::smatch found;
    EXPECT_TRUE(std::regex_search(made.output, found, std::regex("dsgt_[A-Za-z0-9]+")))
        << made.output;
    return found.str();
  }
  /// The status that curl was answered with; 0 when there was none.
  int status_of(const std::vector<std::string>& more, const std::string& path,
                const std::string& input = "") const {
    std::vector<std::string> argv{"curl", "-s",          "--max-time",
                                  "30",   "-o",          (dir_.path / "answer").string(),
                                  "-w",   "%{http_code}"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(url(path));
    const Finished done = run(argv, std::chrono::seconds(60), input);
    return std::atoi(done.output.c_str());
  }
  std::vector<std::string> with(const std::string& token,
                                std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"-H", "Authorization: Bearer " + token});
    return more;
  }
  /// A study goes through as if nothing were the matter.
  void expect_a_pacs_is_served() {
    std::vector<fs::path> files;
    for (const PhantomFile& file : phantom_.files) files.push_back(file.path);
    const auto begun = std::chrono::steady_clock::now();
    const Finished sent = run(storescu_arguments(node_.port(), files));
    EXPECT_EQ(sent.code, 0) << sent.output;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
    EXPECT_TRUE(node_.settles());
  }

  TempDir dir_;
  std::uint16_t http_port_ = free_port();
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  NodeProcess node_{dir_.path / "node", with_http(http_port_)};
};

TEST_F(HttpAbuse, WhoHasNoTokenGetsNothing) {
  const std::string file = "@" + phantom_.files[0].path.string();
  const std::vector<std::string> upload{"-H", "Content-Type: application/dicom", "--data-binary",
                                        file};

  EXPECT_EQ(status_of(upload, "/api/v1/deidentify"), 401);
  EXPECT_EQ(status_of({}, "/api/v1/status"), 401);
  EXPECT_EQ(status_of({}, "/metrics"), 401);
  EXPECT_EQ(status_of(with("dsgt_0000000000"), "/api/v1/status"), 401);
  EXPECT_EQ(status_of({}, "/health/live"), 200);

  const std::string good = token("clinic", "deidentify");
  EXPECT_EQ(status_of(with(good, upload), "/api/v1/deidentify"), 200);
  EXPECT_EQ(status_of(with(good), "/api/v1/status"), 403);
  EXPECT_EQ(status_of(with(good, {"-X", "DELETE"}), "/api/v1/deidentify"), 405);
  const Finished revoked = node_.dosigate({"token", "revoke", "clinic", "--reason", "over"});
  EXPECT_EQ(revoked.code, 0) << revoked.output;
  EXPECT_EQ(status_of(with(good, upload), "/api/v1/deidentify"), 401);
  EXPECT_THAT(node_.log(), ::testing::Not(HasSubstr(good)));
}

TEST_F(HttpAbuse, FiveHundredConnectionsThatSayNothingStopNobody) {
  const std::string good = token("clinic", "operate");
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 500; ++i) {
    crowd.push_back(std::make_unique<RawClient>(endpoint()));
    if (crowd.back()->connected() && i % 2 == 0) crowd.back()->send("GET / HTTP/1.1\r\nHo");
  }

  expect_a_pacs_is_served();
  // Theirs end within the ten seconds that a head may take.
  EXPECT_TRUE(eventually([&] { return status_of(with(good), "/api/v1/status") == 200; },
                         std::chrono::seconds(20)));
  EXPECT_LT(resident_mib(node_.pid(), "VmHWM:"), 200U);
}

TEST_F(HttpAbuse, HeadsAndLengthsBeyondAllReason) {
  RawClient large(endpoint()), huge(endpoint()), slow(endpoint());

  large.send("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  huge.send(
      "POST /api/v1/deidentify HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n");

  EXPECT_THAT(large.receive_until("}"), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(huge.receive_until("}"), StartsWith("HTTP/1.1 401"));
  slow.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(slow.closed(std::chrono::seconds(15)));
  const std::string good = token("clinic", "deidentify");
  RawClient known(endpoint());
  known.send("POST /api/v1/deidentify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + good +
             "\r\nContent-Type: application/zip\r\nContent-Length: 99999999999999\r\n\r\n");
  EXPECT_THAT(known.receive_until("}"), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpAbuse, AZipBombAndUploadsThatStallWhileAPacsSends) {
  const std::string good = token("clinic", "deidentify");
  const fs::path bomb = dir_.path / "bomb.zip";
  const Finished made =
      run({"/usr/bin/python3", "-c",
           "import zipfile, sys\n"
           "with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as z:\n"
           "  with z.open('bomb', 'w') as f:\n"
           "    for i in range(1100): f.write(bytes(1 << 20))\n",
           bomb.string()},
          std::chrono::seconds(60));
  ASSERT_EQ(made.code, 0) << made.output;

  // Files that are none are read over, and still count.
  EXPECT_EQ(status_of(with(good, {"-H", "Content-Type: application/zip", "--data-binary",
                                  "@" + bomb.string()}),
                      "/api/v1/deidentify"),
            413);
  const std::string head =
      "POST /api/v1/deidentify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + good +
      "\r\nContent-Type: application/dicom\r\nContent-Length: 1000000\r\n\r\nDICM";
  // Two find a place and keep it; one of those that come then is told to come again.
  std::vector<std::unique_ptr<RawClient>> stalled;
  bool told = false;
  for (int i = 0; i < 10 && !told; ++i) {
    stalled.push_back(std::make_unique<RawClient>(endpoint()));
    stalled.back()->send(head);
    told = stalled.back()->receive_until("}", std::chrono::seconds(1)).starts_with("HTTP/1.1 503");
  }
  EXPECT_TRUE(told);

  expect_a_pacs_is_served();
  EXPECT_LT(resident_mib(node_.pid(), "VmHWM:"), 200U);
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(HttpAbuse, ARequestTooManyIsToldWhenToComeAgain) {
  const std::string good = token("clinic", "operate");
  int last = 0;
  for (int i = 0; i < 700 && last != 429; ++i) {
    RawClient client(endpoint());
    client.send("GET /api/v1/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + good +
                "\r\n\r\n");
    const std::string answer = client.receive_until("}");
    last = std::atoi(answer.substr(9, 3).c_str());
    if (last == 429) {
      EXPECT_THAT(answer, HasSubstr("Retry-After: "));
    }
  }
  EXPECT_EQ(last, 429);
}

}  // namespace
}  // namespace dosigate::testing
