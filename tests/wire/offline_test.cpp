// The real command without a network: what it writes, what it refuses, and what it leaves behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <boost/json/parse.hpp>

#include "support/paths.h"
#include "support/phantom.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"
#include "support/zip_file.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::chrono::seconds kPatience{60};

/// The command without any configuration of this machine.
Finished dosigate(const std::vector<std::string>& words) {
  std::vector<std::string> argv{DOSIGATE_BINARY};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(argv, kPatience);
}

/// The same on a terminal of its own, as script(1) makes one.
Finished on_a_terminal(const std::vector<std::string>& words) {
  std::string line = DOSIGATE_BINARY;
  for (const std::string& word : words) line += " '" + word + "'";
  return run({"script", "-qec", line, "/dev/null"}, kPatience);
}

/// Every .dcm below a folder: path below it, and content.
std::map<std::string, std::string> instances_in(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".dcm")
      out[entry.path().lexically_relative(folder).string()] = content_of(entry.path());
  }
  return out;
}

/// Without the bytes in the failure's text.
void expect_equal(const std::map<std::string, std::string>& got,
                  const std::map<std::string, std::string>& expected) {
  EXPECT_EQ(got.size(), expected.size());
  for (const auto& [name, content] : expected) {
    const auto found = got.find(name);
    ASSERT_NE(found, got.end()) << name;
    EXPECT_TRUE(found->second == content) << name;
  }
}

std::set<std::string> names_of(const std::map<std::string, std::string>& instances) {
  std::set<std::string> out;
  for (const auto& [name, content] : instances) out.insert(name);
  return out;
}

std::set<std::string> throwaway_folders() {
  std::set<std::string> out;
  for (const fs::path& place : {fs::path("/dev/shm"), fs::temp_directory_path()}) {
    if (!fs::is_directory(place)) continue;
    for (const auto& entry : fs::directory_iterator(place)) {
      if (entry.path().filename().string().starts_with("dosigate-map-")) out.insert(entry.path());
    }
  }
  return out;
}

/// A phantom's image, as the screen shot that it is not.
void write_secondary_capture(const PhantomFile& from, const fs::path& to) {
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(from.path.c_str()).good());
  const std::string uid = from.sop_instance_uid + ".77";
  file.getDataset()->putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
  file.getDataset()->putAndInsertString(DCM_SOPInstanceUID, uid.c_str());
  ASSERT_TRUE(file.saveFile(to.c_str()).good());
}

/// A phantom in a folder, and a map of its own that knows it: what later runs give is then decided.
class KnownPhantom : public ::testing::Test {
 protected:
  void SetUp() override {
    phantom = write_phantom({.directory = in, .ct_slices = 3});
    const Finished first = dosigate(
        {"deidentify", in, dir.path / "first", "--map", map, "--create-map", "--jobs", "1"});
    ASSERT_EQ(first.code, 0) << first.output;
    ASSERT_THAT(first.output, HasSubstr("recovery key  DSGR-"));
    expected = instances_in(dir.path / "first");
    ASSERT_EQ(expected.size(), phantom.files.size());
  }
  std::map<std::string, std::string> again(const std::vector<std::string>& words,
                                           const std::string& name) {
    std::vector<std::string> all{"deidentify"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {dir.path / name, "--map", map / "map.db"});
    const Finished done = dosigate(all);
    EXPECT_EQ(done.code, 0) << done.output;
    return instances_in(dir.path / name);
  }

  TempDir dir;
  fs::path in = dir.path / "in", map = dir.path / "map";
  Phantom phantom;
  std::map<std::string, std::string> expected;
};

