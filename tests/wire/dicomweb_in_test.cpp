// Studies come in by STOW-RS from programs of others: Orthanc's DICOMweb plugin, and the client
// that web viewers use, in a browser.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"

namespace dosigate::testing {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class DicomWebIn : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.start();
    const Finished made = node_.dosigate(
        {"token", "add", "pacs", "--right", "store", "--reason", "a test", "--json"});
    ASSERT_EQ(made.code, 0) << made.output;
    token_ = std::string(json::parse(made.output).at("token").as_string());
  }
  static NodeProcess::Settings with_http(std::uint16_t port) {
    NodeProcess::Settings settings;
    settings.access += "[http]\nlisten = [\"127.0.0.1:" + std::to_string(port) + "\"]\n";
    return settings;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port_); }
  void expect_all_arrived() const {
    EXPECT_TRUE(node_.settles());
    EXPECT_EQ(node_.totals().delivered, phantom_.files.size());
    EXPECT_TRUE(node_.totals().add_up());
  }

  TempDir dir_;
  std::uint16_t http_port_ = free_port();
  std::string token_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  NodeProcess node_{dir_.path / "node", with_http(http_port_)};
};

TEST_F(DicomWebIn, OrthancsPluginStoresWholeStudies) {
  if (!Orthanc::has_web()) GTEST_SKIP() << "orthanc-dicomweb is not installed";
  const Orthanc orthanc(dir_.path / "orthanc", 0, std::nullopt, Orthanc::Web{"a", "b"});
  for (const PhantomFile& file : phantom_.files) orthanc.upload(file.path);
  orthanc.put("/dicom-web/servers/gateway",
              json::serialize(json::object{
                  {"Url", url() + "/dicom-web/"},
                  {"HttpHeaders", json::object{{"Authorization", "Bearer " + token_}}}}));
  const json::value studies = json::parse(orthanc.get("/studies"));
  ASSERT_EQ(studies.as_array().size(), 3U);

  for (const auto& study : studies.as_array())
    orthanc.post(
        "/dicom-web/servers/gateway/stow",
        json::serialize(json::object{{"Resources", json::array{study}}, {"Synchronous", true}}));

  expect_all_arrived();
}

TEST_F(DicomWebIn, OrthancHearsThatItsTokenIsNoneAndKeepsItsStudies) {
  if (!Orthanc::has_web()) GTEST_SKIP() << "orthanc-dicomweb is not installed";
  const Orthanc orthanc(dir_.path / "orthanc", 0, std::nullopt, Orthanc::Web{"a", "b"});
  orthanc.upload(phantom_.files[0].path);
  orthanc.put("/dicom-web/servers/gateway",
              json::serialize(json::object{{"Url", url() + "/dicom-web/"}}));
  const json::value studies = json::parse(orthanc.get("/studies"));

  EXPECT_THROW(
      orthanc.post("/dicom-web/servers/gateway/stow",
                   json::serialize(json::object{{"Resources", studies}, {"Synchronous", true}})),
      std::runtime_error);
  EXPECT_EQ(node_.totals().received, 0U);
}

TEST_F(DicomWebIn, TheClientOfWebViewersStores) {
  const std::filesystem::path judges = std::filesystem::path(DOSIGATE_SOURCE_DIR) / "build/judges";
  const auto client = judges / "dicomweb-client/package/build/dicomweb-client.js";
  if (!std::filesystem::exists(client) && std::getenv("DOSIGATE_JUDGES_REQUIRED") == nullptr)
    GTEST_SKIP() << "./dev test fetches dicomweb-client";
  json::array files;
  for (const PhantomFile& file : phantom_.files) files.emplace_back(file.path.string());
  std::ofstream(dir_.path / "store.json") << json::serialize(
      json::object{{"url", url()},
                   {"token", token_},
                   {"client", client.string()},
                   {"playwright", (judges / "playwright-core/package/index.js").string()},
                   {"chromium", find_program("chromium").string()},
                   {"files", std::move(files)}});

  const Finished stored = run(
      {"node", DOSIGATE_SOURCE_DIR "/tests/page/store.mjs", (dir_.path / "store.json").string()},
      std::chrono::minutes(2));

  EXPECT_EQ(stored.code, 0) << stored.output;
  EXPECT_THAT(stored.output, HasSubstr("stored " + std::to_string(phantom_.files.size())));
  expect_all_arrived();
}

}  // namespace
}  // namespace dosigate::testing
