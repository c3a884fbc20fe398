// The administrator's page in a real browser, over a real node with real studies in it. What the
// browser does and what it has to see stands in tests/page.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Sixteen characters are an AE title, whatever they say.
constexpr const char* kHostile = "<svg/onload=a()>";

std::vector<std::string> storescu(std::uint16_t port,
                                  const std::vector<std::filesystem::path>& files,
                                  const std::string& calling, const std::string& called) {
  std::vector<std::string> argv = storescu_arguments(port, files);
  for (auto& word : argv) {
    if (word == "STORESCU") word = calling;
    if (word == "DOSIGATE") word = called;
  }
  return argv;
}

std::string planted(const Phantom& phantom, const std::string& kind) {
  for (const Planted& one : phantom.planted)
    if (one.kind == kind) return one.value;
  throw std::runtime_error("the phantom has no " + kind);
}

TEST(Page, ShowsAnAdministratorTheNodeInARealBrowser) {
  const std::filesystem::path playwright =
      std::filesystem::path(DOSIGATE_SOURCE_DIR) / "build/judges/playwright-core/package";
  if (!std::filesystem::exists(playwright) && std::getenv("DOSIGATE_JUDGES_REQUIRED") == nullptr)
    GTEST_SKIP() << "./dev setup fetches playwright-core";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent", .ct_slices = 2});
  const Phantom more = write_phantom(
      {.directory = dir.path / "more", .patient = 2, .ct_slices = 90, .ct_only = true});
  const std::uint16_t http_port = free_port();
  // Everything goes to a folder, which works, and to an archive that is not there.
  NodeProcess::Settings of_node;
  of_node.route = "called_ae = [\"DOSIGATE\"]";
  of_node.access += "[http]\nlisten = [\"127.0.0.1:" + std::to_string(http_port) +
                    "\"]\nrequests_per_minute = 6000\n";
  of_node.second_port = free_port();
  NodeProcess node(dir.path / "node", of_node);
  node.start();
  std::vector<std::filesystem::path> files;
  for (const auto& file : phantom.files) files.push_back(file.path);
  ASSERT_EQ(
      run(storescu(node.port(), files, "STORESCU", "DOSIGATE"), std::chrono::seconds(60)).code, 0);
  // Two are held, and somebody who is refused has a hostile name.
  for (std::size_t i = 0; i < 2; ++i) {
    const auto held = dir.path / ("held-" + std::to_string(i) + ".dcm");
    std::filesystem::copy_file(files[i], held);
    ASSERT_EQ(run({"dcmodify", "-nb", "-i", "BurnedInAnnotation=YES", held.string()}).code, 0);
    ASSERT_EQ(run(storescu(node.port(), {held}, kHostile, "DOSIGATE")).code, 0);
  }
  ASSERT_NE(run(storescu(node.port(), {files[0]}, kHostile, "ELSEWHERE")).code, 0);
  ASSERT_TRUE(eventually([&] {
    const auto status = node.status();
    bool down = false;
    for (const auto& one : status.at("destinations").as_array())
      down = down || one.at("state") == "down";
    return down && status.at("incidents").at("open").to_number<int>() > 0;
  })) << node.log();

  const Finished made =
      node.dosigate({"token", "add", "browser", "--right", "operate", "--right", "manage",
                     "--right", "reveal", "--reason", "test", "--json"});
  ASSERT_EQ(made.code, 0) << made.output;
  std::vector<std::filesystem::path> later;
  for (const auto& file : more.files) later.push_back(file.path);
  boost::json::array sender;
  for (const auto& word : storescu(node.port(), later, "STORESCU", "DOSIGATE"))
    sender.emplace_back(word);
  const std::filesystem::path out = std::filesystem::path(DOSIGATE_BUILD_DIR) / "page";
  std::filesystem::remove_all(out);
  const boost::json::object settings{
      {"url", "http://127.0.0.1:" + std::to_string(http_port)},
      {"token", boost::json::parse(made.output).at("token")},
      {"out", out.string()},
      {"sources", DOSIGATE_SOURCE_DIR "/conf/page"},
      {"conditions", DOSIGATE_SOURCE_DIR "/include/dosigate/app/node.h"},
      {"playwright", (playwright / "index.js").string()},
      {"chromium", find_program("chromium").string()},
      {"hostile", kHostile},
      {"patientId", planted(phantom, "patient id")},
      {"more", std::move(sender)}};
  std::ofstream(dir.path / "page.json") << boost::json::serialize(settings);

  const Finished looked =
      run({"node", DOSIGATE_SOURCE_DIR "/tests/page/looks.mjs", (dir.path / "page.json").string()},
          std::chrono::minutes(6));

  EXPECT_EQ(looked.code, 0) << looked.output << node.log();
  EXPECT_THAT(looked.output, HasSubstr(" passed, 0 failed"));
  EXPECT_THAT(leak_lines(out / "html", phantom.planted, {}), IsEmpty());
  EXPECT_THAT(leak_lines(out / "html", more.planted, {}), IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