TEST(Offline, GivesTheBytesThatTheDaemonGives) {
  if (find_program("storescu").empty()) GTEST_SKIP() << "storescu is not installed";
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "sent"});
  NodeProcess node(dir.path / "node", {});
  node.start();
  std::vector<fs::path> files;
  for (const PhantomFile& file : phantom.files) files.push_back(file.path);
  ASSERT_EQ(run(storescu_arguments(node.port(), files), kPatience).code, 0);
  ASSERT_TRUE(node.settles());
  ASSERT_EQ(node.stop(), 0);

  const Finished offline =
      node.dosigate({"deidentify", dir.path / "sent", dir.path / "out", "--map",
                     node.directory() / "state" / "identity" / "map.db"});

  EXPECT_EQ(offline.code, 0) << offline.output;
  const auto daemons = instances_in(node.arrived()), ours = instances_in(dir.path / "out");
  EXPECT_EQ(ours.size(), phantom.files.size());
  EXPECT_EQ(names_of(ours), names_of(daemons));
  for (const auto& [name, content] : daemons) EXPECT_TRUE(ours.at(name) == content) << name;
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {dir.path / "sent"}), IsEmpty());
  // The map is whole afterwards, and its audit log says what was done with it.
  EXPECT_THAT(content_of(node.directory() / "state" / "audit" / "audit.jsonl"),
              AllOf(HasSubstr("deidentify.begin"), HasSubstr("deidentify.end")));
  node.start();
  EXPECT_EQ(node.dosigate({"audit", "verify"}).code, 0);
  EXPECT_EQ(node.stop(), 0);
}

TEST(Offline, LeavesTheMapToADaemonThatRuns) {
  TempDir dir;
  write_phantom({.directory = dir.path / "in", .ct_slices = 1});
  NodeProcess node(dir.path / "node", {});
  node.start();

  const Finished refused = node.dosigate({"deidentify", dir.path / "in", dir.path / "out", "--map",
                                          node.directory() / "state" / "identity" / "map.db"});

  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("another process has the pseudonym map"), HasSubstr("stop it")));
  EXPECT_FALSE(fs::exists(dir.path / "out"));
  EXPECT_EQ(node.stop(), 0);
}

TEST(Offline, ANodesMapIsNotOpenedWithoutItsConfiguration) {
  TempDir dir;
  write_phantom({.directory = dir.path / "in", .ct_slices = 1});
  NodeProcess node(dir.path / "node", {});

  const Finished refused = dosigate({"deidentify", dir.path / "in", dir.path / "out", "--map",
                                     node.directory() / "state" / "identity" / "map.db"});

  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.output, HasSubstr("--config FILE"));
}

TEST_F(KnownPhantom, GivesTheSameFilesWithOneJobAndWithFour) {
  expect_equal(again({in, "--jobs", "1"}, "one"), expected);
  expect_equal(again({in, "--jobs", "4"}, "four"), expected);
}

TEST_F(KnownPhantom, GivesTheSameFilesFromAZipArchive) {
  std::vector<std::pair<std::string, std::string>> entries{{"../../etc/README.TXT", "a viewer"}};
  for (const PhantomFile& file : phantom.files)
    entries.emplace_back(file.path.lexically_relative(in), content_of(file.path));
  write_zip(dir.path / "study.zip", entries);
  fs::create_directory(dir.path / "folder");
  fs::rename(dir.path / "study.zip", dir.path / "folder" / "study.zip");

  expect_equal(again({dir.path / "folder" / "study.zip"}, "of-zip"), expected);
  expect_equal(again({dir.path / "folder"}, "of-folder-with-zip"), expected);
}

TEST_F(KnownPhantom, GivesTheSameFilesFromADicomdir) {
  if (find_program("dcmmkdir").empty()) GTEST_SKIP() << "dcmmkdir is not installed";
  // A general-purpose medium wants Explicit VR and names of eight capitals and digits.
  const fs::path medium = dir.path / "medium";
  fs::create_directory(medium);
  std::vector<std::string> make{"dcmmkdir", "+D", medium / "DICOMDIR", "+id", medium, "-Pgp",
                                "-W",       "+I"};
  for (const PhantomFile& one : phantom.files) {
    const std::string name = "IMG" + std::to_string(make.size());
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(one.path.c_str()).good());
    ASSERT_TRUE(file.saveFile((medium / name).c_str(), EXS_LittleEndianExplicit).good());
    make.push_back(name);
  }
  const auto of_folder = again({medium}, "of-folder");
  ASSERT_EQ(names_of(of_folder), names_of(expected));
  const Finished made = run(make, kPatience);
  ASSERT_TRUE(fs::exists(medium / "DICOMDIR")) << made.output;
  write_secondary_capture(phantom.files[0], medium / "NOTINDIR");

  expect_equal(again({medium / "DICOMDIR"}, "of-dicomdir"), of_folder);
}

