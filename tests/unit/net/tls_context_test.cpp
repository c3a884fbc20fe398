// Which files a TLS context is made of, and what it refuses.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "dosigate/net/tls.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/test_ca.h"

namespace dosigate {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::TestCa;

class TlsContextTest : public ::testing::Test {
 protected:
  std::string refusal(const TlsFiles& files, TlsFile expected) {
    TlsFile at_fault{};
    const auto made = TlsContext::server(files, &at_fault);
    if (made) return "accepted";
    EXPECT_EQ(at_fault, expected);
    return made.error().detail;
  }
  TempDir dir_;
  TestCa ca_{dir_.path};
};

TEST_F(TlsContextTest, KnowsSubjectFingerprintAndEndOfItsCertificate) {
  const TlsFiles files = ca_.issue("node");

  const auto made = TlsContext::server(files);

  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ((*made)->subject(), "CN=node");
  EXPECT_EQ((*made)->ca_subject(), "CN=Test CA ca");
  EXPECT_EQ((*made)->fingerprint(), testing::fingerprint_of_file(files.certificate));
  const auto left = (*made)->expires() - wall_now();
  EXPECT_GT(left, 364 * 24h);
  EXPECT_LT(left, 366 * 24h);
  EXPECT_GT((*made)->ca_expires() - wall_now(), 364 * 24h);
}

TEST_F(TlsContextTest, AKeyThatOthersMayReadIsRefused) {
  const TlsFiles files = ca_.issue("node");
  for (const mode_t mode : {0640U, 0440U, 0604U, 0666U}) {
    ASSERT_EQ(::chmod(files.key.c_str(), mode), 0);
    EXPECT_THAT(refusal(files, TlsFile::Key), HasSubstr("others could read or change it"));
  }
  ASSERT_EQ(::chmod(files.key.c_str(), 0400), 0);
  EXPECT_TRUE(TlsContext::server(files));
}

TEST_F(TlsContextTest, ACredentialOfSystemdShowsTheGroupsRight) {
  const TlsFiles files = ca_.issue("node");
  ASSERT_EQ(::chmod(files.key.c_str(), 0440), 0);
  ::setenv("CREDENTIALS_DIRECTORY", dir_.path.c_str(), 1);
  const auto made = TlsContext::server(files);
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_TRUE(made);
}

TEST_F(TlsContextTest, AKeyOfAnotherCertificateIsRefused) {
  TlsFiles files = ca_.issue("node");
  files.key = ca_.issue("other").key;
  EXPECT_THAT(refusal(files, TlsFile::Key), HasSubstr("does not belong to the certificate"));
}

TEST_F(TlsContextTest, FilesThatAreMissingOrNoPemAreNamed) {
  const TlsFiles good = ca_.issue("node");
  TlsFiles files = good;
  files.certificate = dir_.path / "absent.pem";
  EXPECT_THAT(refusal(files, TlsFile::Certificate), HasSubstr("absent.pem cannot be read"));
  files = good;
  files.key = dir_.path / "absent.key";
  EXPECT_THAT(refusal(files, TlsFile::Key), HasSubstr("absent.key cannot be read"));
  files = good;
  files.ca = good.key;
  EXPECT_THAT(refusal(files, TlsFile::Ca), HasSubstr("holds no certificate"));
  files = good;
  files.certificate = good.key;
  EXPECT_THAT(refusal(files, TlsFile::Certificate), HasSubstr("holds no certificate"));
}

TEST_F(TlsContextTest, AnExpiredCertificateOrCaIsRefused) {
  TestCa::Wish wish;
  wish.from = -48h;
  wish.until = -24h;
  EXPECT_THAT(refusal(ca_.issue("old", "old", wish), TlsFile::Certificate),
              HasSubstr("(CN=old) expired on 20"));

  const TestCa ended(dir_.path, "ended", TestCa::Keys::Elliptic, -1h);
  EXPECT_THAT(refusal(ended.issue("node"), TlsFile::Ca), HasSubstr("ended.pem expired on 20"));
}

TEST_F(TlsContextTest, AnExpiredCaBesideAValidOneIsLeftOver) {
  const TestCa ended(dir_.path, "ended", TestCa::Keys::Elliptic, -1h);
  TlsFiles files = ca_.issue("node");
  std::ofstream(dir_.path / "both.pem")
      << std::ifstream(ended.certificate()).rdbuf() << std::ifstream(ca_.certificate()).rdbuf();
  files.ca = dir_.path / "both.pem";

  const auto made = TlsContext::server(files);

  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ((*made)->ca_subject(), "CN=Test CA ca");
}

TEST_F(TlsContextTest, AKeyWithAPassphraseIsRefusedWithTheWayOut) {
  TlsFiles files = ca_.issue("node");
  const auto locked = dir_.path / "locked.key";
  const auto done = testing::run({"openssl", "pkey", "-in", files.key.string(), "-aes256",
                                  "-passout", "pass:secret", "-out", locked.string()});
  ASSERT_EQ(done.code, 0) << done.output;
  ASSERT_EQ(::chmod(locked.c_str(), 0600), 0);
  files.key = locked;
  EXPECT_THAT(refusal(files, TlsFile::Key), HasSubstr("encrypted with a passphrase"));
}

TEST_F(TlsContextTest, AClientMayHaveNoCertificate) {
  const auto made = TlsContext::client({{}, {}, ca_.certificate()});
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_FALSE((*made)->has_certificate());
  EXPECT_FALSE(TlsContext::server({{}, {}, ca_.certificate()}));
}

TEST_F(TlsContextTest, ChangedFilesAreAnotherContext) {
  const TlsFiles files = ca_.issue("node");
  const auto first = TlsContext::server(files), again = TlsContext::server(files);
  const auto renewed = TlsContext::server(ca_.issue("node"));
  ASSERT_TRUE(first && again && renewed);
  EXPECT_TRUE((*first)->same_files(**again));
  EXPECT_FALSE((*first)->same_files(**renewed));
}

TEST(TlsPin, NamesAreComparedAsTheStandardWants) {
  const auto admits = [](const char* certificate, const char* wanted) {
    return TlsPin{{wanted}, {}}.admits({{certificate}, ""});
  };
  EXPECT_TRUE(admits("pacs.hospital.org", "PACS.hospital.org"));
  EXPECT_TRUE(admits("*.hospital.org", "pacs.hospital.org"));
  EXPECT_TRUE(admits("2001:db8::1", "2001:DB8:0::1"));
  EXPECT_FALSE(admits("*.hospital.org", "hospital.org"));
  EXPECT_FALSE(admits("*.hospital.org", "a.b.hospital.org"));
  EXPECT_FALSE(admits("*.org", "hospital.org"));
  EXPECT_FALSE(admits("p*.hospital.org", "pacs.hospital.org"));
  EXPECT_FALSE(admits("*.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(admits("pacs.hospital.org.evil.org", "pacs.hospital.org"));
  EXPECT_TRUE(TlsPin{}.admits({{"anyone"}, ""}));
  EXPECT_FALSE((TlsPin{{"a"}, {}}.admits({{}, "ab"})));
}

TEST(TlsPin, NameAndFingerprintMustBothBeRight) {
  const TlsIdentity peer{{"ct1"}, std::string(64, 'a')};
  EXPECT_TRUE((TlsPin{{}, {std::string(64, 'a')}}.admits(peer)));
  EXPECT_FALSE((TlsPin{{}, {std::string(64, 'b')}}.admits(peer)));
  EXPECT_TRUE((TlsPin{{"ct1"}, {std::string(64, 'b'), std::string(64, 'a')}}.admits(peer)));
  EXPECT_FALSE((TlsPin{{"ct2"}, {std::string(64, 'a')}}.admits(peer)));
}

TEST(TlsFingerprint, IsReadWithAndWithoutColons) {
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "AB" : ":AB";
  std::string plain;
  for (int i = 0; i < 32; ++i) plain += "ab";
  EXPECT_EQ(tls_fingerprint(colons), plain);
  EXPECT_EQ(tls_fingerprint(plain), plain);
  EXPECT_FALSE(tls_fingerprint(plain.substr(2)));
  EXPECT_FALSE(tls_fingerprint("SHA256:xyz"));
}

}  // namespace
}  // namespace dosigate
