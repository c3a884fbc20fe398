// What Prometheus gets to know of a running node, and what it must not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/tls_node.h"

namespace dosigate::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kConf = DOSIGATE_SOURCE_DIR "/conf/";

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Metrics : public ::testing::Test {
 protected:
  Finished ask(const std::string& path, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv{"curl",          "-s",
                                  "--max-time",    "20",
                                  "--unix-socket", (node_.directory() / "admin.sock").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("http://localhost" + path);
    return run(argv);
  }
  std::string scrape() const { return ask("/metrics").output; }
  static NodeProcess::Settings with_http(std::uint16_t port) {
    NodeProcess::Settings settings;
    settings.route = "calling_ae = [\"STORESCU\"]";
    settings.access += "[http]\nlisten = [\"127.0.0.1:" + std::to_string(port) + "\"]\n";
    return settings;
  }
  std::string token(const std::string& right) const {
    const Finished made = node_.dosigate(
        {"token", "add", "for-" + right, "--right", right, "--reason", "test", "--json"});
    EXPECT_EQ(made.code, 0) << made.output;
    return std::string(boost::json::parse(made.output).at("token").as_string());
  }

  /// The value of one series as it stands in the text, or -1.
  static double value(const std::string& text, const std::string& series) {
    const auto at = ("\n" + text).find("\n" + series + " ");
    if (at == std::string::npos) return -1;
    return std::stod(text.substr(at + series.size() + 1));
  }

  void send(const std::vector<PhantomFile>& files) {
    std::vector<std::filesystem::path> paths;
    for (const auto& file : files) paths.push_back(file.path);
    const Finished sent = run(storescu_arguments(node_.port(), paths), std::chrono::seconds(60));
    ASSERT_EQ(sent.code, 0) << sent.output;
  }

  void hold_one() {
    const auto file = dir_.path / "burned-in.dcm";
    std::filesystem::copy_file(phantom_.files[0].path, file);
    ASSERT_EQ(run({"dcmodify", "-nb", "-i", "BurnedInAnnotation=YES", file.string()}).code, 0);
    ASSERT_EQ(run(storescu_arguments(node_.port(), {file})).code, 0);
  }

  TempDir dir_;
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 2});
  std::uint16_t http_port_ = free_port();
  NodeProcess node_{dir_.path / "node", with_http(http_port_)};
};

