// Who may do what over the admin socket: other users of the machine, with groups of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <boost/json/parse.hpp>

#include "support/paths.h"
#include "support/temp_dir.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/story_instance.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const PatientHeaders kJoana{.id = "77881234"};

/// Accounts and groups that every Debian has. (name, uid, gid)
struct User {
  const char* name;
  unsigned uid, gid;
};
constexpr User kNews{"news", 9, 9}, kMail{"mail", 8, 8}, kBackup{"backup", 34, 34},
    kGames{"games", 5, 60}, kList{"list", 38, 38};

class Access : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP()
          << "NOT TESTED: rights of other users need root, who can become one (CI is root)";
  }

  /// A node whose socket everybody reaches, as far as the file system is asked.
  void serve(const std::string& access) {
    node_ =
        std::make_unique<NodeProcess>(dir_.path / "node", NodeProcess::Settings{.access = access});
    node_->start();
    open_to_all();
    std::filesystem::copy_file(DOSIGATE_BINARY, dir_.path / "dosigate");
    ::chmod((dir_.path / "dosigate").c_str(), 0755);
    write_instance(dir_.path / "ct.dcm", {"Joana", kJoana, "CT", "1"}, 1);
    ASSERT_EQ(run(storescu_arguments(node_->port(), {dir_.path / "ct.dcm"})).code, 0);
    ASSERT_TRUE(node_->settles());
    const auto found =
        node_->dosigate({"map", "lookup", "--reason", "test", "--json"}, kJoana.id + "\n");
    ASSERT_EQ(found.code, 0) << found.output;
    pseudonym_ =
        std::string(boost::json::parse(found.output).at("found").at(0).at("pseudonym").as_string());
  }
  void open_to_all() {
    for (const auto& directory : {dir_.path, node_->directory()})
      ASSERT_EQ(::chmod(directory.c_str(), 0711), 0);
    ASSERT_EQ(::chmod(socket().c_str(), 0666), 0);
  }
  std::filesystem::path socket() const { return node_->directory() / "admin.sock"; }

  /// The command, run by somebody else.
  Finished as(const User& user, const std::vector<std::string>& arguments,
              const std::string& input = "", const std::string& groups = "") const {
    std::vector<std::string> argv{"setpriv", "--reuid", std::to_string(user.uid), "--regid",
                                  std::to_string(user.gid)};
    if (groups.empty()) {
      argv.emplace_back("--clear-groups");
    } else {
      argv.insert(argv.end(), {"--groups", groups});
    }
    argv.insert(argv.end(), {(dir_.path / "dosigate").string(), "--socket", socket().string()});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, std::chrono::seconds(60), input);
  }
  Finished lookup(const User& user, const std::string& groups = "") const {
    return as(user, {"map", "lookup", "--reason", "test"}, kJoana.id + "\n", groups);
  }
  std::string audit() const {
    std::ifstream in(node_->directory() / "state" / "audit" / "audit.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The last line of an event.
  std::string audit_of(const std::string& event) const {
    std::istringstream lines(audit());
    std::string last;
    for (std::string line; std::getline(lines, line);)
      if (line.find("\"event\":\"" + event + "\"") != std::string::npos) last = line;
    return last;
  }

  TempDir dir_;
  std::unique_ptr<NodeProcess> node_;
  std::string pseudonym_;
};

constexpr const char* kGroups =
    "operate = \"news\"\nreveal = \"mail\"\nmanage = [\"backup\"]\nreveals_per_hour = 100\n";

TEST_F(Access, EachRightBelongsToItsGroup) {
  serve(kGroups);

  EXPECT_EQ(as(kNews, {"status"}).code, 0);
  EXPECT_EQ(as(kNews, {"reload"}).code, 0);
  EXPECT_EQ(lookup(kMail).code, 0);
  EXPECT_EQ(as(kMail, {"map", "reveal", pseudonym_, "--reason", "test"}).code, 0);
  EXPECT_EQ(as(kBackup, {"map", "distinct", pseudonym_, pseudonym_, "--reason", "x"})
                .output.find("needs the right"),
            std::string::npos);

  for (const auto& denied : {lookup(kNews), lookup(kBackup), lookup(kGames), as(kMail, {"status"}),
                             as(kGames, {"status"}), as(kNews, {"backup", "/tmp"}),
                             as(kMail, {"map", "forget", pseudonym_, "--yes", "--reason", "x"})}) {
    EXPECT_EQ(denied.code, 1);
    EXPECT_THAT(denied.output, AllOf(HasSubstr("Not permitted"), HasSubstr("needs the right")));
    EXPECT_THAT(denied.output, Not(HasSubstr("DSG-")));
  }
  // Root holds the key file anyway.
  EXPECT_EQ(node_->dosigate({"status"}).code, 0);
}

TEST_F(Access, SupplementaryGroupsOfTheMomentOfConnectingCount) {
  serve(kGroups);

  EXPECT_EQ(lookup(kGames, "50,8").code, 0);
  EXPECT_EQ(as(kGames, {"status"}, "", "60,9,50").code, 0);
  EXPECT_EQ(lookup(kGames, "50,9").code, 1);
}

TEST_F(Access, ADenialIsOnRecordWithUserRightAndEndpointAndWithoutTheIdentity) {
  serve(kGroups);

  ASSERT_EQ(lookup(kNews).code, 1);
  ASSERT_EQ(as(kMail, {"study", kJoana.id}).code, 1);

  EXPECT_THAT(audit_of("map.denied"),
              AllOf(HasSubstr(R"("actor":"news")"), HasSubstr(R"("right":"reveal")"),
                    HasSubstr("POST /api/v1/map/lookup")));
  EXPECT_THAT(audit_of("access.denied"),
              AllOf(HasSubstr(R"("actor":"mail")"), HasSubstr(R"("right":"operate")"),
                    HasSubstr("GET /api/v1/study/{}")));
  EXPECT_THAT(audit(), Not(HasSubstr(kJoana.id)));
  EXPECT_EQ(node_->dosigate({"audit", "verify"}).code, 0);
  EXPECT_EQ(node_->status().at("access").at("denied"), 2);
  EXPECT_THAT(node_->dosigate({"status"}).output, HasSubstr("reveal: mail"));
}

TEST_F(Access, AUserLearnsWhoSomebodyIsOnlySoOftenInAnHour) {
  serve("reveals_per_hour = 3\n");

  for (int i = 0; i < 3; ++i) ASSERT_EQ(lookup(kMail).code, 0);
  const Finished over = lookup(kMail);

  EXPECT_EQ(over.code, 1);
  EXPECT_THAT(over.output, AllOf(HasSubstr("reveals_per_hour"), Not(HasSubstr("DSG-"))));
  EXPECT_EQ(as(kMail, {"map", "reveal", pseudonym_, "--reason", "x"}).code, 1);
  EXPECT_THAT(audit_of("map.denied"),
              AllOf(HasSubstr(R"("actor":"mail")"), HasSubstr("map/reveal")));
  EXPECT_EQ(as(kMail, {"status"}).code, 0);
  EXPECT_EQ(lookup(kNews).code, 0) << "another user has a count of its own";
}

TEST_F(Access, WithoutGroupsEverybodyWhomTheSocketLetsInMayDoEverything) {
  serve("");

  EXPECT_EQ(lookup(kGames).code, 0);
  EXPECT_EQ(as(kGames, {"status"}).code, 0);
}

TEST_F(Access, TheNodesOwnSocketLetsNobodyElseIn) {
  serve("");
  ASSERT_EQ(node_->stop(), 0);
  node_->start();

  struct stat info {};
  ASSERT_EQ(::stat(socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(info.st_uid, geteuid());
  const Finished refused = as(kGames, {"status"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.output, HasSubstr("no right to the admin socket"));
}

TEST_F(Access, AReloadTakesOverRights) {
  serve(kGroups);
  ASSERT_EQ(lookup(kGames).code, 1);
  std::ifstream in(node_->directory() / "dosigate.toml");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string before = "reveal = \"mail\"";
  text.replace(text.find(before), before.size(), "reveal = [\"mail\", \"games\"]");
  std::ofstream(node_->directory() / "dosigate.toml") << text;

  ASSERT_EQ(node_->dosigate({"reload"}).code, 0);

  EXPECT_EQ(lookup(kGames).code, 0);
}

std::string id_in(const std::string& said) {
  const std::string before = "approvals approve ";
  const auto at = said.find(before);
  return at == std::string::npos ? "" : said.substr(at + before.size(), 8);
}

TEST_F(Access, ForgettingWaitsForASecondPersonAcrossARestart) {
  serve(std::string(kGroups) + "two_persons = true\n");

  const Finished asked =
      as(kBackup, {"map", "forget", "-", "--yes", "--reason", "she asks"}, kJoana.id + "\n");
  EXPECT_EQ(asked.code, 1);
  ASSERT_THAT(asked.output, HasSubstr("it waits for a second person"));
  const std::string id = id_in(asked.output);
  ASSERT_EQ(lookup(kMail).code, 0) << "nothing is forgotten yet";
  ASSERT_EQ(node_->stop(), 0);
  for (const auto& sought : {kJoana.id, pseudonym_}) {
    std::ifstream in(node_->directory() / "state" / "approvals", std::ios::binary);
    const std::string waiting{std::istreambuf_iterator<char>(in), {}};
    EXPECT_GT(waiting.size(), 50U);
    EXPECT_THAT(waiting, Not(HasSubstr(sought))) << "sealed";
  }
  node_->start();
  open_to_all();

  const Finished listed = as(kList, {"approvals"}, "", "34");
  EXPECT_THAT(listed.output, AllOf(HasSubstr(id), HasSubstr("backup"), HasSubstr("she asks"),
                                   Not(HasSubstr(kJoana.id)), Not(HasSubstr(pseudonym_))));
  const Finished alone = as(kBackup, {"approvals", "approve", id});
  EXPECT_EQ(alone.code, 1);
  EXPECT_THAT(alone.output, HasSubstr("a second person"));
  EXPECT_EQ(as(kMail, {"approvals", "approve", id}).code, 1) << "without the right";
  ASSERT_EQ(lookup(kMail).code, 0);

  const Finished approved = as(kList, {"approvals", "approve", id}, "", "34");

  EXPECT_EQ(approved.code, 0) << approved.output;
  EXPECT_EQ(lookup(kMail).code, 1);
  EXPECT_EQ(as(kList, {"approvals", "approve", id}, "", "34").code, 1) << "once";
  EXPECT_THAT(audit_of("approval.filed"), HasSubstr(R"("actor":"backup")"));
  EXPECT_THAT(audit_of("approval.approved"),
              AllOf(HasSubstr(R"("actor":"list")"), HasSubstr(R"("requested_by":"backup")")));
  EXPECT_THAT(audit_of("map.forget"), HasSubstr(R"("actor":"backup, approved by list")"));
  EXPECT_THAT(audit(), Not(HasSubstr(kJoana.id)));
  EXPECT_FALSE(std::filesystem::exists(node_->directory() / "state" / "approvals"));
}

TEST_F(Access, AnExportWaitsForASecondPersonAndCanBeTakenBack) {
  serve(std::string(kGroups) + "two_persons = true\n");
  const auto out = dir_.path / "out";
  std::filesystem::create_directories(out);

  const Finished first = as(kBackup, {"map", "export", out.string(), "--reason", "a move"});
  const Finished second = as(kBackup, {"map", "export", out.string(), "--reason", "a move"});
  ASSERT_EQ(first.code, 1);
  EXPECT_TRUE(std::filesystem::is_empty(out));
  ASSERT_EQ(as(kBackup, {"approvals", "reject", id_in(first.output), "--reason", "twice"}).code, 0);
  EXPECT_EQ(as(kList, {"approvals", "approve", id_in(first.output)}, "", "34").code, 1);

  const Finished approved = as(kList, {"approvals", "approve", id_in(second.output)}, "", "34");

  EXPECT_EQ(approved.code, 0) << approved.output;
  EXPECT_FALSE(std::filesystem::is_empty(out));
  EXPECT_THAT(audit_of("map.export"), HasSubstr("approved by list"));
  EXPECT_THAT(audit_of("approval.rejected"), HasSubstr("twice"));
}

}  // namespace
}  // namespace dosigate::testing