TEST_F(KnownPhantom, SaysWhatCouldNotBeCleanedAndDoesNotWriteIt) {
  const std::string marker = "QUEVEDO^MARKER";
  const fs::path held = in / (marker + ".dcm"), broken = in / "broken";
  write_secondary_capture(phantom.files[0], held);
  std::ofstream(broken) << content_of(phantom.files[0].path).substr(0, 3000);
  std::ofstream(in / "autorun.inf") << "[autorun]\nopen=viewer.exe\n";
  fs::create_symlink(phantom.files[0].path, in / "link.dcm");
  const fs::path out = dir.path / "out", report = dir.path / "report.json";

  const Finished done = dosigate({"deidentify", in, out, "--map", map, "--report", report});

  EXPECT_EQ(done.code, 3);
  expect_equal(instances_in(out), expected);
  EXPECT_THAT(done.output,
              AllOf(HasSubstr("held"), HasSubstr("secondary-capture"), HasSubstr("refused"),
                    HasSubstr("not-dicom"), HasSubstr("symbolic link, not followed")));
  EXPECT_THAT(done.output, Not(HasSubstr(marker))) << "a pipe may end in a log";
  const auto said = boost::json::parse(content_of(report));
  const auto& counts = said.at("counts");
  EXPECT_EQ(counts.at("cleaned").to_number<std::size_t>(), expected.size());
  EXPECT_EQ(counts.at("held").to_number<int>(), 1);
  EXPECT_EQ(counts.at("refused").to_number<int>(), 1);
  EXPECT_EQ(counts.at("not-dicom").to_number<int>(), 2);
  EXPECT_THAT(content_of(report), Not(HasSubstr("path")));
  EXPECT_THAT(leaks_in(done.output, phantom.planted), IsEmpty());
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {in}), IsEmpty());
}

TEST_F(KnownPhantom, NamesFilesOnATerminalAndInAReportThatIsAskedTo) {
  const std::string marker = "QUEVEDO^MARKER";
  write_secondary_capture(phantom.files[0], in / (marker + ".dcm"));
  const fs::path report = dir.path / "report.json";

  const Finished done = on_a_terminal(
      {"deidentify", in, dir.path / "out", "--map", map, "--report", report, "--report-paths"});

  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.output, AllOf(HasSubstr(marker), HasSubstr("[####")));
  EXPECT_THAT(content_of(report), HasSubstr(marker));
}

TEST_F(KnownPhantom, HoldsAnInstanceThatTheMapKnowsWithOtherPixels) {
  DcmFileFormat file;
  const auto ct =
      std::find_if(phantom.files.begin(), phantom.files.end(),
                   [](const PhantomFile& one) { return one.sop_class_uid == UID_CTImageStorage; });
  ASSERT_NE(ct, phantom.files.end());
  ASSERT_TRUE(file.loadFile(ct->path.c_str()).good());
  const Uint16* pixels = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(file.getDataset()->findAndGetUint16Array(DCM_PixelData, pixels, &count).good());
  std::vector<Uint16> other(pixels, pixels + count);
  other[0] = static_cast<Uint16>(other[0] + 1);
  file.getDataset()->putAndInsertUint16Array(DCM_PixelData, other.data(), count);
  ASSERT_TRUE(file.saveFile((dir.path / "other.dcm").c_str()).good());

  const Finished done =
      dosigate({"deidentify", dir.path / "other.dcm", dir.path / "out", "--map", map});

  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.output, HasSubstr("revision"));
  EXPECT_THAT(instances_in(dir.path / "out"), IsEmpty());
}

TEST(Offline, AThrowawayMapLeavesNothingBehind) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "in", .ct_slices = 1});
  const auto before = throwaway_folders();

  const Finished done =
      dosigate({"deidentify", dir.path / "in", dir.path / "out", "--throwaway-map"});

  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_EQ(throwaway_folders(), before);
  const auto written = instances_in(dir.path / "out");
  EXPECT_EQ(written.size(), phantom.files.size());
  std::set<std::string> patients;
  for (const auto& [name, content] : written) patients.insert(*fs::path(name).begin());
  EXPECT_EQ(patients.size(), 1U) << "one person, one pseudonym within the run";
  EXPECT_THAT(faults_of(phantom, dir.path / "out"), IsEmpty());
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {dir.path / "in"}), IsEmpty());
}