TEST_F(Metrics, CountEachInstanceInEveryStage) {
  node_.start();
  send(phantom_.files);
  hold_one();
  ASSERT_TRUE(node_.settles());

  const std::string text = scrape();

  const auto all = static_cast<double>(phantom_.files.size());
  EXPECT_EQ(value(text, "dosigate_instances_received_total"), all + 1);
  EXPECT_EQ(value(text, "dosigate_instances_delivered_total"), all);
  EXPECT_EQ(value(text, "dosigate_instances{outcome=\"quarantined\"}"), 1);
  EXPECT_EQ(value(text, "dosigate_held_instances{reason=\"burned-in\"}"), 1);
  EXPECT_EQ(value(text, "dosigate_stage_duration_seconds_count{stage=\"receive\"}"), all + 1);
  EXPECT_EQ(value(text, "dosigate_stage_duration_seconds_count{stage=\"deidentify\"}"), all + 1);
  EXPECT_EQ(value(text, "dosigate_stage_duration_seconds_count{stage=\"put\"}"), all);
  EXPECT_EQ(value(text, "dosigate_stage_duration_seconds_count{stage=\"answer\"}"), all + 1);
  EXPECT_EQ(
      value(text, "dosigate_destination_send_duration_seconds_count{destination=\"archive\"}"),
      all);
  EXPECT_GE(value(text, "dosigate_stage_duration_seconds_sum{stage=\"answer\"}"),
            value(text, "dosigate_stage_duration_seconds_sum{stage=\"put\"}"))
      << "the sender waits for the disk";
  EXPECT_EQ(value(text, "dosigate_map_patients"), 1);
  EXPECT_EQ(value(text, "dosigate_destination_up{destination=\"archive\"}"), 1);
  EXPECT_EQ(value(text, "dosigate_quarantine_instances"), 1);
  EXPECT_EQ(value(text, "dosigate_ready"), 1);
  EXPECT_EQ(value(text,
                  "dosigate_condition{name=\"quarantine-not-empty\",of=\"\",severity="
                  "\"warning\"}"),
            1);
  EXPECT_GT(value(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value(text, "process_open_fds"), 5);
  EXPECT_GT(value(text, "dosigate_received_bytes_total"), 1e4);
  EXPECT_EQ(value(scrape(),
                  "dosigate_http_requests_total{endpoint=\"GET /metrics\",status="
                  "\"200\"}"),
            1)
      << "the one before";
}

TEST_F(Metrics, ArePrometheusTextWithoutAFaultOfStyle) {
  node_.start();
  send({phantom_.files[0]});
  ASSERT_TRUE(node_.settles());

  const Finished headers = ask("/metrics", {"-D", "-", "-o", "/dev/null"});
  EXPECT_THAT(headers.output, HasSubstr("text/plain; version=0.0.4; charset=utf-8"));
  const Finished judged = run({"promtool", "check", "metrics"}, std::chrono::seconds(30), scrape());

  EXPECT_EQ(judged.code, 0);
  EXPECT_EQ(judged.output, "");
}

TEST_F(Metrics, HoldNoIdentityNoPeerAndNoStudy) {
  node_.start();
  send(phantom_.files);
  hold_one();
  // Neither does who calls with a name in the title, nor what is typed into a path.
  std::vector<std::string> odd = storescu_arguments(node_.port(), {phantom_.files[0].path});
  for (auto& word : odd)
    if (word == "STORESCU") word = "MARIA^DORES";
  EXPECT_NE(run(odd).code, 0);
  const auto pseudonym = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(node_.arrived()))
      if (entry.path().filename().string().starts_with("DSG-"))
        return entry.path().filename().string();
    return std::string();
  };
  ASSERT_TRUE(node_.settles());
  ask("/api/v1/study/" + pseudonym());
  ask("/api/v1/study/MARIA");
  ask("/MARIA/DORES", {"-X", "MARIA"});

  const std::string text = scrape();

  EXPECT_THAT(leaks_in(text, phantom_.planted), IsEmpty());
  EXPECT_THAT(text, Not(HasSubstr("MARIA")));
  EXPECT_THAT(text, Not(HasSubstr(pseudonym())));
  EXPECT_THAT(text, Not(HasSubstr("2.25.")));
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(value(text, "dosigate_http_requests_total{endpoint=\"other\",status=\"404\"}"), 1);
}

TEST_F(Metrics, AreThereForEveryRuleAndPanel) {
  node_.start();
  const std::string text = scrape();
  std::set<std::string> there;
  const std::regex type("# TYPE (\\S+) (\\S+)");
  for (std::sregex_iterator one(text.begin(), text.end(), type), end; one != end; ++one) {
    there.insert((*one)[1]);
    if ((*one)[2] == "histogram") there.insert((*one)[1].str() + "_bucket");
  }
  ASSERT_GT(there.size(), 50U);

  const std::regex name("\\b(dosigate|process)_[a-z_]+");
  for (const char* file : {"prometheus/dosigate.rules.yml", "grafana/dosigate.json",
                           "prometheus/dosigate.rules.test.yml"}) {
    const std::string used = content_of(std::string(kConf) + file);
    std::size_t found = 0;
    for (std::sregex_iterator one(used.begin(), used.end(), name), end; one != end; ++one) {
      ++found;
      EXPECT_THAT(there, Contains(one->str())) << file;
    }
    EXPECT_GT(found, 10U) << file;
  }
  EXPECT_NO_THROW(boost::json::parse(content_of(std::string(kConf) + "grafana/dosigate.json")));
}

