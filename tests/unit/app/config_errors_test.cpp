#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_file.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;

/// A file with one mistake and the start of the only line it must give.
struct Mistake {
  std::string name, text, line;
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class ConfigMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistake, IsReportedOnceWithItsLineAndKey) {
  const std::string errors = ConfigFile(GetParam().text).errors();

  EXPECT_EQ(errors.substr(0, GetParam().line.size()), GetParam().line) << errors;
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
}

std::string node(const std::string& line) { return kMinimal + "[node]\n" + line + "\n"; }
std::string route(const std::string& line) { return kMinimal + line + "\n"; }
std::string dicom(const std::string& lines) {
  return kMinimal + "[[destination]]\nname = \"pacs\"\nkind = \"dicom\"\n" + lines;
}
std::string peer(const std::string& line) {
  return kMinimal + "[[peer]]\nname = \"p\"\nae_title = \"P\"\nhost = \"h\"\n" + line + "\n";
}
std::string site(const std::string& line) {
  return kMinimal + "[[site]]\nname = \"Hospital Santa Rosa 2\"\n" + line + "\n";
}
std::string network(const std::string& lines) { return kMinimal + "[network]\n" + lines + "\n"; }
std::string second_route(const std::string& lines) {
  return kMinimal + "[[route]]\nname = \"two\"\nsite = \"Hospital Santa Rosa 2\"\n" +
         "destinations = [\"out\"]\n" + lines;
}
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

const std::string kFile = "dosigate.toml:";
const std::string kNode = kFile + "10: [node] ";
const std::string kRoute = kFile + "9: [[route]] ";

INSTANTIATE_TEST_SUITE_P(
    Node, ConfigMistake,
    ::testing::Values(
        Mistake{"Misspelt", node("max_instanc_mb = 3"),
                kNode + "max_instanc_mb: unknown key (did you mean max_instance_mb?)"},
        Mistake{"Moved", node("max_associations = 3"),
                kNode + "max_associations: has moved to [network]: write it there"},
        Mistake{"UnlikeAny", node("colour = 3"), kNode + "colour: unknown key\n"},
        Mistake{
            "StringForInteger", node("study_quiet_s = \"3\""),
            kNode + "study_quiet_s: expected an integer without quotation marks, found a string"},
        Mistake{"IntegerForString", node("ae_title = 3"),
                kNode + "ae_title: expected a string in quotation marks, found an integer"},
        Mistake{"StringForArray", node("listen = \"127.0.0.1:1\""),
                kNode + "listen: expected an array of strings"},
        Mistake{"MixedArray", node("listen = [\"127.0.0.1:1\", 2]"),
                kNode + "listen: expected strings only, found an integer"},
        Mistake{"OutOfRange", node("study_quiet_s = 0"),
                kNode + "study_quiet_s: 0 is out of range: 1 to 86400"},
        Mistake{"NoPort", node("listen = [\"127.0.0.1\"]"),
                kNode + "listen: \"127.0.0.1\" is no numeric address"},
        Mistake{"PortTooHigh", node("listen = [\"127.0.0.1:70000\"]"),
                kNode + "listen: \"127.0.0.1:70000\" is no"},
        Mistake{"HostName", node("listen = [\"localhost:104\"]"),
                kNode + "listen: \"localhost:104\" is no"},
        Mistake{"BareIPv6", node("listen = [\"::1:104\"]"), kNode + "listen: \"::1:104\" is no"},
        Mistake{"ListenTwice", node("listen = [\"127.0.0.1:104\", \"127.0.0.1:104\"]"),
                kNode + "listen: \"127.0.0.1:104\" stands twice"},
        Mistake{"ListenWithin", node("listen = [\"127.0.0.1:104\", \"0.0.0.0:104\"]"),
                kNode + "listen: \"0.0.0.0:104\" and \"127.0.0.1:104\" are the same port twice"},
        Mistake{"NoListener", node("listen = []"), kNode + "listen: is empty"},
        Mistake{"LongTitle", node("ae_title = \"SEVENTEEN_LETTERS\""),
                kNode + "ae_title: has 17 characters; an AE title has at most 16"},
        Mistake{"EmptyTitle", node("ae_title = \"\""), kNode + "ae_title: is empty"},
        Mistake{"Backslash", node("ae_title = 'A\\B'"),
                kNode + "ae_title: an AE title has no backslash"},
        Mistake{"ControlCharacter", node("ae_title = \"A\\tB\""),
                kNode + "ae_title: an AE title has no backslash"},
        Mistake{"KeyInState", node("state_dir = \"/s\"\nkey_file = \"/s/a/key\""),
                kFile + "11: [node] key_file: lies inside state_dir"},
        Mistake{"EmptyPath", node("state_dir = \"\""), kNode + "state_dir: is empty"},
        Mistake{"LongSocket", node("admin_socket = \"/" + std::string(107, 'x') + "\""),
                kNode + "admin_socket: has more than 107 bytes"},
        Mistake{"NoProfileDirectory", node("profiles_dir = \"nowhere\""), kNode + "profiles_dir: "},
        Mistake{"UnknownChoice", node("keep_originals = \"studdy\""),
                kNode + "keep_originals: \"studdy\" is not one of \"none\", \"identity\", "
                        "\"study\" (did you mean study?)"},
        Mistake{"LogLevel", node("log_level = \"loud\""),
                kNode + "log_level: \"loud\" is not one of"}));

