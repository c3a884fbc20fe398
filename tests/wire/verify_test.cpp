// `dosigate verify` against real archives: what the ledger says they got is asked for, and one that
// was lost there is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/orthanc.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::filesystem::path> paths_of(const Phantom& phantom) {
  std::vector<std::filesystem::path> out;
  for (const PhantomFile& file : phantom.files) out.push_back(file.path);
  return out;
}

/// The answer of `dosigate verify --json`, and its exit code.
struct Verified {
  std::optional<int> code;
  boost::json::value answer;
  std::uint64_t count(const char* name, std::size_t destination = 0) const {
    return answer.at("destinations").at(destination).at(name).to_number<std::uint64_t>();
  }
  std::string text(const char* name, std::size_t destination = 0) const {
    return std::string(answer.at("destinations").at(destination).at(name).as_string());
  }
};

Verified verify(const NodeProcess& node, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "verify");
  arguments.emplace_back("--json");
  const Finished done = node.dosigate(arguments);
  Verified out{done.code, {}};
  if (done.output.starts_with("{")) out.answer = boost::json::parse(done.output);
  else ADD_FAILURE() << done.output << node.log();
  return out;
}

/// A gateway with an Orthanc behind it that holds a whole study.
struct Delivered {
  Delivered()
      : phantom(write_phantom({.directory = dir.path / "sent"})),
        archive(dir.path / "archive"),
        // The archive has no route: nothing but its reports is taken from it.
        node(dir.path / "node", {.archive_port = archive.dicom_port(),
                                 .archive_ae = "ORTHANC",
                                 .route = "calling_ae = [\"STORESCU\"]"}) {
    archive.put("/modalities/gateway", R"(["DOSIGATE", "127.0.0.1", )" + node.port_text() + "]");
    node.start();
    const Finished sent = run(storescu_arguments(node.port(), paths_of(phantom)));
    EXPECT_EQ(sent.code, 0) << sent.output;
    EXPECT_TRUE(node.settles());
  }
  std::uint64_t size() const { return phantom.files.size(); }

  TempDir dir;
  Phantom phantom;
  Orthanc archive;
  NodeProcess node;
};

bool no_orthanc() { return find_program("Orthanc").empty(); }

class ByOrthanc : public ::testing::TestWithParam<const char*> {};

TEST_P(ByOrthanc, EverythingIsThereUntilOneIsDeleted) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;
  const std::string lost = at.archive.instances().front();
  const auto tags = boost::json::parse(at.archive.get("/instances/" + lost + "/simplified-tags"));
  const std::string lost_uid(tags.at("SOPInstanceUID").as_string());
  const std::string lost_study(tags.at("StudyInstanceUID").as_string());

  const Verified before = verify(at.node, {"--by", GetParam()});
  at.archive.remove("/instances/" + lost);
  const Verified after = verify(at.node, {"--by", GetParam()});
  const Finished words = at.node.dosigate({"verify", "--by", GetParam(), "--study", lost_study});

  EXPECT_EQ(before.code, 0) << before.answer << at.node.log();
  EXPECT_EQ(before.text("by"), GetParam());
  EXPECT_EQ(before.count("delivered"), at.size());
  EXPECT_EQ(before.count("found"), at.size());
  EXPECT_EQ(after.code, 1);
  EXPECT_EQ(after.count("found"), at.size() - 1);
  EXPECT_EQ(after.count("missing"), 1U);
  EXPECT_EQ(after.count("unasked"), 0U);
  EXPECT_EQ(words.code, 1);
  EXPECT_THAT(words.output, HasSubstr("missing " + lost_uid));
  EXPECT_THAT(words.output, HasSubstr("sent again from the PACS"));
  EXPECT_THAT(at.node.dosigate({"status"}).output, HasSubstr("missing 1"));
}

TEST_P(ByOrthanc, WhatIsSentAgainIsThereAgain) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;
  at.archive.remove("/instances/" + at.archive.instances().front());
  const Verified without = verify(at.node, {"--by", GetParam()});

  const Finished sent = run(storescu_arguments(at.node.port(), paths_of(at.phantom)));
  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(at.node.settles());
  const Verified again = verify(at.node, {"--by", GetParam()});

  EXPECT_EQ(without.count("missing"), 1U);
  EXPECT_EQ(again.code, 0) << again.answer;
  EXPECT_EQ(again.count("delivered"), at.size());
  EXPECT_EQ(again.count("found"), at.size());
}

TEST_P(ByOrthanc, AnArchiveThatIsDownIsSaidToBe) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;
  at.archive.stop();

  const Verified down = verify(at.node, {"--by", GetParam()});

  EXPECT_EQ(down.code, 1);
  EXPECT_EQ(down.count("unasked"), at.size());
  EXPECT_EQ(down.count("missing"), 0U);
  EXPECT_THAT(down.text("problem"), HasSubstr("connection refused"));
}

INSTANTIATE_TEST_SUITE_P(Verify, ByOrthanc, ::testing::Values("find", "commitment"),
                         [](const auto& by) { return std::string(by.param); });

TEST(Verify, AnArchiveThatCannotReportIsToldFromOneThatHasLost) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;
  at.archive.put("/modalities/gateway", R"(["DOSIGATE", "127.0.0.1", 1])");

  const Verified silent = verify(at.node, {"--by", "commitment", "--wait", "2"});

  EXPECT_EQ(silent.code, 1);
  EXPECT_EQ(silent.count("missing"), 0U);
  EXPECT_EQ(silent.count("unasked"), at.size());
  EXPECT_THAT(silent.text("problem"), HasSubstr("has not reported within 2 s"));
  EXPECT_EQ(verify(at.node, {}).code, 0);  // auto: by C-FIND
}

TEST(Verify, IsRecordedAndLeaksNothing) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;

  EXPECT_EQ(verify(at.node, {"--by", "find"}).code, 0);
  EXPECT_EQ(verify(at.node, {"--by", "commitment"}).code, 0);

  const Finished audit = run({"cat", (at.node.directory() / "state/audit/audit.jsonl").string()});
  EXPECT_THAT(audit.output, HasSubstr(R"("event":"verify")"));
  EXPECT_THAT(audit.output, HasSubstr(R"("by":"commitment")"));
  EXPECT_THAT(audit.output, HasSubstr("\"found\":\"" + std::to_string(at.size()) + "\""));
  EXPECT_EQ(at.node.stop(), 0);
  EXPECT_THAT(leak_lines(at.dir.path, at.phantom.planted, {at.dir.path / "sent"}),
              ::testing::IsEmpty());
}

}  // namespace
}  // namespace dosigate::testing