TEST_F(Metrics, StandInTheDocumentAndNoOthersDo) {
  node_.start();
  const std::string text = scrape(), document = content_of(DOSIGATE_SOURCE_DIR "/docs/metrics.md");
  std::set<std::string> told, documented;
  const std::regex type("# TYPE (\\S+) (\\S+)"), row("\\| `(\\S+)` \\| (\\S+) \\|");
  for (std::sregex_iterator one(text.begin(), text.end(), type), end; one != end; ++one)
    told.insert((*one)[1].str() + " " + (*one)[2].str());
  for (std::sregex_iterator one(document.begin(), document.end(), row), end; one != end; ++one)
    documented.insert((*one)[1].str() + " " + (*one)[2].str());

  EXPECT_EQ(documented, told);
}

TEST_F(Metrics, AlertRulesFireWhenTheyShould) {
  const std::string rules = std::string(kConf) + "prometheus/dosigate.rules";

  const Finished checked = run({"promtool", "check", "rules", rules + ".yml"});
  const Finished tested = run({"promtool", "test", "rules", rules + ".test.yml"});

  EXPECT_EQ(checked.code, 0) << checked.output;
  EXPECT_EQ(tested.code, 0) << tested.output;
}

TEST_F(Metrics, AreScrapedByPrometheusWhichKnowsTheRules) {
  node_.start();
  send({phantom_.files[0], phantom_.files[1]});
  ASSERT_TRUE(node_.settles());
  const std::string own = std::to_string(free_port());
  std::ofstream(dir_.path / "prometheus.yml")
      << "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [" << kConf
      << "prometheus/dosigate.rules.yml]\nscrape_configs:\n  - job_name: dosigate\n"
         "    authorization: {credentials: "
      << token("metrics") << "}\n    static_configs: [{targets: ['127.0.0.1:" << http_port_
      << "']}]\n";
  Process prometheus({"prometheus", "--config.file=" + (dir_.path / "prometheus.yml").string(),
                      "--storage.tsdb.path=" + (dir_.path / "tsdb").string(),
                      "--web.listen-address=127.0.0.1:" + own},
                     dir_.path / "prometheus.log");
  const auto query = [&](const std::string& path, const std::string& promql = "") {
    std::vector<std::string> argv{"curl", "-sG", "--max-time", "5"};
    if (!promql.empty()) argv.insert(argv.end(), {"--data-urlencode", "query=" + promql});
    argv.push_back("http://127.0.0.1:" + own + path);
    boost::json::error_code wrong;
    return boost::json::parse(run(argv).output, wrong);
  };
  const auto number = [&](const std::string& promql) {
    const auto answer = query("/api/v1/query", promql);
    const auto* results = answer.is_object() ? &answer.at("data").at("result").as_array() : nullptr;
    return results == nullptr || results->empty()
               ? std::string("none")
               : std::string(results->at(0).at("value").at(1).as_string());
  };

  EXPECT_TRUE(eventually([&] { return number("dosigate_instances_received_total") == "2"; }))
      << prometheus.output();
  EXPECT_EQ(number("up{job=\"dosigate\"}"), "1");
  EXPECT_EQ(number("dosigate_stage_duration_seconds_count{stage=\"put\"}"), "2");
  EXPECT_NE(number("histogram_quantile(0.5, sum by (le) "
                   "(dosigate_stage_duration_seconds_bucket{stage=\"put\"}))"),
            "none");
  // It has evaluated every rule against what the node tells, without an error.
  std::size_t rules = 0;
  EXPECT_TRUE(eventually([&] {
    rules = 0;
    const auto answer = query("/api/v1/rules");
    if (!answer.is_object()) return false;
    for (const auto& group : answer.at("data").at("groups").as_array())
      for (const auto& rule : group.at("rules").as_array()) {
        if (rule.at("health") != "ok") return false;
        ++rules;
      }
    return rules > 20;
  })) << rules;
}