INSTANTIATE_TEST_SUITE_P(
    Sections, ConfigMistake,
    ::testing::Values(
        Mistake{"Misspelt", kMinimal + "[[rout]]\nname = \"x\"\n",
                kFile + "9: rout: unknown section (did you mean route?)"},
        Mistake{"SingleBrackets", "[route]\nname = \"x\"\n[[route]]\n", kFile + "3: no valid TOML"},
        Mistake{"PeerOnce", kMinimal + "[peer]\nname = \"x\"\n",
                kFile + "9: [peer]: may stand several times: write [[peer]]"},
        Mistake{"NodeTwice", kMinimal + "[[node]]\n", kFile + "9: [node]: stands once"},
        Mistake{"Syntax", "[node]\nlisten = [\"a\n", kFile + "2: no valid TOML"},
        Mistake{"NoRoute", "[node]\n", "dosigate.toml: [[route]]: none is declared"},
        Mistake{"NoCommand", kMinimal + "[alert]\ncommand = [\"/nowhere/alert\"]\n",
                kFile + "10: [alert] command: /nowhere/alert is no program that can be run"},
        Mistake{"NoCommandInPath", kMinimal + "[alert]\ncommand = [\"no-such-alert\"]\n",
                kFile + "10: [alert] command: no-such-alert is no program"}));

INSTANTIATE_TEST_SUITE_P(
    NetworkLimits, ConfigMistake,
    ::testing::Values(
        Mistake{"Misspelt", network("max_asociations = 3"),
                kFile + "10: [network] max_asociations: unknown key (did you mean "
                        "max_associations?)"},
        Mistake{"None", network("max_associations = 0"),
                kFile + "10: [network] max_associations: 0 is out of range: 1 to 1000"},
        Mistake{"ShareLargerThanAll",
                network("max_associations = 10\nmax_associations_per_address = 11"),
                kFile + "11: [network] max_associations_per_address: is larger than "
                        "max_associations, which all addresses have together: 10"},
        Mistake{"PendingShareLargerThanAll", network("max_pending_per_address = 600"),
                kFile + "10: [network] max_pending_per_address: is larger than max_pending"},
        Mistake{"NoPatience", network("first_pdu_timeout_s = 61"),
                kFile + "10: [network] first_pdu_timeout_s: 61 is out of range: 1 to 60"},
        Mistake{"NoFloor", network("min_bytes_per_s = 0"),
                kFile + "10: [network] min_bytes_per_s: 0 is out of range: 1 to 1000000"},
        Mistake{"UnknownChoice", network("unlisted_addresses = \"drop\""),
                kFile + "10: [network] unlisted_addresses: \"drop\" is not one of \"reject\", "
                        "\"close\""}));

INSTANTIATE_TEST_SUITE_P(
    Site, ConfigMistake,
    ::testing::Values(
        Mistake{"LowerCaseCode", site("code = \"hsr\""),
                kFile + "11: [[site]] code: \"hsr\" is not 1 to 4"},
        Mistake{"LongCode", site("code = \"HSRPX\""),
                kFile + "11: [[site]] code: \"HSRPX\" is not 1 to 4"},
        Mistake{"SameCode", site("code = \"A\"\n[[site]]\nname = \"Other\"\ncode = \"A\""),
                kFile + "14: [[site]] code: \"A\" is the code of the site in line 9"},
        Mistake{"SameName",
                site("code = \"A\"\n[[site]]\nname = \"Hospital Santa Rosa 2\"\ncode = \"B\""),
                kFile + "13: [[site]] name: \"Hospital Santa Rosa 2\" is taken by line 10"},
        Mistake{"NoCode",
                kMinimal +
                    "[[site]]\nname = \"Hospital Santa Rosa 2\"\n[[site]]\nname = \"hospital\"\n",
                kFile + "11: [[site]] code: is missing, and the name"},
        Mistake{"Normalisation", site("normalise = [\"strip-leading-zero\"]"),
                kFile + "11: [[site]] normalise: \"strip-leading-zero\" is not one of \"upper\", "
                        "\"strip-leading-zeros\", "
                        "\"strip-punctuation\" (did you mean strip-leading-zeros?)"},
        Mistake{"NoName",
                kMinimal + "[[site]]\nname = \"Hospital Santa Rosa 2\"\n[[site]]\ncode = \"X\"\n",
                kFile + "11: [[site]] name: is missing"}));

