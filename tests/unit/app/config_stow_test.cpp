// What the configuration says of an archive that takes STOW-RS, and what is wrong with it: with
// line and key.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "config_file.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;
using ::testing::Not;
using testing::TempDir;
using testing::TestCa;
using testing::tls_section;

class ConfigStow : public ::testing::Test {
 protected:
  std::string secret(const std::string& name, const std::string& text, mode_t mode = 0400) const {
    const auto file = dir_.path / name;
    std::ofstream(file) << text;
    ::chmod(file.c_str(), mode);
    return file.string();
  }
  /// Line 9 is [[destination]], 10 its name, 11 its kind, the rest follows.
  std::string with(const std::string& lines) const {
    return kMinimal + "[[destination]]\nname = \"web\"\nkind = \"stow\"\n" + lines +
           tls_section(files_);
  }
  std::string errors(const std::string& lines) const { return ConfigFile(with(lines)).errors(); }

  TempDir dir_;
  TestCa ca_{dir_.path};
  TlsFiles files_ = ca_.issue("node");
};

TEST_F(ConfigStow, AllOfItIsRead) {
  const std::string token = secret("token", "abc\n"), proxy = secret("proxy", "user:pass\n");
  const ConfigFile file(
      with("url = \"https://archive.example.org:8443/dicom-web/\"\ntoken_file = \"" + token +
           "\"\ntls_names = [\"a.org\"]\nproxy = \"http://proxy:3128\"\nproxy_password_file = \"" +
           proxy +
           "\"\ntimeout_s = 120\nassociations = 4\nmax_kbit_s = 2000\nhours = \"19:00-06:00\"\n"
           "max_attempts = 5\nmax_age_h = 48\n"));
  const auto config = file.load();
  ASSERT_TRUE(config) << file.errors();

  const Destination& to = config->outputs.at(1).destination;
  EXPECT_EQ(to.kind, Destination::Kind::Stow);
  EXPECT_EQ(to.stow.url, (WebAddress{true, "archive.example.org", 8443, "/dicom-web"}));
  EXPECT_EQ(to.stow.token_file, token);
  EXPECT_EQ(to.stow.proxy, (WebAddress{false, "proxy", 3128, ""}));
  EXPECT_EQ(to.stow.proxy_password_file, proxy);
  EXPECT_EQ(to.tls, (TlsPin{{"a.org"}, {}}));
  EXPECT_EQ(to.dimse_timeout.count(), 120);
  EXPECT_EQ(to.associations, 4U);
  EXPECT_EQ(to.max_kbit_s, 2000U);
  EXPECT_EQ(to.hours.text(), "19:00-06:00");
  EXPECT_EQ(to.max_attempts, 5U);
  EXPECT_EQ(to.max_age.count(), 48);
  EXPECT_EQ(place_text(to), "https://archive.example.org:8443/dicom-web");
}

TEST_F(ConfigStow, WithoutPinsTheArchiveHasToProveTheNameOfItsAddress) {
  const auto config = ConfigFile(with("url = \"https://archive.example.org\"\n")).load();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->outputs.at(1).destination.tls, (TlsPin{{"archive.example.org"}, {}}));
}

TEST_F(ConfigStow, PlainHttpGoesToThisMachineOnly) {
  EXPECT_EQ(errors("url = \"http://127.0.0.1:8042/dicom-web\"\n"), "");
  EXPECT_THAT(errors("url = \"http://archive.example.org/dicom-web\"\n"),
              HasSubstr("dosigate.toml:12: [[destination]] url: is http:// to another machine"));
  EXPECT_THAT(errors("url = \"http://localhost/\"\ntls_names = [\"x\"]\n"),
              HasSubstr("dosigate.toml:13: [[destination]] tls_names: has no meaning without "
                        "https://"));
  EXPECT_THAT(errors("url = \"http://localhost/\"\nproxy = \"http://p:1\"\n"),
              HasSubstr("[[destination]] proxy: has no meaning without https://"));
}

TEST_F(ConfigStow, HttpsNeedsACa) {
  const std::string text = kMinimal +
                           "[[destination]]\nname = \"web\"\nkind = \"stow\"\n"
                           "url = \"https://archive.example.org\"\n";
  EXPECT_THAT(ConfigFile(text).errors(),
              HasSubstr("dosigate.toml:12: [[destination]] url: needs [tls] with ca"));
}

TEST_F(ConfigStow, WhatIsWrongIsNamedWithItsKeyAndNoSecretIsRepeated) {
  EXPECT_THAT(errors(""), HasSubstr("dosigate.toml:9: [[destination]] url: is missing"));
  const std::string said = errors("url = \"https://user:geheim@archive.example.org\"\n");
  EXPECT_THAT(said, HasSubstr("dosigate.toml:12: [[destination]] url: has credentials in it"));
  EXPECT_THAT(said, Not(HasSubstr("geheim")));
  EXPECT_THAT(errors("url = \"https://a/\"\nproxy = \"https://proxy:3128\"\n"),
              HasSubstr("dosigate.toml:13: [[destination]] proxy: is not http://HOST:PORT"));
  const std::string file = secret("both", "a:b");
  EXPECT_THAT(errors("url = \"https://a/\"\ntoken_file = \"" + file + "\"\npassword_file = \"" +
                     file + "\"\n"),
              HasSubstr("dosigate.toml:14: [[destination]] password_file: stands beside"));
  EXPECT_THAT(errors("url = \"https://a/\"\nproxy_password_file = \"" + file + "\"\n"),
              HasSubstr("proxy_password_file: has no use without proxy"));
}

TEST_F(ConfigStow, KeysOfOtherKindsAreErrors) {
  EXPECT_THAT(errors("url = \"https://a/\"\ntls = true\n"),
              HasSubstr("dosigate.toml:13: [[destination]] tls: has no meaning for kind = "
                        "\"stow\""));
  for (const std::string line : {"path = \"x\"", "ae_title = \"A\"", "host = \"h\"", "port = 104",
                                 "dimse_timeout_s = 5", "compress = \"rle\""})
    EXPECT_THAT(errors("url = \"https://a/\"\n" + line + "\n"),
                HasSubstr("has no meaning for kind = \"stow\""))
        << line;
  EXPECT_THAT(ConfigFile(kMinimal + "[[destination]]\nname = \"d\"\nkind = \"dicom\"\nae_title = "
                                    "\"D\"\nhost = \"h\"\nurl = \"https://a/\"\n")
                  .errors(),
              HasSubstr("url: has no meaning for kind = \"dicom\""));
  EXPECT_THAT(ConfigFile(kMinimal + "[[destination]]\nname = \"d\"\nkind = \"folder\"\npath = "
                                    "\"d\"\ntimeout_s = 5\n")
                  .errors(),
              HasSubstr("timeout_s: has no meaning for kind = \"folder\""));
}

TEST_F(ConfigStow, ASecretThatOthersCanReadIsWarnedOf) {
  const std::string file = secret("token", "abc", 0644);
  const auto config =
      ConfigFile(with("url = \"https://a/\"\ntoken_file = \"" + file + "\"\n")).load();
  ASSERT_TRUE(config);
  EXPECT_THAT(config->warnings,
              ::testing::Contains(HasSubstr(":13: [[destination]] token_file: the token file " +
                                            file + " has mode 0644")));
}

}  // namespace
}  // namespace dosigate
