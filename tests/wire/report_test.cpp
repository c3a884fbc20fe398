// The ledger by day and by study, asked of the real daemon, against what was truly sent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

#include <boost/json.hpp>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace json = boost::json;

std::int64_t number(const json::value& value, std::string_view key) {
  return value.at(key).to_number<std::int64_t>();
}

std::string text(const json::value& value, std::string_view key) {
  return std::string(value.at(key).as_string().c_str());
}

const json::value* named(const json::value& list, std::string_view name) {
  for (const auto& one : list.as_array())
    if (one.at("name").as_string() == name) return &one;
  return nullptr;
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

/// Today of UTC, as the report has it.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char out[16];
  std::strftime(out, sizeof out, "%F", &utc);
  return out;
}

/// Two archives; one route drops secondary screens, another refuses what is in doubt.
class Report : public ::testing::Test {
 protected:
  Report() {
    // Sums of one day: a test that begins in its last minutes would see two.
    node_.start();
  }
  std::vector<std::filesystem::path> paths() const {
    std::vector<std::filesystem::path> out;
    for (const PhantomFile& file : phantom_.files) out.push_back(file.path);
    return out;
  }
  /// A copy of the first image that is another instance, edited.
  std::filesystem::path edited(const std::string& name, const std::vector<std::string>& arguments) {
    const auto file = dir_.path / "sent" / (name + ".dcm");
    std::filesystem::copy_file(phantom_.files[0].path, file);
    std::vector<std::string> command{"dcmodify", "-nb", "-gin"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.push_back(file.string());
    EXPECT_EQ(run(command).code, 0);
    return file;
  }
  int send(const std::string& calling_ae, const std::vector<std::filesystem::path>& files) const {
    std::vector<std::string> command{"storescu", "-R",       "-aet",      calling_ae,
                                     "-aec",     "DOSIGATE", "127.0.0.1", node_.port_text()};
    for (const auto& file : files) command.push_back(file.string());
    return run(command, std::chrono::seconds(120)).code.value_or(-1);
  }
  json::value asked(const std::vector<std::string>& words) {
    const Finished answer = node_.dosigate(words);
    EXPECT_EQ(answer.code, 0) << answer.output;
    outputs_ += answer.output;
    return json::parse(answer.output);
  }
  std::string said(const std::vector<std::string>& words) {
    const Finished answer = node_.dosigate(words);
    EXPECT_EQ(answer.code, 0) << answer.output;
    outputs_ += answer.output;
    return answer.output;
  }

  TempDir dir_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 2});
  StoreScp first_{dir_.path / "first"}, second_{dir_.path / "second"};
  NodeProcess node_{dir_.path / "node",
                    {.archive_port = first_.port(),
                     .route = "drop = [{ image_type = \"SCREEN SAVE\" }]\n\n[[route]]\n"
                              "name = \"strict\"\nsite = \"Hospital Teste\"\ncalling_ae = "
                              "[\"STRICT\"]\ndestinations = [\"archive\"]\non_uncertain = "
                              "\"refuse\"\n",
                     .node = "study_quiet_s = 2",
                     .second_port = second_.port()}};
  std::string outputs_;  ///< of every command, to be searched for identifiers
};

