#include <gtest/gtest.h>

#include <fstream>

#include "dosigate/deid/profile.h"
#include "support/paths.h"
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
            "site.toml:6: key \"action\": unknown action \"burn\"; known are keep, remove, empty, "
            "dummy, map_uid, shift, clean, pseudonymise and the letters K X Z D U C");
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

TEST(Profile, ActionsHaveTheWordsAndTheLettersOfTheStandard) {
  const auto profile = Profile::parse(std::string(kHead) +
                                          "[[rule]]\ntag = \"0020,0010\"\naction = \"Z\"\n"
                                          "[[rule]]\ntag = \"0020,4000\"\naction = \"clean\"\n"
                                          "otherwise = \"X\"\n",
                                      "site.toml");
  ASSERT_TRUE(profile) << profile.error().detail;
  EXPECT_EQ(profile->rules()[0].action, Action::Empty);
  EXPECT_EQ(profile->rules()[1].action, Action::CleanText);
  EXPECT_EQ(profile->rules()[1].otherwise, Action::Remove);
  EXPECT_EQ(profile->rules()[1].line, 7U);
}

TEST(Profile, EveryWrongRuleIsNamedByLineAndKey) {
  const auto rule = [](const std::string& keys) { return error_of("[[rule]]\n" + keys); };
  const auto says = [](const std::string& error, const std::string& what) {
    EXPECT_NE(error.find("site.toml:"), std::string::npos) << error;
    EXPECT_NE(error.find(what), std::string::npos) << error;
  };
  says(rule("tag = \"0054,0016 > 1072\"\naction = \"keep\"\n"), "is no tag");
  says(rule("vr = \"XY\"\naction = \"keep\"\n"), "is no VR");
  says(rule("sop_class = \"CT\"\ntag = \"0020,4000\"\naction = \"keep\"\n"), "key \"sop_class\"");
  says(rule("creator = \"\"\ntag = \"0009,xx0D\"\naction = \"keep\"\n"), "\"creator\" is empty");
  says(rule("creator = \"A\"\ntag = \"0009,100D\"\naction = \"X\"\n"), "as in \"0009,xx0D\"");
  says(rule("creator = \"A\"\ntag = \"0009,xx0D\"\naction = \"keep\"\n"), "needs its VR");
  says(rule("creator = \"A\"\ntag = \"0009,xx0D\"\nvr = \"LO\"\naction = \"shift\"\n"),
       "only DA, DT and TM");
  says(rule("tag = \"0020,4000\"\naction = \"keep\"\notherwise = \"empty\"\n"),
       "goes with action = \"clean\"");
  says(rule("action = \"keep\"\n"), "\"tag\" is missing");
  says(error_of("[[drop]]\n"), "[[drop]] has no condition");
  says(error_of("[[drop]]\nburned_in = false\n"), "only true has a meaning");
  says(error_of("[[subject]]\nname = \"a\"\ndates = \"keep\"\n"), "has no condition");
  says(error_of("[[subject]]\nname = \"a\"\npatient_id = \"*\"\ndates = \"keep\"\n"),
       "is every patient");
  says(error_of("[[subject]]\nname = \"a\"\npatient_id = \"QC\"\ndates = \"shift\"\n"),
       "only \"keep\"");
  says(error_of("words = \"lu\"\n"), "must be a list of strings");
}

TEST(Profile, TheExampleOfASiteIsAProfileThatShowsEveryKindOfRule) {
  const auto file = std::filesystem::path(DOSIGATE_SOURCE_DIR) / "conf/profiles/site-example.toml";
  const auto profile = Profile::load_file(file);
  ASSERT_TRUE(profile) << profile.error().detail;
  bool path = false, vr = false, sop_class = false, creator = false;
  for (const ProfileRule& rule : profile->rules()) {
    path = path || !rule.inside.empty();
    vr = vr || (!rule.vr.empty() && rule.creator.empty());
    sop_class = sop_class || rule.sop_class == "1.2.840.10008.5.1.4.1.1.2";
    creator = creator || !rule.creator.empty();
  }
  EXPECT_TRUE(path && vr && sop_class && creator);
  EXPECT_EQ(profile->drop().size(), 2U);
  EXPECT_EQ(profile->subjects().size(), 1U);
  EXPECT_TRUE(profile->words().contains("theragnost"));
}

TEST(Profile, WhoseInstanceItIsNoFileDecides) {
  for (const std::string tag : {"0010,0010", "0010,0020", "0008,0018", "0020,000D", "7FE0,0010",
                                "00xx,xxxx", "0400,0500", "0400,0561", "4FFE,0001", "FFFA,FFFA"}) {
    EXPECT_NE(error_of("[[rule]]\ntag = \"" + tag + "\"\naction = \"keep\"\n")
                  .find("decided by dosigate"),
              std::string::npos)
        << tag;
  }
  EXPECT_NE(error_of("[[rule]]\ntag = \"0009,1010\"\naction = \"keep\"\n").find("private"),
            std::string::npos);
}

TEST(Profile, AFolderIsNoProfileAndSaysWhich) {
  const testing::TempDir dir;
  const auto profile = Profile::load_file(dir.path);
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().detail,
            dir.path.string() + " is a folder: name the .toml file of a profile");
}

TEST(Profile, WhereNobodyMayLookTheBuiltInOneIsNotTaken) {
  const testing::TempDir dir;
  // Root may look into every folder; into one that leads to itself nobody can.
  std::filesystem::create_directory_symlink(dir.path / "loop", dir.path / "loop");
  const auto profile = Profile::load(dir.path / "loop", "dosimetry");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().fault, Fault::Unavailable);
  EXPECT_NE(profile.error().detail.find("cannot be seen"), std::string::npos)
      << profile.error().detail;
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
