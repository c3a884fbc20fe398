// `dosigate verify` against real archives: what the ledger says they got is asked for, and one that
// was lost there is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/json/parse.hpp>

#include "support/commitment_peer.h"
#include "support/free_port.h"
#include "support/paths.h"
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
  if (done.output.starts_with("{"))
    out.answer = boost::json::parse(done.output);
  else
    ADD_FAILURE() << done.output << node.log();
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

/// dcmtk's archive: C-FIND by another maker.
struct QrScp {
  explicit QrScp(const std::filesystem::path& directory) : port(free_port()) {
    std::filesystem::create_directories(directory / "db");
    std::ofstream config(directory / "dcmqrscp.cfg");
    config << "NetworkTCPPort = " << port << "\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
           << "HostTable BEGIN\ngateway = (DOSIGATE, 127.0.0.1, 104)\nHostTable END\n"
           << "VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nQRSCP "
           << (directory / "db").string() << " RW (100, 1024mb) ANY\nAETable END\n";
    config.close();
    process = std::make_unique<Process>(
        std::vector<std::string>{"dcmqrscp", "-c", (directory / "dcmqrscp.cfg").string()},
        directory / "dcmqrscp.log");
    const auto answers = [&] {
      return run({"echoscu", "-aec", "QRSCP", "127.0.0.1", std::to_string(port)}).code == 0;
    };
    if (!eventually(answers)) throw std::runtime_error("dcmqrscp: " + process->output());
  }
  std::uint16_t port;
  std::unique_ptr<Process> process;
};

TEST(Verify, ByCFindOfAnotherMaker) {
  if (find_program("dcmqrscp").empty()) GTEST_SKIP() << "dcmqrscp is not installed";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  QrScp archive(dir.path / "archive");
  // Over two associations at once dcmqrscp now and then forgets one in its index: verify finds
  // that.
  NodeProcess node(
      dir.path / "node",
      {.archive_port = archive.port, .archive_ae = "QRSCP", .archive = "associations = 1\n"});
  node.start();
  const Finished sent = run(storescu_arguments(node.port(), paths_of(phantom)));
  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(node.settles());

  const Verified there = verify(node, {});
  const Finished commitment = node.dosigate({"verify", "--by", "commitment"});
  // Its index goes: it has the files and knows of none.
  for (const auto& entry : std::filesystem::directory_iterator(dir.path / "archive/db"))
    if (entry.path().filename() == "index.dat") std::filesystem::remove(entry.path());
  const Verified gone = verify(node, {});

  EXPECT_EQ(there.code, 0) << there.answer;
  EXPECT_EQ(there.text("by"), "find");
  EXPECT_EQ(there.count("found"), phantom.files.size());
  EXPECT_EQ(commitment.code, 1);
  EXPECT_THAT(commitment.output, HasSubstr("does not accept Storage Commitment"));
  EXPECT_EQ(gone.code, 1) << gone.answer;
  EXPECT_EQ(gone.count("found"), 0U);
}

TEST(Verify, FoldersDaysAndStudies) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  NodeProcess node(dir.path / "node", {});
  node.start();
  const Finished before = node.dosigate({"verify"});
  const Finished sent = run(storescu_arguments(node.port(), paths_of(phantom)));
  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(node.settles());
  const auto files = part10_files(node.arrived());
  const std::string study = files.front().parent_path().filename();

  const Verified all = verify(node, {"--since", "2020-01-01"});
  const Verified one = verify(node, {"--study", study, "--destination", "archive"});
  const Verified old = verify(node, {"--day", "2020-01-01"});
  std::filesystem::remove(files.front());
  const Verified lost = verify(node, {});

  EXPECT_EQ(before.code, 0);
  EXPECT_THAT(before.output, HasSubstr("nothing was delivered in this scope"));
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.text("by"), "folder");
  EXPECT_EQ(all.count("found"), phantom.files.size());
  EXPECT_EQ(one.code, 0);
  EXPECT_LE(one.count("found"), phantom.files.size());
  EXPECT_EQ(one.count("study_count"), 1U);
  EXPECT_EQ(old.code, 0);
  EXPECT_EQ(old.count("delivered"), 0U);
  EXPECT_EQ(lost.code, 1);
  EXPECT_EQ(lost.count("missing"), 1U);
}

TEST(Verify, WhatIsAskedWrongIsSaid) {
  TempDir dir;
  NodeProcess node(dir.path / "node", {});
  node.start();
  const auto said = [&](const std::vector<std::string>& arguments, int code,
                        const std::string& words) {
    const Finished done = node.dosigate(arguments);
    EXPECT_EQ(done.code, code) << done.output;
    EXPECT_THAT(done.output, HasSubstr(words));
  };

  said({"verify", "--study", "2.25.1"}, 1, "nothing of this study was delivered");
  said({"verify", "--study", "../x"}, 1, "UID of a study");
  said({"verify", "--day", "2026-02-30"}, 1, "YYYY-MM-DD");
  said({"verify", "--since", "yesterday"}, 1, "YYYY-MM-DD");
  said({"verify", "--destination", "elsewhere"}, 1, "no destination \"elsewhere\"");
  said({"verify", "--day", "2026-01-01", "--since", "2026-01-01"}, 2, "");
  said({"verify", "--by", "guess"}, 2, "");
  said({"verify", "--wait", "0"}, 2, "");
}

