// [http] and [[http_client]]: what they say, and what is wrong with them, with line and key.

#include <gmock/gmock.h>

#include "app/config_http.h"
#include "config_file.h"
#include "dosigate/app/access.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using testing::ConfigFile;
using ::testing::HasSubstr;
using testing::kMinimal;
using testing::TempDir;
using testing::TestCa;
using testing::tls_section;

const std::string kPlain = kMinimal + "[http]\nlisten = [\"127.0.0.1:8042\"]\n";  // line 10
const std::string kTls = kMinimal + "[http]\nlisten_tls = [\"0.0.0.0:8443\"]\n";
const std::string kClient =
    "[[http_client]]\nname = \"viewer\"\nrights = [\"deidentify\"]\ntls_names = [\"v.org\"]\n";

class ConfigHttp : public ::testing::Test {
 protected:
  static std::string errors(const std::string& text) { return ConfigFile(text).errors(); }
  TempDir dir_;
  TestCa ca_{dir_.path};
  TlsFiles files_ = ca_.issue("node");
  std::string own_files() const {
    return "certificate = \"" + files_.certificate.string() + "\"\nkey = \"" + files_.key.string() +
           "\"\n";
  }
};

TEST_F(ConfigHttp, ItIsOffUnlessItListens) {
  const auto config = ConfigFile(kMinimal).load();
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->http.on());
  const auto limits_only = ConfigFile(kMinimal + "[http]\nmax_parts = 7\n").load();
  ASSERT_TRUE(limits_only);
  EXPECT_FALSE(limits_only->http.on());
}

TEST_F(ConfigHttp, AllOfItIsRead) {
  const ConfigFile file(kMinimal +
                        "[http]\nlisten = [\"127.0.0.1:8042\", \"[::1]:8042\"]\n"
                        "listen_tls = [\"0.0.0.0:8443\"]\ncors_origins = [\"https://a.org:8443\"]\n"
                        "requests_per_minute = 5\nmax_uploads = 2\nmax_upload_gb = 3\n"
                        "max_unpacked_gb = 9\nmax_ratio = 7\nmax_parts = 11\nkeep_answers_h = 2\n"
                        "page = false\n" +
                        kClient + "tls_fingerprints = [\"" + std::string(64, 'a') + "\"]\n" +
                        "[[http_client]]\nname = \"b\"\nrights = [\"store\", \"metrics\"]\n"
                        "tls_names = [\"b.org\"]\n" +
                        tls_section(files_));
  const auto config = file.load();
  ASSERT_TRUE(config) << file.errors();
  const HttpSettings& http = config->http;
  EXPECT_TRUE(http.on());
  EXPECT_EQ(http.listen.size(), 2U);
  EXPECT_EQ(http.listen_tls.at(0), "0.0.0.0:8443");
  EXPECT_EQ(http.cors_origins.at(0), "https://a.org:8443");
  EXPECT_EQ(http.requests_per_minute, 5U);
  EXPECT_EQ(http.max_uploads, 2U);
  EXPECT_EQ(http.max_upload_bytes, 3ULL << 30U);
  EXPECT_EQ(http.max_unpacked_bytes, 9ULL << 30U);
  EXPECT_EQ(http.max_ratio, 7U);
  EXPECT_EQ(http.max_parts, 11U);
  EXPECT_EQ(http.keep_answers, std::chrono::hours(2));
  EXPECT_FALSE(http.page);
  EXPECT_EQ(http.tls.certificate, files_.certificate) << "of [tls]";
  EXPECT_EQ(http.tls.ca, files_.ca) << "of [tls], because there are clients";
  ASSERT_EQ(http.clients.size(), 2U);
  EXPECT_EQ(http.clients[0].name, "viewer");
  EXPECT_EQ(http.clients[0].rights, right_bit(Right::Deidentify));
  EXPECT_EQ(http.clients[0].pin, (TlsPin{{"v.org"}, {std::string(64, 'a')}}));
  EXPECT_EQ(http.clients[1].rights, right_bit(Right::Store) | right_bit(Right::Metrics));
}

TEST_F(ConfigHttp, PlainHttpStaysOnThisMachine) {
  EXPECT_EQ(errors(kPlain), "");
  for (const char* open : {"0.0.0.0:8042", "10.1.2.3:8042", "[::]:8042"})
    EXPECT_THAT(errors(kMinimal + "[http]\nlisten = [\"" + open + "\"]\n"),
                HasSubstr("dosigate.toml:10: [http] listen: \"" + std::string(open) +
                          "\" can be reached from other machines, and what is sent there is not "
                          "encrypted: name it in listen_tls instead"));
}

TEST_F(ConfigHttp, AnAddressStandsOnceOverAllPorts) {
  EXPECT_THAT(errors(kMinimal + "[http]\nlisten = [\"127.0.0.1:11112\"]\n"),
              HasSubstr("10: [http] listen: \"127.0.0.1:11112\" stands twice"));
  EXPECT_THAT(errors(kPlain + "listen_tls = [\"127.0.0.1:8042\"]\n" + own_files()),
              HasSubstr("11: [http] listen_tls: \"127.0.0.1:8042\" stands twice"));
}