INSTANTIATE_TEST_SUITE_P(
    Destination, ConfigMistake,
    ::testing::Values(
        Mistake{"NoKind", kMinimal + "[[destination]]\nname = \"x\"\n",
                kFile + "9: [[destination]] kind: is missing"},
        Mistake{
            "UnknownKind", replaced(kMinimal, "\"folder\"", "\"foldr\""),
            kFile +
                "3: [[destination]] kind: \"foldr\" is not one of \"dicom\", \"stow\", \"folder\" "
                "(did you mean folder?)"},
        Mistake{"NoTitle", dicom("host = \"h\"\n"),
                kFile + "9: [[destination]] ae_title: is missing"},
        Mistake{"NoHost", dicom("ae_title = \"A\"\n"),
                kFile + "9: [[destination]] host: is missing"},
        Mistake{"Itself", dicom("ae_title = \"A\"\nhost = \"localhost\"\nport = 11112\n"),
                kFile + "10: [[destination]] port: \"pacs\" is this node itself"},
        Mistake{"Port", dicom("ae_title = \"A\"\nhost = \"h\"\nport = 65536\n"),
                kFile + "14: [[destination]] port: 65536 is out of range"},
        Mistake{"PathOfDicom", dicom("ae_title = \"A\"\nhost = \"h\"\npath = \"p\"\n"),
                kFile + "14: [[destination]] path: has no meaning for kind = \"dicom\""},
        Mistake{"NoPath", replaced(kMinimal, "path = \"out\"\n", ""),
                kFile + "1: [[destination]] path: is missing"},
        Mistake{"HostOfFolder", replaced(kMinimal, "path", "host = \"h\"\npath"),
                kFile + "4: [[destination]] host: has no meaning for kind = \"folder\""},
        Mistake{"Associations", dicom("ae_title = \"A\"\nhost = \"h\"\nassociations = 17\n"),
                kFile + "14: [[destination]] associations: 17 is out of range: 1 to 16"},
        Mistake{"Hours", dicom("ae_title = \"A\"\nhost = \"h\"\nhours = \"19-06\"\n"),
                kFile + "14: [[destination]] hours: \"19-06\" is no window of hours, as in "
                        "\"19:00-06:00\""},
        Mistake{"NoHours", replaced(kMinimal, "path", "hours = []\npath"),
                kFile + "4: [[destination]] hours: has no window"},
        Mistake{"HoursAreNoNumber", replaced(kMinimal, "path", "hours = 19\npath"),
                kFile + "4: [[destination]] hours: expected"},
        Mistake{"TooSlow", dicom("ae_title = \"A\"\nhost = \"h\"\nmax_kbit_s = 63\n"),
                kFile + "14: [[destination]] max_kbit_s: 63 is out of range"},
        Mistake{"BandwidthOfFolder", replaced(kMinimal, "path", "max_kbit_s = 2000\npath"),
                kFile + "4: [[destination]] max_kbit_s: has no meaning for kind = \"folder\""},
        Mistake{"CompressionOfFolder", replaced(kMinimal, "path", "compress = \"rle\"\npath"),
                kFile + "4: [[destination]] compress: has no meaning for kind = \"folder\""},
        Mistake{"UnknownCompression",
                dicom("ae_title = \"A\"\nhost = \"h\"\ncompress = \"jpegls\"\n"),
                kFile + "14: [[destination]] compress: \"jpegls\" is not one of \"none\", "
                        "\"jpeg-ls\", \"rle\" (did you mean jpeg-ls?)"},
        Mistake{"SameName",
                kMinimal + "[[destination]]\nname = \"out\"\nkind = \"folder\"\npath = \"two\"\n",
                kFile + "10: [[destination]] name: \"out\" is taken by line 2"},
        Mistake{
            "InsideState",
            "[node]\nstate_dir = \"s\"\n" + replaced(kMinimal, "\"out\"\n[[r", "\"s/out\"\n[[r"),
            kFile + "6: [[destination]] path: lies inside state_dir"},
        Mistake{"AroundState", "[node]\nstate_dir = \"out/s\"\n" + kMinimal,
                kFile + "6: [[destination]] path: holds state_dir"},
        Mistake{"SameFolder",
                kMinimal + "[[destination]]\nname = \"b\"\nkind = \"folder\"\npath = \"./out/\"\n",
                kFile + "12: [[destination]] path: is the folder of destination \"out\" as well"}));

