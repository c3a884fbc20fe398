// Addresses of archives and proxies, taken apart.

#include "dosigate/forward/stow_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dosigate::testing {
namespace {

TEST(WebAddress, IsTakenApartAndPutTogether) {
  const auto one = parse_web_address("https://archive.example.org/dicom-web/");
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, (WebAddress{true, "archive.example.org", 443, "/dicom-web"}));
  EXPECT_EQ(one->text(), "https://archive.example.org/dicom-web");
  EXPECT_EQ(one->authority(), "archive.example.org");
  const auto two = parse_web_address("http://[::1]:8042");
  ASSERT_TRUE(two);
  EXPECT_EQ(*two, (WebAddress{false, "::1", 8042, ""}));
  EXPECT_EQ(two->text(), "http://[::1]:8042");
  EXPECT_EQ(parse_web_address("http://h:80/a//")->text(), "http://h/a");
}

TEST(WebAddress, OnlyWhatIsSurelyThisMachineIsLoopback) {
  for (const char* here :
       {"http://localhost", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]"})
    EXPECT_TRUE(parse_web_address(here)->is_loopback()) << here;
  for (const char* there :
       {"http://127.0.0.1.example.org", "http://10.0.0.1", "http://localhost.org"})
    EXPECT_FALSE(parse_web_address(there)->is_loopback()) << there;
}

TEST(WebAddress, WhatIsNoneIsRefusedWithoutRepeatingIt) {
  for (const char* wrong :
       {"", "ftp://h/", "https://", "https:///path", "https://user:geheim@h/", "https://h:0/",
        "https://h:65536/", "https://h:12x/", "https://h/?token=geheim", "https://h/#x",
        "https://h/a b", "https://h/a\r\nX: y", "https://h o/", "https://[::1", "https://a:b:c/"}) {
    const auto read = parse_web_address(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().detail.find("geheim"), std::string::npos);
  }
}

}  // namespace
}  // namespace dosigate::testing
