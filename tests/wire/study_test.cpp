// What a physicist asks the node: is the study ready, and at how many hours after the injection?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <boost/json.hpp>

#include "support/phantom.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Study : public ::testing::Test {
 protected:
  std::vector<std::filesystem::path> paths(const std::string& study = "") const {
    std::vector<std::filesystem::path> out;
    for (const PhantomFile& file : phantom_.files)
      if (study.empty() || file.study == study) out.push_back(file.path);
    return out;
  }
  void send(const std::vector<std::filesystem::path>& files) {
    const Finished sent = run(storescu_arguments(node_.port(), files));
    ASSERT_EQ(sent.code, 0) << sent.output;
    ASSERT_TRUE(node_.settles());
  }
  std::string pseudonym() const {
    for (const auto& entry : std::filesystem::directory_iterator(node_.arrived()))
      if (entry.path().filename().string().starts_with("DSG-")) return entry.path().filename();
    throw std::runtime_error("nothing arrived");
  }
  boost::json::value report(const std::string& name) const {
    const Finished asked = node_.dosigate({"study", name, "--json"});
    EXPECT_EQ(asked.code, 0) << asked.output;
    return boost::json::parse(asked.output);
  }
  /// study.json of each study, by the number of its instances as the card has it.
  std::vector<boost::json::value> cards() const {
    std::vector<boost::json::value> out;
    for (const auto& entry : std::filesystem::directory_iterator(node_.arrived() / pseudonym()))
      if (std::filesystem::exists(entry.path() / "study.json"))
        out.push_back(boost::json::parse(content_of(entry.path() / "study.json")));
    return out;
  }
  static std::size_t files_in(const std::filesystem::path& directory) {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      out += entry.path().extension() == ".dcm" ? 1U : 0U;
    return out;
  }

  TempDir dir_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 2});
  NodeProcess node_{dir_.path / "node", {}};
};

/// Hours of the time points of one cycle.
std::vector<double> hours_of(const boost::json::value& cycle) {
  std::vector<double> out;
  for (const auto& point : cycle.at("time_points").as_array())
    out.push_back(point.at("hours").to_number<double>());
  return out;
}

TEST_F(Study, TheCycleOfATherapyIsShownOverItsStudies) {
  node_.start();
  send(paths());

  const auto shown = report(pseudonym());

  EXPECT_EQ(shown.at("studies").as_array().size(), 3U);
  ASSERT_EQ(shown.at("cycles").as_array().size(), 2U);
  // As the phantom was written: 86,829.875 s, 343,799.625 s and 3,840.5 s.
  const auto& lutetium = shown.at("cycles").at(0).at("nuclide") == "Lu-177"
                             ? shown.at("cycles").at(0)
                             : shown.at("cycles").at(1);
  const auto& fluorine =
      &lutetium == &shown.at("cycles").at(0) ? shown.at("cycles").at(1) : shown.at("cycles").at(0);
  EXPECT_THAT(hours_of(lutetium), ElementsAre(24.12, 95.50));
  EXPECT_THAT(hours_of(fluorine), ElementsAre(1.07)) << "over midnight";
  EXPECT_EQ(lutetium.at("activity_mbq").to_number<double>(), 7400);
  EXPECT_EQ(lutetium.at("injected_from"), "date-time");
  for (const auto& study : shown.at("studies").as_array())
    for (const auto& finding : study.at("findings").as_array())
      EXPECT_NE(finding.at("severity"), "blocks") << boost::json::serialize(finding);
}

TEST_F(Study, TheTableIsReadInOneGlance) {
  node_.start();
  send(paths());

  const Finished asked = node_.dosigate({"study", pseudonym()});

  EXPECT_EQ(asked.code, 0);
  EXPECT_THAT(asked.output, AllOf(HasSubstr("Lu-177 7400 MBq, injected "), HasSubstr("24.12"),
                                  HasSubstr("NM+CT"), HasSubstr("CAM-01/1"), HasSubstr("ready")));
}

TEST_F(Study, WhatIsMissingStandsAtItsTimePointAndInASentence) {
  for (const PhantomFile& file : phantom_.files) {
    if (file.study != "LU177-96H" || file.series.starts_with("CT")) continue;
    ASSERT_EQ(run({"dcmodify", "-nb", "-m", "(0054,0016)[0].(0018,1074)=203000000", "-m",
                   "(0010,1030)=0.000000", file.path.string()})
                  .code,
              0);
  }
  node_.start();
  send(paths());

  const Finished asked = node_.dosigate({"study", pseudonym()});

  EXPECT_THAT(asked.output,
              AllOf(HasSubstr("not ready  weight-zero activity-unit weight-contradicting"),
                    HasSubstr("2 series item 1"), HasSubstr("203000000, in MBq")))
      << asked.output;
  const auto lutetium = report(pseudonym()).at("cycles").at(1);
  EXPECT_EQ(lutetium.at("time_points").at(0).at("readiness"), "ready");
  EXPECT_EQ(lutetium.at("time_points").at(1).at("readiness"), "not ready");
}