INSTANTIATE_TEST_SUITE_P(
    Route, ConfigMistake,
    ::testing::Values(
        Mistake{"MisspeltKey", route("profle = \"basic\""),
                kRoute + "profle: unknown key (did you mean profile?)"},
        Mistake{"UnknownDestination", replaced(kMinimal, "[\"out\"]", "[\"ouT\"]"),
                kFile + "8: [[route]] destinations: no [[destination]] is named \"ouT\" (did you "
                        "mean out?)"},
        Mistake{"NoDestinations", replaced(kMinimal, "[\"out\"]", "[]"),
                kFile + "8: [[route]] destinations: a route needs at least one destination"},
        Mistake{"DestinationsMissing", replaced(kMinimal, "destinations = [\"out\"]\n", ""),
                kFile + "5: [[route]] destinations: a route needs at least one destination"},
        Mistake{"DestinationTwice", replaced(kMinimal, "[\"out\"]", "[\"out\", \"out\"]"),
                kFile + "8: [[route]] destinations: \"out\" stands twice"},
        Mistake{"UnknownProfile", route("profile = \"dosimetri\""),
                kRoute + "profile: no profile \"dosimetri\""},
        Mistake{"ProfileIsAPath", route("profile = \"../x\""),
                kRoute + "profile: \"../x\" is no profile name"},
        Mistake{"UnknownSite", kMinimal + "[[site]]\nname = \"Hospital Santa Rosa\"\n",
                kFile + "7: [[route]] site: no [[site]] is named \"Hospital Santa Rosa 2\" (did "
                        "you mean Hospital Santa Rosa?)"},
        Mistake{"NoSite", replaced(kMinimal, "site = \"Hospital Santa Rosa 2\"\n", ""),
                kFile + "5: [[route]] site: is missing"},
        Mistake{"SiteWithoutCode", replaced(kMinimal, "Hospital Santa Rosa 2", "hospital"),
                kFile + "7: [[route]] site: \"hospital\" has no upper-case letter or digit"},
        Mistake{"TwoSitesOneCode",
                second_route("called_ae = [\"X\"]\n")
                    .replace(second_route("").rfind("Hospital Santa Rosa 2"), 21,
                             "Hospital Sao Roque 22"),
                kFile + "11: [[route]] site: \"Hospital Sao Roque 22\" gives the code HSR2, as "
                        "does line 7"},
        Mistake{"NoName", replaced(kMinimal, "name = \"all\"\n", ""),
                kFile + "5: [[route]] name: is missing"},
        Mistake{"SameName", replaced(second_route("called_ae = [\"X\"]\n"), "\"two\"", "\"all\""),
                kFile + "10: [[route]] name: \"all\" is taken by line 6"},
        Mistake{"NoNetwork", route("from = [\"10.1.0.0/33\"]"),
                kRoute + "from: \"10.1.0.0/33\": the prefix is a number from 0 to 32"},
        Mistake{
            "HostBits", route("from = [\"10.1.2.3/16\"]"),
            kRoute +
                "from: \"10.1.2.3/16\" has bits set beyond its prefix (did you mean 10.1.0.0/16?)"},
        Mistake{"NoAddress", route("from = [\"pacs\"]"),
                kRoute + "from: \"pacs\" is no address or network"},
        Mistake{"EmptyFrom", route("from = []"), kRoute + "from: is empty"},
        Mistake{"NoCalled", route("called_ae = []"), kRoute + "called_ae: is empty"},
        Mistake{"LongCalling", route("calling_ae = [\"SEVENTEEN_LETTERS\"]"),
                kRoute + "calling_ae: \"SEVENTEEN_LETTERS\": has 17"},
        Mistake{"OnUncertain", route("on_uncertain = \"refusee\""),
                kRoute + "on_uncertain: \"refusee\" is not one of \"quarantine\", \"refuse\" (did "
                         "you mean refuse?)"},
        Mistake{"Revisions", route("revisions = \"send\""),
                kRoute + "revisions: \"send\" is not one of \"hold\", \"new-uid\""},
        Mistake{"NewDevices", route("new_devices = \"holt\""),
                kRoute + "new_devices: \"holt\" is not one of \"accept\", \"hold\""},
        Mistake{"DropKey", route("drop = [ { modalty = \"SC\", burned_in = true } ]"),
                kFile + "9: [[route]] drop modalty: unknown key (did you mean modality?)"},
        Mistake{"DropNothing", route("drop = [ { } ]"),
                kFile + "9: [[route]] drop: a rule without a condition"},
        Mistake{"DropTwice", route("drop = [ { modality = \"SC\" }, { modality = \"SC\" } ]"),
                kFile + "9: [[route]] drop: { modality = \"SC\" } stands twice"},
        Mistake{"DropNoUid", route("drop = [ { sop_class = \"CT Image\" } ]"),
                kFile + "9: [[route]] drop sop_class: \"CT Image\" is no UID"},
        Mistake{"DropNotBurned", route("drop = [ { burned_in = false, modality = \"SC\" } ]"),
                kFile + "9: [[route]] drop burned_in: only true has a meaning"},
        Mistake{"DropTwoValues", route("drop = [ { image_type = 'A\\B' } ]"),
                kFile + "9: [[route]] drop image_type: "},
        Mistake{"DropWord", route("drop = [ \"SC\" ]"), kRoute + "drop: expected tables"},
        Mistake{"EquallySpecific", second_route(""),
                kFile + "9: [[route]]: \"two\" and \"all\" (line 5) are equally specific: "
                        "called_ae \"*\", calling_ae \"*\", any address"}));