TEST_F(ConfigHttp, TheTlsPortNeedsACertificate) {
  EXPECT_THAT(errors(kTls), HasSubstr("10: [http] listen_tls: needs certificate and key, here"));
  const auto own = ConfigFile(kTls + own_files()).load();
  ASSERT_TRUE(own) << errors(kTls + own_files());
  EXPECT_TRUE(own->http.tls.ca.empty()) << "nobody is asked for a certificate";
  const auto of_tls = ConfigFile(kTls + tls_section(files_)).load();
  ASSERT_TRUE(of_tls);
  EXPECT_TRUE(of_tls->http.tls.ca.empty());
  EXPECT_THAT(errors(kTls + "certificate = \"x.pem\"\n"),
              HasSubstr("11: [http] certificate: has no use without key"));
  EXPECT_THAT(errors(kTls + "certificate = \"x.pem\"\nkey = \"x.key\"\n"),
              HasSubstr("11: [http] certificate: the TLS certificate"));
  EXPECT_THAT(
      errors(kTls + "certificate = \"" + files_.certificate.string() + "\"\nkey = \"x.key\"\n"),
      HasSubstr("12: [http] key: "));
  EXPECT_THAT(errors(kPlain + "certificate = \"x.pem\"\n"),
              HasSubstr("11: [http] certificate: has no meaning without listen_tls"));
}

TEST_F(ConfigHttp, AClientNeedsTlsAnAuthorityAPinAndRights) {
  EXPECT_THAT(errors(kPlain + kClient), HasSubstr("11: [[http_client]]: certificates are shown "
                                                  "over TLS only"));
  EXPECT_THAT(errors(kTls + own_files() + kClient),
              HasSubstr("13: [[http_client]]: needs [http] client_ca, or [tls] ca"));
  const std::string with_ca = kTls + own_files() + "client_ca = \"" + files_.ca.string() + "\"\n";
  EXPECT_EQ(errors(with_ca + kClient), "");
  EXPECT_THAT(errors(with_ca), HasSubstr("13: [http] client_ca: has no use without "
                                         "[[http_client]]"));
  EXPECT_THAT(errors(with_ca + "[[http_client]]\nname = \"a\"\nrights = [\"store\"]\n"),
              HasSubstr("14: [[http_client]]: \"a\" names no certificate"));
  EXPECT_THAT(errors(with_ca + "[[http_client]]\nname = \"a\"\ntls_names = [\"a\"]\n"),
              HasSubstr("14: [[http_client]] rights: is missing"));
  EXPECT_THAT(errors(with_ca + "[[http_client]]\nname = \"a\"\nrights = []\ntls_names = [\"a\"]\n"),
              HasSubstr("16: [[http_client]] rights: is empty"));
  EXPECT_THAT(
      errors(with_ca +
             "[[http_client]]\nname = \"a\"\nrights = [\"reveel\"]\ntls_names = [\"a\"]\n"),
      HasSubstr("16: [[http_client]] rights: \"reveel\" is none of operate, reveal, manage, "
                "deidentify, store, metrics (did you mean reveal?)"));
  EXPECT_THAT(errors(with_ca + kClient +
                     "[[http_client]]\nname = \"b\"\nrights = [\"store\"]\n"
                     "tls_names = [\"v.org\"]\n"),
              HasSubstr("21: [[http_client]] tls_names: \"v.org\" is client \"viewer\" already"));
}

TEST_F(ConfigHttp, LimitsHaveRanges) {
  for (const char* key : {"requests_per_minute", "max_uploads", "max_upload_gb", "max_unpacked_gb",
                          "max_ratio", "max_parts", "keep_answers_h"})
    EXPECT_THAT(errors(kPlain + key + " = 0\n"), HasSubstr("11: [http] " + std::string(key) + ": "))
        << key;
}

TEST_F(ConfigHttp, AnOriginIsOneOfABrowser) {
  for (const char* good : {"https://a.org", "https://a.org:8443", "http://localhost:3000",
                           "http://127.0.0.1", "http://[::1]:80"})
    EXPECT_TRUE(is_origin(good)) << good;
  for (const char* bad :
       {"*", "null", "", "https://", "https://a.org/", "https://A.org",
        "https://a.org:", "https://a.org:0", "https://a.org:99999", "http://a.org", "ftp://a.org",
        "https://a.org/x", "https://*.org", "http://localhost.evil.org"})
    EXPECT_FALSE(is_origin(bad)) << bad;
  EXPECT_THAT(errors(kPlain + "cors_origins = [\"*\"]\n"),
              HasSubstr("11: [http] cors_origins: \"*\" is no origin"));
}

TEST_F(ConfigHttp, OnlyThePortsNeedARestart) {
  HttpSettings before, now;
  before.listen = now.listen = {"127.0.0.1:1"};
  now.requests_per_minute = 1;
  now.cors_origins = {"https://a.org"};
  EXPECT_TRUE(changed_http_keys(before, now).empty());
  now.listen_tls = {"127.0.0.1:2"};
  now.listen.clear();
  EXPECT_THAT(changed_http_keys(before, now), ::testing::ElementsAre("listen", "listen_tls"));
}

}  // namespace
}  // namespace dosigate
