// What the configuration says of TLS, and what is wrong with it: with line and key.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "config_file.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;
using testing::TempDir;
using testing::TestCa;
using testing::tls_section;

const std::string kListen = kMinimal + "[node]\nlisten_tls = [\"127.0.0.1:2762\"]\n";  // line 10
const std::string kPrint(64, 'a');

class ConfigTls : public ::testing::Test {
 protected:
  static std::string errors(const std::string& text) { return ConfigFile(text).errors(); }
  TempDir dir_;
  TestCa ca_{dir_.path};
  TlsFiles files_ = ca_.issue("node");
};

TEST_F(ConfigTls, AllOfItIsRead) {
  const ConfigFile file(
      "[node]\nlisten = []\nlisten_tls = [\"0.0.0.0:2762\"]\n"
      "[[destination]]\nname = \"a\"\nkind = \"dicom\"\nae_title = \"A\"\nhost = \"pacs.org\"\n"
      "tls = true\n"
      "[[destination]]\nname = \"b\"\nkind = \"dicom\"\nae_title = \"B\"\nhost = \"b.org\"\n"
      "tls = true\ntls_fingerprints = [\"" +
      kPrint +
      "\"]\n"
      "[[route]]\nname = \"r\"\nsite = \"HC\"\ndestinations = [\"a\", \"b\"]\n"
      "tls_names = [\"ct1.hospital.org\"]\n"
      "[[peer]]\nname = \"p\"\nae_title = \"P\"\nhost = \"h\"\ntls = true\ntls_names = [\"x\"]\n" +
      tls_section(files_));
  const auto config = file.load();
  ASSERT_TRUE(config) << file.errors();
  EXPECT_TRUE(config->node.listen.empty());
  EXPECT_EQ(config->node.listen_tls, std::vector<std::string>{"0.0.0.0:2762"});
  EXPECT_EQ(config->tls->key, files_.key);
  EXPECT_EQ(config->outputs.at(0).destination.tls, (TlsPin{{"pacs.org"}, {}}));
  EXPECT_EQ(config->outputs.at(1).destination.tls, (TlsPin{{}, {kPrint}}));
  EXPECT_EQ(config->routes.at(0).tls, (TlsPin{{"ct1.hospital.org"}, {}}));
  EXPECT_EQ(config->peers.at(0).tls, (TlsPin{{"x"}, {}}));
}

TEST_F(ConfigTls, APlainNodeHasNone) {
  const auto config = ConfigFile(kMinimal).load();
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->node.listen_tls.empty());
}

TEST_F(ConfigTls, APortNeedsTheSection) {
  EXPECT_EQ(errors(kListen),
            "dosigate.toml:10: [node] listen_tls: needs [tls] with certificate, "
            "key and ca\n");
  EXPECT_THAT(errors(kListen + "[tls]\nca = \"" + files_.ca.string() + "\"\n"),
              HasSubstr("dosigate.toml:10: [node] listen_tls: needs [tls] certificate and key"));
  EXPECT_EQ(errors(kListen + tls_section(files_)), "");
}

TEST_F(ConfigTls, ADestinationOrPeerNeedsTheSection) {
  EXPECT_EQ(
      errors(kMinimal + "[[peer]]\nname = \"p\"\nae_title = \"P\"\nhost = \"h\"\ntls = true\n"),
      "dosigate.toml:13: [[peer]] tls: needs [tls] with ca, and with certificate and key "
      "where the peer asks for them\n");
  EXPECT_THAT(errors(kMinimal + "[[destination]]\nname = \"d\"\nkind = \"dicom\"\nae_title = "
                                "\"D\"\nhost = \"h\"\ntls = true\n"),
              HasSubstr("dosigate.toml:14: [[destination]] tls: needs [tls]"));
  EXPECT_THAT(errors(kMinimal +
                     "[[destination]]\nname = \"d\"\nkind = \"folder\"\npath = "
                     "\"d\"\ntls = true\n" +
                     tls_section(files_)),
              HasSubstr("dosigate.toml:13: [[destination]] tls: has no meaning for kind"));
}

TEST_F(ConfigTls, FilesThatCannotBeUsedAreNamedWithTheirKey) {
  TlsFiles files = files_;
  files.certificate = dir_.path / "absent.pem";
  EXPECT_THAT(errors(kListen + tls_section(files)),
              HasSubstr("dosigate.toml:12: [tls] certificate: the TLS certificate "));
  files = files_;
  files.key = ca_.issue("other").key;
  EXPECT_THAT(errors(kListen + tls_section(files)), HasSubstr("dosigate.toml:13: [tls] key: "));
  EXPECT_THAT(errors(kListen + tls_section(files)),
              HasSubstr("does not belong to the certificate"));
  files = files_;
  files.ca = dir_.path / "absent.pem";
  EXPECT_THAT(errors(kListen + tls_section(files)), HasSubstr("dosigate.toml:14: [tls] ca: "));
  ASSERT_EQ(::chmod(files_.key.c_str(), 0640), 0);
  EXPECT_THAT(errors(kListen + tls_section(files_)),
              HasSubstr("dosigate.toml:13: [tls] key: the TLS key "));
  EXPECT_THAT(errors(kListen + tls_section(files_)), HasSubstr("others could read or change it"));
}

