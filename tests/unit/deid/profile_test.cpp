#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/deid/profile.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

constexpr std::string_view kHead = "name = \"site\"\nversion = \"3\"\nedition = \"2026d\"\n";

std::string error_of(std::string_view rest) {
  const auto profile = Profile::parse(std::string(kHead) + std::string(rest), "site.toml");
  return profile ? "accepted" : profile.error().detail;
}

TEST(ConfidentialityTable, IsTheWholeEditionThatItSays) {
  EXPECT_EQ(confidentiality_table().size(), kConfidentialityTableRows);
  EXPECT_EQ(confidentiality_table_edition(), "2026d");
  EXPECT_EQ(confidentiality_table().back().tag, "gggg,eeee:odd");
  EXPECT_EQ(confidentiality_table().back().safe_private, "C");
}

TEST(Profile, TheBuiltInOnesAreTheFilesOfTheRepository) {
  for (const std::string name : {"dosimetry", "basic"}) {
    const auto built_in = Profile::load({}, name);
    const auto file =
        Profile::load(std::filesystem::path(DOSIGATE_SOURCE_DIR) / "conf/profiles", name);
    ASSERT_TRUE(built_in) << built_in.error().detail;
    ASSERT_TRUE(file) << file.error().detail;
    EXPECT_EQ(built_in->digest(), file->digest());
    EXPECT_EQ(built_in->digest().size(), 16U);
    EXPECT_EQ(built_in->name(), name);
  }
  EXPECT_TRUE(Profile::load({}, "dosimetry")->options().retain_long_modified_dates);
  EXPECT_FALSE(Profile::load({}, "basic")->options().retain_long_modified_dates);
}

TEST(Profile, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of("colour = 1\n"), "site.toml:4: unknown key \"colour\"");
  EXPECT_EQ(error_of("[options]\nretain_all = true\n"),
            "site.toml:5: unknown key \"options.retain_all\"");
  EXPECT_EQ(error_of("[options]\nretain_safe_private = 1\n"),
            "site.toml:5: key \"options.retain_safe_private\" must be true or false");
  EXPECT_EQ(error_of("[[rule]]\ntag = \"0020,0010\"\naction = \"burn\"\n"),
            "site.toml:6: key \"action\": unknown action \"burn\"");
  EXPECT_EQ(error_of("[[rule]]\naction = \"keep\"\n"), "site.toml:4: key \"tag\" is missing");
  EXPECT_NE(
      error_of("[[rule]]\ntag = \"Study\"\naction = \"keep\"\n").find("site.toml:5: key \"tag\""),
      std::string::npos);
  EXPECT_NE(error_of("[[rule]\n").find("site.toml:4: "), std::string::npos);
}

TEST(Profile, FullAndModifiedDatesExcludeEachOther) {
  EXPECT_NE(
      error_of("[options]\nretain_long_full_dates = true\nretain_long_modified_dates = true\n")
          .find("exclude each other"),
      std::string::npos);
}

TEST(Profile, AnOptionThatNothingHonoursIsAnErrorAndNotAClaim) {
  for (const std::string key :
       {"retain_uids", "clean_descriptors", "clean_structured_content", "clean_graphics"}) {
    EXPECT_NE(error_of("[options]\n" + key + " = true\n").find("does not offer"), std::string::npos)
        << key;
    EXPECT_EQ(error_of("[options]\n" + key + " = false\n"), "accepted") << key;
  }
}

TEST(Profile, WhoseInstanceItIsNoFileDecides) {
  for (const std::string tag :
       {"0010,0010", "0010,0020", "0008,0018", "0020,000D", "7FE0,0010", "00xx,xxxx"}) {
    EXPECT_NE(error_of("[[rule]]\ntag = \"" + tag + "\"\naction = \"keep\"\n")
                  .find("decided by dosigate"),
              std::string::npos)
        << tag;
  }
  EXPECT_NE(error_of("[[rule]]\ntag = \"0009,1010\"\naction = \"keep\"\n").find("private"),
            std::string::npos);
}

TEST(Profile, AnotherEditionOfTheTableIsRefused) {
  const auto profile =
      Profile::parse("name = \"a\"\nversion = \"1\"\nedition = \"2013\"\n", "a.toml");
  ASSERT_FALSE(profile);
  EXPECT_NE(profile.error().detail.find("a.toml:3: key \"edition\""), std::string::npos);
}

TEST(Profile, ASitesFileWinsAndAMissingOneIsNamed) {
  const testing::TempDir dir;
  std::ofstream(dir.path / "basic.toml")
      << "name = \"basic\"\nversion = \"7\"\nedition = \"2026d\"\n";

  EXPECT_EQ(Profile::load(dir.path, "basic")->version(), "7");
  EXPECT_EQ(Profile::load(dir.path, "other").error().fault, Fault::NotFound);
  EXPECT_EQ(Profile::load(dir.path, "../basic").error().fault, Fault::Invalid);
  EXPECT_EQ(Profile::parse(kHead, "x")->digest().size(), 16U);
}

}  // namespace
}  // namespace dosigate