TEST_F(Report, EveryNumberIsWhatWasSent) {
  const std::string day = today();
  const auto sent = static_cast<std::int64_t>(phantom_.files.size());
  const auto screen = edited("screen", {"-m", "ImageType=DERIVED\\SECONDARY\\SCREEN SAVE"});
  const auto burned_in = edited("burned-in", {"-i", "BurnedInAnnotation=YES"});
  second_.stop();
  ASSERT_EQ(send("CAMERA", paths()), 0);
  ASSERT_EQ(send("CAMERA", {phantom_.files[0].path}), 0);  // waits for the second: a duplicate
  ASSERT_EQ(send("CAMERA", {screen}), 0);
  ASSERT_EQ(send("CAMERA", {burned_in}), 0);
  EXPECT_NE(send("STRICT", {burned_in}), 0);
  ASSERT_TRUE(eventually([&] {
    return named(node_.status().at("destinations"), "archive")->at("delivered").to_number<int>() ==
           sent;
  })) << node_.log();

  const auto report = asked({"report", "--day", "--json"});
  if (today() != day) GTEST_SKIP() << "the day of UTC has changed";

  EXPECT_EQ(text(report, "time_zone"), "UTC");
  EXPECT_TRUE(report.at("adds_up").as_bool());
  ASSERT_EQ(report.at("days").as_array().size(), 1U);
  const auto& now = report.at("days").at(0);
  EXPECT_EQ(text(now, "day"), day);
  EXPECT_EQ(number(now, "received"), sent + 3);
  EXPECT_EQ(number(now, "queued"), sent);
  EXPECT_EQ(number(now, "delivered"), 0);
  EXPECT_EQ(number(now, "duplicate"), 1);
  EXPECT_EQ(number(now, "dropped"), 1);
  EXPECT_EQ(number(now, "quarantined"), 1);
  EXPECT_EQ(number(now, "refused"), 1);
  EXPECT_EQ(now.at("reasons").at("refused").as_object().size(), 1U);
  const auto* first = named(now.at("destinations"), "archive");
  const auto* second = named(now.at("destinations"), "second");
  ASSERT_TRUE(first != nullptr && second != nullptr);
  EXPECT_EQ(number(*first, "assigned"), sent);
  EXPECT_EQ(number(*first, "delivered"), sent);
  EXPECT_EQ(number(*second, "queued"), sent);

  std::map<std::string, std::int64_t> in_study;
  for (const auto& file : phantom_.files) ++in_study[file.study];
  std::multiset<std::int64_t> wanted, got;
  for (const auto& [study, count] : in_study)
    wanted.insert(count + (study == phantom_.files[0].study ? 1 : 0));
  for (const auto& study : now.at("studies").as_array()) got.insert(number(study, "received"));
  EXPECT_EQ(got, wanted);

  second_.start();
  ASSERT_EQ(node_.dosigate({"queue", "retry", "--all"}).code, 0);
  ASSERT_TRUE(node_.settles());
  ASSERT_TRUE(eventually([&] {
    return node_.status().at("studies").at("complete_today").to_number<std::size_t>() ==
           in_study.size();
  })) << node_.log();
  const auto later = asked({"report", "--json"}).at("days").at(0);
  EXPECT_EQ(number(later, "delivered"), sent);
  EXPECT_EQ(number(*named(later.at("destinations"), "second"), "delivered"), sent);
  for (const auto& study : later.at("studies").as_array())
    EXPECT_TRUE(study.at("arrival").at("complete").as_bool());
  EXPECT_THAT(said({"report"}), AllOf(HasSubstr("(UTC)"), HasSubstr("the sums add up")));
  said({"report", "--from", "2020-01-30", "--to", "2020-02-02"});
  EXPECT_EQ(node_.dosigate({"report", "--day", "2026-02-30"}).code, 2);
  EXPECT_EQ(node_.dosigate({"report", "--from", "2026-02-03", "--to", "2026-02-01"}).code, 1);

  for (const auto& study : later.at("studies").as_array()) {
    const std::string uid = text(study, "study_uid");
    const auto proof = asked({"study", "proof", uid, "--json"});
    EXPECT_EQ(number(proof, "received"), number(study, "received"));
    EXPECT_EQ(text(proof, "pseudonym"), text(study, "pseudonym"));
    for (const auto& to : proof.at("destinations").as_array()) {
      EXPECT_EQ(number(to, "delivered"), number(proof, "objects"));
      EXPECT_EQ(number(to.at("acknowledged").at(0), "status"), 0);
      EXPECT_EQ(number(to.at("acknowledged").at(0), "count"), number(to, "delivered"));
      EXPECT_EQ(text(to.at("legal").at(0), "purpose").empty(), false);
    }
    EXPECT_THAT(said({"study", "proof", uid}),
                AllOf(HasSubstr("acknowledged"), HasSubstr("complete since"), HasSubstr("Purpose"),
                      HasSubstr("Nothing of it was withdrawn")));
    said({"study", uid});
    EXPECT_EQ(times_in(node_.log(), "study complete study=" + uid), 1U) << node_.log();
  }
  said({"status"});
  EXPECT_EQ(node_.dosigate({"study", "proof", "2.25.1"}).code, 1);
  EXPECT_EQ(node_.dosigate({"study", "proof", "SILVA^MARIA"}).code, 2);

  std::ofstream(dir_.path / "outputs.txt") << outputs_;
  EXPECT_THAT(leak_lines(dir_.path, phantom_.planted, {dir_.path / "sent"}), IsEmpty());
}

TEST_F(Report, AWithdrawnStudyIsProvedWithItsNoteAndARestartAnnouncesNothingTwice) {
  const auto& study = phantom_.files[0].study;
  std::vector<std::filesystem::path> files;
  for (const auto& file : phantom_.files)
    if (file.study == study) files.push_back(file.path);
  ASSERT_EQ(send("CAMERA", files), 0);
  ASSERT_TRUE(node_.settles());
  ASSERT_TRUE(eventually([&] { return times_in(node_.log(), "study complete") == 1; }));
  const std::string uid =
      text(asked({"report", "--json"}).at("days").at(0).at("studies").at(0), "study_uid");

  ASSERT_EQ(node_.stop(), 0);
  node_.start();
  said({"study", "withdraw", uid, "--code", "quality", "--reason", "test"});
  ASSERT_TRUE(node_.settles());

  ASSERT_TRUE(eventually([&] {
    const auto withdrawals = asked({"study", "proof", uid, "--json"}).at("withdrawals");
    return withdrawals.as_array().size() == 1 &&
           number(withdrawals.at(0).at("told"), "archive") > 0;
  }));
  const auto proof = asked({"study", "proof", uid, "--json"});
  EXPECT_EQ(number(proof, "notes"), 1);
  EXPECT_EQ(number(*named(proof.at("destinations"), "archive"), "delivered"),
            static_cast<std::int64_t>(files.size()));
  const auto day = asked({"report", "--json"}).at("days").at(0);
  EXPECT_EQ(number(day, "issued"), 1);
  EXPECT_TRUE(day.at("adds_up").as_bool());
  EXPECT_THAT(said({"study", "proof", uid}), HasSubstr("Withdrawn or rejected 1 times"));
  EXPECT_EQ(times_in(node_.log(), "study complete"), 1U) << node_.log();  // of both starts
}

}  // namespace
}  // namespace dosigate::testing
