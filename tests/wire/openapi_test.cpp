// The document of the API and the program say the same: every endpoint of conf/openapi.json is
// asked of a real node, and every answer is held against its schema (openapi.py).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

#include "dosigate/crypto/hash.h"
#include "support/free_port.h"
#include "support/paths.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/story_instance.h"

namespace dosigate::testing {
namespace {

const PatientHeaders kJoana{.id = "77881234"};
const PatientHeaders kOther{.id = "55443322", .name = "PRADO^RUI", .birth_date = "19500101"};

class OpenApi : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(node_.directory() / "dosigate.toml", std::ios::app)
        << "\n[http]\nlisten = [\"127.0.0.1:" << http_port_ << "\"]\n";
    // Of two accounts: what two persons do can be asked for.
    std::ofstream tokens(node_.directory() / "state" / "tokens.json");
    tokens << R"({"tokens":[)";
    for (const char* digit : {"1", "2"})
      tokens << (digit[0] == '1' ? "" : ",") << R"({"name":"token)" << digit << R"(","sha256":")"
             << to_hex(sha256(as_bytes("dsgt_" + std::string(64, digit[0]))))
             << R"(","rights":["operate","reveal","manage","deidentify","store","metrics"],)"
             << R"("created":1,"expires":)" << std::time(nullptr) + 864'000 << R"(,"last_used":0,)"
             << R"("made_by":"user)" << digit << R"(","maker_uid":4242)" << digit << "}";
    tokens << "]}";
    tokens.close();
    std::filesystem::permissions(node_.directory() / "state" / "tokens.json",
                                 std::filesystem::perms(0600));
    node_.start();
  }
  void write(const std::string& name, const SourceInstance& instance) {
    write_instance(dir_.path / name, instance, ++mark_);
  }
  void send(const std::string& name) {
    ASSERT_EQ(run(storescu_arguments(node_.port(), {dir_.path / name})).code, 0) << name;
  }

  TempDir dir_;
  std::uint16_t http_port_ = free_port();
  NodeProcess node_{dir_.path / "node",
                    {.access = "reveals_per_hour = 10000\ntwo_persons = true\n"}};
  unsigned mark_ = 0;
};

TEST_F(OpenApi, EveryEndpointAnswersAsItsDocumentSays) {
  SourceInstance instance{.person = "Joana", .headers = kJoana};
  for (const char* number : {"1", "2"}) {
    instance.instance = number;
    instance.pixels = 1;
    write("first.dcm", instance);
    send("first.dcm");
    instance.pixels = 2;  // the same instance, changed
    write("changed.dcm", instance);
    send("changed.dcm");
  }
  instance.pixels = 1;
  for (const char* number : {"3", "4"}) {
    instance.instance = number;
    write("burned.dcm", instance);
    // A code string is no place for a name, which does not mean that there is none.
    ASSERT_EQ(run({"dcmodify", "-nb", "-i", "BurnedInAnnotation=YES", "-i",
                   number[0] == '4' ? "ImageType=ORIGINAL\\PRIMARY\\SILVEIRA JOANA"
                                    : "ImageType=ORIGINAL\\PRIMARY\\AXIAL",
                   (dir_.path / "burned.dcm").string()})
                  .code,
              0);
    send("burned.dcm");
  }
  write("other.dcm", {.person = "Rui", .headers = kOther, .study = "2"});
  send("other.dcm");
  write("clean.dcm", {.person = "Rui", .headers = kOther, .study = "3"});
  write("new.dcm", {.person = "Rui", .headers = kOther, .study = "4"});
  ASSERT_TRUE(node_.settles());

  const Finished asked = run({"/usr/bin/python3", DOSIGATE_SOURCE_DIR "/tests/wire/openapi.py",
                              DOSIGATE_SOURCE_DIR "/conf/openapi.json", std::to_string(http_port_),
                              dir_.path.string(), node_.recovery_key()},
                             std::chrono::seconds(240));
  EXPECT_EQ(asked.code, 0) << asked.output << node_.log();
}

}  // namespace
}  // namespace dosigate::testing