INSTANTIATE_TEST_SUITE_P(
    Peer, ConfigMistake,
    ::testing::Values(
        Mistake{"Charset", peer("default_charset = \"LATIN\""),
                kFile + "13: [[peer]] default_charset: \"LATIN\" is no character set"},
        Mistake{"Port", peer("port = 0"), kFile + "13: [[peer]] port: 0 is out of range"},
        Mistake{"NoTitle", kMinimal + "[[peer]]\nname = \"p\"\nhost = \"h\"\n",
                kFile + "9: [[peer]] ae_title: is missing"},
        Mistake{"NoHost", kMinimal + "[[peer]]\nname = \"p\"\nae_title = \"P\"\n",
                kFile + "9: [[peer]] host: is missing"}));

TEST(ConfigErrors, AreAllReportedAtOnceInTheOrderOfTheFile) {
  const std::string errors = ConfigFile(
                                 "[node]\nae_title = 3\n[[route]]\nname = \"a\"\nfrm = []\n"
                                 "[[peer]]\nport = 0\n")
                                 .errors();

  std::vector<std::string> begins;
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) begins.push_back(line.substr(0, 16));
  EXPECT_THAT(begins,
              ::testing::ElementsAre(
                  "dosigate.toml:2:", "dosigate.toml:3:", "dosigate.toml:5:", "dosigate.toml:6:",
                  "dosigate.toml:6:", "dosigate.toml:6:", "dosigate.toml:7:"))
      << errors;
}

TEST(ConfigErrors, NoDestinationTakesTheNameOfTheServicesClients) {
  const std::string errors =
      ConfigFile(kMinimal + "[[destination]]\nname = \"rest\"\nkind = \"folder\"\npath = \"x\"\n")
          .errors();

  EXPECT_THAT(errors, HasSubstr("[[destination]] name: \"rest\" stands in the ledger"));
}

TEST(ConfigErrors, AProfileWithAMistakeIsReportedWithTheRoute) {
  const ConfigFile file("[node]\nprofiles_dir = \".\"\n" + kMinimal + "profile = \"own\"\n");
  std::ofstream(file.dir.path / "own.toml") << "name = 3\n";

  EXPECT_THAT(file.errors(), HasSubstr("dosigate.toml:11: [[route]] profile: "));
  EXPECT_THAT(file.errors(), HasSubstr("own.toml"));
}

TEST(ConfigErrors, AFolderReachedThroughALinkIntoTheStateIsInsideIt) {
  const ConfigFile file("[node]\nstate_dir = \"s\"\n" + kMinimal);
  std::filesystem::create_directories(file.dir.path / "s/inner");
  std::filesystem::create_directory_symlink(file.dir.path / "s/inner", file.dir.path / "out");

  EXPECT_THAT(file.errors(), HasSubstr(":6: [[destination]] path: lies inside state_dir"));
}

}  // namespace
}  // namespace dosigate
