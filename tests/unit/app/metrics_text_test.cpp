#include "metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_requests.h"

namespace dosigate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsText, HasHelpTypeAndSamples) {
  MetricsText out;
  out.counter("a_total", "What it is.", 3);
  out.gauge("b_bytes", "Bytes.");
  out.sample(1.5, {{"destination", "archive"}, {"state", "up"}});

  EXPECT_EQ(std::move(out).done(),
            "# HELP a_total What it is.\n# TYPE a_total counter\na_total 3\n"
            "# HELP b_bytes Bytes.\n# TYPE b_bytes gauge\n"
            "b_bytes{destination=\"archive\",state=\"up\"} 1.5\n");
}

TEST(MetricsText, QuotesWhatAConfigurationNames) {
  MetricsText out;
  out.gauge("a", "b");
  out.sample(1, {{"destination", "a\"b\\c\nd 1\na 9"}});

  const std::string text = std::move(out).done();
  EXPECT_THAT(text, HasSubstr("a{destination=\"a\\\"b\\\\c\\nd 1\\na 9\"} 1\n"));
}

TEST(MetricsText, WritesLargeCountsAsWholeNumbers) {
  MetricsText out;
  out.counter("a_total", "b", 123'456'789'012'345.0);

  EXPECT_THAT(std::move(out).done(), HasSubstr("a_total 123456789012345\n"));
}

TEST(MetricsText, GivesNoMoreThanAHundredKeysARowOfTheirOwn) {
  std::map<std::string, std::uint64_t> many;
  for (int i = 1000; i < 1150; ++i) many[std::to_string(i)] = 1;
  MetricsText out;
  out.gauge("a", "b");
  out.samples("rule", many);

  const std::string text = std::move(out).done();
  EXPECT_THAT(text, HasSubstr("a{rule=\"1099\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("a{rule=\"1100\"}")));
  EXPECT_THAT(text, HasSubstr("a{rule=\"other\"} 50\n"));
}

TEST(MetricsText, WritesAHistogramCumulatively) {
  Histogram histogram;
  histogram.add(std::chrono::milliseconds(2));
  MetricsText out;
  out.histogram("a_seconds", "b");
  out.sample(histogram.read(), {{"stage", "put"}});

  const std::string text = std::move(out).done();
  EXPECT_THAT(text, HasSubstr("a_seconds_bucket{stage=\"put\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("a_seconds_bucket{stage=\"put\",le=\"0.0025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("a_seconds_bucket{stage=\"put\",le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("a_seconds_sum{stage=\"put\"} 0.002\n"));
  EXPECT_THAT(text, HasSubstr("a_seconds_count{stage=\"put\"} 1\n"));
}

TEST(HttpRequests, CountByPatternAndNotByPath) {
  HttpRequests requests;
  ApiRequest request;
  request.method = "GET";
  for (const char* name : {"one", "two", "three"}) {
    request.path = std::string("/api/v1/study/") + name;
    requests.add(request, 200, std::chrono::milliseconds(1));
  }
  request.path = "/nothing";
  requests.add(request, 404, {});

  const auto all = requests.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at("GET /api/v1/study/{}").by_status.at(200), 3U);
  EXPECT_EQ(all.at("GET /api/v1/study/{}").time.count(), 3U);
  EXPECT_EQ(all.at("other").by_status.at(404), 1U);
}

TEST(HttpRequests, HaveAnEndOfEndpoints) {
  HttpRequests requests;
  for (std::size_t i = 0; i < 2 * HttpRequests::kMostEndpoints; ++i)
    requests.add("GET /" + std::to_string(i), 200, {});
  requests.add("GET /0", 200, {});

  const auto all = requests.all();
  EXPECT_LE(all.size(), HttpRequests::kMostEndpoints + 1);
  EXPECT_EQ(all.at("GET /0").by_status.at(200), 2U);
  EXPECT_EQ(all.at("other").by_status.at(200), HttpRequests::kMostEndpoints);
}

}  // namespace
}  // namespace dosigate