TEST(Verify, RunsOneAtATimeAndTheApiAnswersMeanwhile) {
  if (no_orthanc()) GTEST_SKIP() << "Orthanc is not installed";
  Delivered at;
  // The archive reports to where nobody listens: the verification waits as long as it may.
  at.archive.put("/modalities/gateway", R"(["DOSIGATE", "127.0.0.1", 1])");
  Process waiting({DOSIGATE_BINARY, "--config", (at.node.directory() / "dosigate.toml").string(),
                   "verify", "--by", "commitment", "--wait", "10"},
                  at.dir.path / "waiting.log");

  // Of the two one is told so: whoever asks later.
  const bool busy = eventually([&] {
    const Finished second = at.node.dosigate({"verify", "--by", "commitment", "--wait", "1"});
    return (second.output + waiting.output()).find("running already") != std::string::npos;
  });

  EXPECT_TRUE(busy);
  const bool meanwhile = waiting.running();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(at.node.dosigate({"status"}).code, 0);
  if (meanwhile) {
    EXPECT_TRUE(waiting.running()) << "the status waited for the verification";
  }
  EXPECT_EQ(waiting.wait(std::chrono::seconds(30)), 1);
}

/// A modality, a stranger or the archive, with an association of its own.
std::optional<RawScu::Pdu> associate(RawScu& scu, const std::string& calling, bool scp_role) {
  const std::vector<RawScu::Context> contexts{{1, kCommitmentClass, {"1.2.840.10008.1.2.1"}}};
  scu.send(scp_role
               ? request_with_role("DOSIGATE", calling, contexts, kCommitmentClass, false, true)
               : RawScu::association_request("DOSIGATE", calling, contexts));
  return scu.receive();
}

std::optional<std::uint16_t> status_of_report(RawScu& scu, ByteView data_set) {
  for (const Bytes& pdu : message(1, event_report(1, !data_set.empty()), data_set)) scu.send(pdu);
  const auto answer = scu.receive();
  return answer ? RawScu::status_of(*answer) : std::nullopt;
}

TEST(StorageCommitment, IsNotOfferedByThisNode) {
  TempDir dir;
  NodeProcess node(dir.path / "node", {.archive_port = 1, .archive_ae = "ORTHANC"});
  node.start();
  // The route takes everybody; what the archive may do, a modality may not.
  for (const bool scp_role : {false, true}) {
    RawScu camera(node.port());

    const auto answer = associate(camera, "CAMERA", scp_role);

    ASSERT_TRUE(answer && answer->type == 2);
    EXPECT_EQ(RawScu::result_of(*answer, 1), 3);  // abstract syntax not supported
  }
  RawScu archive(node.port());
  const auto as_user = associate(archive, "ORTHANC", false);
  ASSERT_TRUE(as_user && as_user->type == 2);
  EXPECT_EQ(RawScu::result_of(*as_user, 1), 3);
}

TEST(StorageCommitment, ReportsThatNobodyAskedForAreRefusedAndTheNodeGoesOn) {
  TempDir dir;
  NodeProcess node(
      dir.path / "node",
      {.archive_port = 1, .archive_ae = "ORTHANC", .route = "calling_ae = [\"STORESCU\"]"});
  node.start();
  RawScu stranger(node.port()), archive(node.port());

  const auto stranger_answer = associate(stranger, "STRANGER", true);
  const auto archive_answer = associate(archive, "ORTHANC", true);

  ASSERT_TRUE(stranger_answer);
  EXPECT_EQ(stranger_answer->type, 3);  // rejected
  ASSERT_TRUE(archive_answer && archive_answer->type == 2);
  EXPECT_EQ(RawScu::result_of(*archive_answer, 1), 0);
  EXPECT_EQ(status_of_report(archive, report_data("2.25.1", {"2.25.2"})), 0x0115);
  EXPECT_EQ(status_of_report(archive, Bytes(100, 0xFF)), 0x0110);
  EXPECT_EQ(status_of_report(archive, {}), 0x0110);
  EXPECT_EQ(status_of_report(archive, Bytes(5U << 20U)), 0x0213);
  Bytes nested;  // sequences without end, which kill other parsers
  for (int i = 0; i < 10'000; ++i) {
    const Bytes begin{0x08, 0,    0x99, 0x11, 'S',  'Q',  0,    0,    0xFF, 0xFF,
                      0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF};
    nested.insert(nested.end(), begin.begin(), begin.end());
  }
  EXPECT_EQ(status_of_report(archive, nested), 0x0110);
  EXPECT_TRUE(archive.release());
  EXPECT_EQ(node.dosigate({"status"}).code, 0);
  EXPECT_EQ(node.totals().received, 0U);
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