TEST(Offline, KilledAtAnyMomentItLeavesWholeFilesOnly) {
  TempDir dir;
  const Phantom phantom = write_phantom(
      {.directory = dir.path / "in", .ct_slices = 400, .ct_matrix = 128, .ct_only = true});
  const fs::path out = dir.path / "out";

  Process command({DOSIGATE_BINARY, "deidentify", dir.path / "in", out, "--map", dir.path / "map",
                   "--create-map", "--jobs", "2"},
                  dir.path / "output");
  const bool some = eventually([&] { return fs::exists(out) && instances_in(out).size() > 20; });
  command.kill_group();

  ASSERT_TRUE(some) << command.output();
  const auto written = instances_in(out);
  EXPECT_LT(written.size(), phantom.files.size()) << "it was killed too late to prove anything";
  for (const auto& [name, content] : written) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile((out / name).c_str()).good()) << name;
    const Uint16* pixels = nullptr;
    unsigned long count = 0;
    EXPECT_TRUE(file.getDataset()->findAndGetUint16Array(DCM_PixelData, pixels, &count).good());
    EXPECT_EQ(count, 128U * 128U) << name;
  }
  // What it was writing is cleaned as well, only not whole.
  EXPECT_THAT(leak_lines(dir.path, phantom.planted, {dir.path / "in"}), IsEmpty());
}

TEST(Offline, InterruptedItEndsWhatItHasBegunAndSaysWhatItHasNot) {
  TempDir dir;
  const Phantom phantom = write_phantom(
      {.directory = dir.path / "in", .ct_slices = 400, .ct_matrix = 128, .ct_only = true});
  const fs::path out = dir.path / "out";
  const auto before = throwaway_folders();
  Process command({DOSIGATE_BINARY, "deidentify", dir.path / "in", out, "--throwaway-map"},
                  dir.path / "output");
  ASSERT_TRUE(eventually([&] { return fs::exists(out) && instances_in(out).size() > 5; }))
      << command.output();

  command.signal(SIGINT);

  EXPECT_EQ(command.wait(kPatience), 3);
  EXPECT_THAT(command.output(), AllOf(HasSubstr("not reached"), HasSubstr("interrupted")));
  EXPECT_EQ(throwaway_folders(), before);
}

TEST(Offline, ExplainsWhatItDoesWithoutSayingAValue) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "in", .ct_slices = 1});

  for (const PhantomFile& file : phantom.files) {
    const Finished text = dosigate({"explain", file.path});
    const Finished json = dosigate({"explain", file.path, "--json"});

    EXPECT_EQ(text.code, 0) << text.output;
    EXPECT_THAT(text.output,
                AllOf(HasSubstr("0010,0010"), HasSubstr("PatientName"), HasSubstr("pseudonymised"),
                      HasSubstr("PS3.15 Table E.1-1"), HasSubstr("verdict     cleaned")));
    EXPECT_THAT(leaks_in(text.output, phantom.planted), IsEmpty());
    EXPECT_THAT(leaks_in(json.output, phantom.planted), IsEmpty());
    const auto said = boost::json::parse(json.output);
    EXPECT_TRUE(said.at("cleaned").as_bool());
    EXPECT_GT(said.at("elements").as_array().size(), 20U);
  }
}

TEST(Offline, ShowsValuesOnATerminalOnly) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "in", .ct_slices = 1});
  const std::vector<std::string> words{"explain", phantom.files[0].path, "--show-values"};

  const Finished piped = dosigate(words);
  const Finished seen = on_a_terminal(words);

  EXPECT_EQ(piped.code, 1);
  EXPECT_THAT(piped.output, HasSubstr("to a terminal only"));
  EXPECT_THAT(leaks_in(piped.output, phantom.planted), IsEmpty());
  EXPECT_EQ(seen.code, 0) << seen.output;
  EXPECT_THAT(leaks_in(seen.output, phantom.planted), Not(IsEmpty()));
}

TEST(Offline, ExplainsWhyAnInstanceIsHeld) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "in", .ct_slices = 1});
  write_secondary_capture(phantom.files[0], dir.path / "shot.dcm");

  const Finished text = dosigate({"explain", dir.path / "shot.dcm"});

  EXPECT_EQ(text.code, 3);
  EXPECT_THAT(text.output, HasSubstr("verdict     held: secondary-capture"));
}