TEST_F(Metrics, AreForWhoHasTheRightAndHealthIsForEverybody) {
  node_.start();
  const auto status_of = [&](const std::string& path, const std::string& shown) {
    std::vector<std::string> argv{"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"};
    if (!shown.empty()) argv.insert(argv.end(), {"-H", "Authorization: Bearer " + shown});
    argv.push_back("http://127.0.0.1:" + std::to_string(http_port_) + path);
    return run(argv).output;
  };
  const std::string metrics = token("metrics"), store = token("store");

  EXPECT_EQ(status_of("/metrics", ""), "401");
  EXPECT_EQ(status_of("/metrics", store), "403");
  EXPECT_EQ(status_of("/metrics", metrics), "200");
  EXPECT_EQ(status_of("/api/v1/status", metrics), "403");
  for (const char* open : {"/health/live", "/health/ready", "/", "/page/page.js"})
    EXPECT_EQ(status_of(open, ""), "200") << open;
  EXPECT_EQ(value(scrape(),
                  "dosigate_http_requests_total{endpoint=\"GET /metrics\",status="
                  "\"401\"}"),
            1);
}

TEST_F(Metrics, ReadinessSaysWhyNothingNewIsTaken) {
  node_.start();
  const std::vector<std::string> code{"-w", "%{http_code}"};
  EXPECT_EQ(ask("/health/live", code).output, "{\"live\":true}200");
  EXPECT_EQ(ask("/health/ready", code).output, "{\"ready\":true}200");

  ASSERT_EQ(node_.dosigate({"drain"}).code, 0);

  const std::string drained = ask("/health/ready", code).output;
  EXPECT_THAT(drained, HasSubstr("draining"));
  EXPECT_TRUE(drained.ends_with("503")) << drained;
  EXPECT_EQ(value(scrape(), "dosigate_ready"), 0);
  EXPECT_TRUE(ask("/health/live", code).output.ends_with("200"));
  ASSERT_EQ(node_.dosigate({"drain", "--off"}).code, 0);
  EXPECT_TRUE(ask("/health/ready", code).output.ends_with("200"));
}

TEST(Ready, ANodeWhoseDiskIsLowIsNot) {
  TempDir dir;
  NodeProcess node(dir.path / "node", {.min_free_gb = "100000"});
  node.start();

  const Finished asked =
      run({"curl", "-s", "-w", "%{http_code}", "--unix-socket",
           (node.directory() / "admin.sock").string(), "http://localhost/health/ready"});

  EXPECT_THAT(asked.output, HasSubstr("the disk is low"));
  EXPECT_TRUE(asked.output.ends_with("503")) << asked.output;
}

TEST(MetricsOverTls, SayWhenEachCertificateEnds) {
  const std::uint16_t port = free_port();
  TlsNode::Settings settings;
  settings.node.access += "[http]\nlisten_tls = [\"127.0.0.1:" + std::to_string(port) + "\"]\n";
  TlsNode tls(settings);

  const Finished ready = run({"curl", "-s", "--cacert", tls.files.ca.string(),
                              "https://127.0.0.1:" + std::to_string(port) + "/health/ready"});
  const Finished metrics =
      run({"curl", "-s", "--unix-socket", (tls.node().directory() / "admin.sock").string(),
           "http://localhost/metrics"});

  EXPECT_EQ(ready.output, "{\"ready\":true}");
  const auto status = tls.node().status();
  EXPECT_EQ(status.at("http").at("tls_listeners").at(0),
            boost::json::value("127.0.0.1:" + std::to_string(port)));
  const auto end = [](const boost::json::value& of) {
    return " " + std::to_string(of.at("expires").to_number<long long>()) + "\n";
  };
  const std::string name = "\ndosigate_certificate_expiry_timestamp_seconds{certificate=";
  for (const auto& [label, expires] : {std::pair{"http", end(status.at("http").at("certificate"))},
                                       {"dicom", end(status.at("tls").at("certificate"))},
                                       {"ca", end(status.at("tls").at("ca"))}})
    EXPECT_THAT(metrics.output, HasSubstr(name + "\"" + label + "\"}" + expires));
}

}  // namespace
}  // namespace dosigate::testing