TEST_F(ConfigTls, AnExpiredCertificateIsAnError) {
  TestCa::Wish wish;
  wish.from = -std::chrono::hours(48);
  wish.until = -std::chrono::hours(24);
  EXPECT_THAT(errors(kListen + tls_section(ca_.issue("old", "old", wish))),
              HasSubstr("dosigate.toml:12: [tls] certificate: "));
}

TEST_F(ConfigTls, HalvesAreErrors) {
  EXPECT_THAT(errors(kMinimal + "[tls]\n"), HasSubstr("dosigate.toml:9: [tls] ca: is missing"));
  EXPECT_THAT(errors(kMinimal + "[tls]\nca = \"" + files_.ca.string() + "\"\nkey = \"" +
                     files_.key.string() + "\"\n"),
              HasSubstr("dosigate.toml:11: [tls] key: has no use without certificate"));
  EXPECT_THAT(errors(kMinimal + "[[peer]]\nname = \"p\"\nae_title = \"P\"\nhost = \"h\"\n"
                                "tls_names = [\"h\"]\n"),
              HasSubstr("dosigate.toml:13: [[peer]] tls_names: has no meaning without tls = true"));
  EXPECT_THAT(errors(kMinimal + "tls_names = [\"ct1\"]\n"),
              HasSubstr("dosigate.toml:9: [[route]] tls_names: needs a TLS port"));
  EXPECT_THAT(errors(kListen + tls_section(files_) +
                     "[[peer]]\nname = \"p\"\nae_title = \"P\"\n"
                     "host = \"h\"\ntls = true\n"
                     "tls_fingerprints = [\"abc\"]\n"),
              HasSubstr("[[peer]] tls_fingerprints: \"abc\" is no SHA-256"));
}

TEST_F(ConfigTls, OnePortIsEitherPlainOrTls) {
  EXPECT_THAT(errors(kMinimal +
                     "[node]\nlisten = [\"127.0.0.1:2762\"]\n"
                     "listen_tls = [\"127.0.0.1:2762\"]\n" +
                     tls_section(files_)),
              HasSubstr("dosigate.toml:11: [node] listen_tls: \"127.0.0.1:2762\" stands twice"));
}

TEST_F(ConfigTls, ARouteWithAPinIsForItsCertificateOnly) {
  const ConfigFile file(
      "[node]\nlisten_tls = [\"127.0.0.1:2762\"]\n"
      "[[route]]\nname = \"ct\"\nsite = \"HC\"\ntls_names = [\"ct1\"]\n"
      "[[route]]\nname = \"any\"\nsite = \"HC\"\nfrom = [\"10.0.0.0/8\"]\n"
      "[[route]]\nname = \"ct10\"\nsite = \"HC\"\nfrom = [\"10.0.0.0/8\"]\n"
      "tls_fingerprints = [\"" +
      kPrint + "\"]\n" + tls_section(files_));
  const auto config = file.load();
  ASSERT_TRUE(config) << file.errors();
  const auto found = [&](const char* address, std::optional<TlsIdentity> certificate) {
    const auto* route = find_route(*config, "A", "B", address, certificate);
    return route == nullptr ? "none" : route->name;
  };
  EXPECT_EQ(found("192.168.1.1", {}), "none");
  EXPECT_EQ(found("192.168.1.1", TlsIdentity{{"ct1"}, "b"}), "ct");
  EXPECT_EQ(found("192.168.1.1", TlsIdentity{{"ct2"}, "b"}), "none");
  EXPECT_EQ(found("10.0.0.1", {}), "any");
  EXPECT_EQ(found("10.0.0.1", TlsIdentity{{"x"}, kPrint}), "ct10");
  EXPECT_EQ(found("10.0.0.1", TlsIdentity{{"x"}, "b"}), "any");
}

TEST_F(ConfigTls, RoutesWithPinsAreEquallySpecificAmongThemselves) {
  EXPECT_THAT(errors("[node]\nlisten_tls = [\"127.0.0.1:2762\"]\n"
                     "[[route]]\nname = \"a\"\nsite = \"HC\"\ntls_names = [\"a\"]\n"
                     "[[route]]\nname = \"b\"\nsite = \"HC\"\ntls_names = [\"b\"]\n" +
                     tls_section(files_)),
              HasSubstr("are equally specific"));
}

}  // namespace
}  // namespace dosigate