TEST(Offline, ShowsWhatAnotherProfileWouldChange) {
  TempDir dir;
  const Phantom phantom = write_phantom({.directory = dir.path / "in", .ct_slices = 1});

  const Finished same = dosigate({"profile", "diff", "basic", "basic", dir.path / "in"});
  const Finished other =
      dosigate({"profile", "diff", "dosimetry", "basic", dir.path / "in", "--json"});

  EXPECT_EQ(same.code, 0) << same.output;
  EXPECT_THAT(same.output, HasSubstr("0 differences in " + std::to_string(phantom.files.size())));
  const auto said = boost::json::parse(other.output);
  bool study_date = false;
  for (const auto& one : said.at("differences").as_array()) {
    if (one.at("path") != "0008,0020") continue;
    study_date = true;
    EXPECT_THAT(std::string(one.at("a").as_string()), HasSubstr("shifted"));
    EXPECT_THAT(std::string(one.at("b").as_string()), Not(HasSubstr("shifted")));
    EXPECT_EQ(one.at("files").to_number<std::size_t>(), phantom.files.size());
  }
  EXPECT_TRUE(study_date) << other.output;
  EXPECT_THAT(leaks_in(other.output, phantom.planted), IsEmpty());
}

TEST(Offline, ChecksAProfileAndNamesTheLineThatIsWrong) {
  TempDir dir;
  std::ofstream(dir.path / "own.toml") << "name = \"own\"\nversion = \"1\"\nsurprise = 3\n";

  const Finished right = dosigate({"profile", "check", "dosimetry"});
  const Finished wrong = dosigate({"profile", "check", dir.path / "own.toml"});

  EXPECT_EQ(right.code, 0);
  EXPECT_THAT(right.output, AllOf(HasSubstr("profile dosimetry, version"), HasSubstr("valid")));
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.output, AllOf(HasSubstr("own.toml:3"), HasSubstr("surprise")));
}

TEST(Offline, BeginsNothingWhereTheOutcomeWouldBeInDoubt) {
  TempDir dir;
  const fs::path in = dir.path / "in", out = dir.path / "out";
  write_phantom({.directory = in, .ct_slices = 1});
  fs::create_directory(dir.path / "full");
  std::ofstream(dir.path / "full" / "old.dcm") << "x";
  fs::create_directory(dir.path / "empty");
  const auto says = [](const std::vector<std::string>& words, const std::string& what) {
    std::vector<std::string> all{"deidentify"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = dosigate(all);
    EXPECT_EQ(done.code, 1) << done.output;
    EXPECT_THAT(done.output, HasSubstr(what));
  };

  says({in, out}, "--throwaway-map forgets it");
  says({in, dir.path / "full", "--throwaway-map"}, "is not an empty folder");
  says({in, in / "out", "--throwaway-map"}, "OUT lies inside IN");
  says({dir.path / "nothing", out, "--throwaway-map"}, "does not exist");
  says({dir.path / "empty", out, "--throwaway-map"}, "is empty");
  says({dir.path / "full", out, "--throwaway-map"}, "holds nothing of DICOM");
  says({in, dir.path / "o2", "--map", dir.path / "o2" / "map", "--create-map"}, "inside OUT");
  says({in, dir.path / "o2", "--throwaway-map", "--report", dir.path / "o2" / "r"}, "inside OUT");
  says({in, dir.path / "o2", "--throwaway-map", "--report", in / "r"}, "inside IN");
  says({in, dir.path / "o2", "--throwaway-map", "--report", dir.path / "no" / "r"}, "is no folder");
  says({in, dir.path / "o2", "--throwaway-map", "--report", dir.path}, "is a folder");
  says({in, dir.path / "o2", "--map", dir.path / "nowhere"}, "--create-map");
  says({in, dir.path / "o2", "--throwaway-map", "--profile", "none"}, "profile \"none\"");
  says({in, dir.path / "o2", "--throwaway-map", "--site", "TOOLONG"}, "--site");
  says({in, dir.path / "o2", "--throwaway-map", "--charset", "LATIN"}, "--charset");
  EXPECT_FALSE(fs::exists(dir.path / "o2"));
}

}  // namespace
}  // namespace dosigate::testing