TEST_F(Study, AStudyUidIsANameToo) {
  node_.start();
  send(paths("LU177-24H"));
  const std::string uid(report(pseudonym()).at("studies").at(0).at("study_uid").as_string());

  const auto shown = report(uid);

  EXPECT_EQ(shown.at("pseudonym").as_string().c_str(), pseudonym());
  EXPECT_EQ(shown.at("studies").as_array().size(), 1U);
}

TEST_F(Study, APseudonymTypedInSmallLettersIsTheSame) {
  node_.start();
  send(paths());
  std::string typed = pseudonym();
  for (char& c : typed) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));

  EXPECT_EQ(report(typed).at("pseudonym"), boost::json::value(pseudonym()));
}

TEST_F(Study, AnUnknownNameIsSaidToBeUnknown) {
  node_.start();

  const Finished wrong = node_.dosigate({"study", "DSG-HUPE-0000-0000-000"});
  const Finished uid = node_.dosigate({"study", "2.25.1"});

  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(uid.code, 1);
  EXPECT_THAT(uid.output, HasSubstr("neither a pseudonym"));
}

TEST_F(Study, AreListedLatestFirstWithTheirVerdictPageByPage) {
  node_.start();
  for (const char* study : {"LU177-24H", "LU177-96H"}) {
    send(paths(study));
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // arrivals are kept in seconds
  }
  const auto list = [&](const std::string& query) {
    const Finished asked =
        run({"curl", "-s", "--unix-socket", (node_.directory() / "admin.sock").string(),
             "http://localhost/api/v1/studies" + query});
    return boost::json::parse(asked.output);
  };

  const auto all = list("");
  const auto first = list("?max=1");
  const auto& last_uid = first.at("next");
  const auto second = list("?max=1&after=" + std::string(last_uid.as_string()));

  ASSERT_EQ(all.at("items").as_array().size(), 2U);
  EXPECT_TRUE(all.at("next").is_null());
  for (const auto& study : all.at("items").as_array()) {
    EXPECT_EQ(study.at("pseudonym").as_string().c_str(), pseudonym());
    EXPECT_EQ(study.at("readiness"), "ready");
    EXPECT_EQ(boost::json::serialize(study.at("modalities")), "[\"CT\",\"NM\"]");
    EXPECT_EQ(
        study.at("instances").to_number<std::size_t>(),
        files_in(node_.arrived() / pseudonym() / std::string(study.at("study_uid").as_string())));
    EXPECT_GT(study.at("arrival").at("last").to_number<long long>(), 0);
  }
  EXPECT_GT(all.at("items").at(0).at("arrival").at("last").to_number<long long>(),
            all.at("items").at(1).at("arrival").at("last").to_number<long long>());
  EXPECT_EQ(first.at("items").at(0).at("study_uid"), all.at("items").at(0).at("study_uid"));
  EXPECT_EQ(second.at("items").at(0).at("study_uid"), all.at("items").at(1).at("study_uid"));
  EXPECT_TRUE(second.at("next").is_null());
  for (const char* wrong : {"?max=0", "?max=201", "?max=two", "?max=-1"})
    EXPECT_EQ(list(wrong).at("status"), 400) << wrong;
  EXPECT_EQ(list("?after=2.25.1").at("status"), 404);
}

TEST_F(Study, StudyJsonLiesBesideTheFilesWithTheirCountsAndHours) {
  node_.start();
  send(paths());

  ASSERT_TRUE(eventually([&] {
    std::size_t counted = 0;
    for (const auto& card : cards()) counted += card.at("instances").to_number<std::size_t>();
    return counted == phantom_.files.size();
  })) << node_.log();
  for (const auto& card : cards()) {
    const std::string uid(card.at("study_uid").as_string());
    EXPECT_EQ(card.at("instances").to_number<std::size_t>(),
              files_in(node_.arrived() / pseudonym() / uid));
    EXPECT_EQ(card.at("cycles").as_array().size(), 1U);
    EXPECT_EQ(card.at("series").at(0).at("camera"), "CAM-01");
    EXPECT_EQ(card.at("series").at(0).at("calibration_epoch").to_number<int>() > 0, true);
  }
  EXPECT_THAT(leak_lines(node_.arrived(), phantom_.planted, {}), IsEmpty());
}

TEST_F(Study, WhatIsSentAgainIsNotCountedAgain) {
  node_.start();
  send(paths("LU177-24H"));
  const auto counted = [&] {
    boost::json::value studies = report(pseudonym()).at("studies");
    // When the last instance came is what does change.
    for (auto& study : studies.as_array())
      EXPECT_EQ(study.at("arrival").as_object().erase("last"), 1U);
    return studies;
  };
  const auto before = counted();

  send(paths("LU177-24H"));

  EXPECT_EQ(counted(), before);
}

TEST_F(Study, WhatTheNodeKnewBeforeAKillItKnowsAfterwards) {
  node_.start();
  send(paths("LU177-24H"));
  const auto before = report(pseudonym());
  node_.kill();

  node_.start();

  EXPECT_EQ(report(pseudonym()), before);
}

}  // namespace
}  // namespace dosigate::testing
