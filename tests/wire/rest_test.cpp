// The service over HTTP, as a clinic uses it: curl against the real daemon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <thread>

#include <boost/json.hpp>

#include "support/free_port.h"
#include "support/phantom.h"
#include "support/phantom_leaks.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/memory_of.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What curl got.
struct Got {
  int status = 0;
  std::string head, body;
};

class Rest : public ::testing::Test {
 protected:
  void SetUp() override { node_.start(); }

  static NodeProcess::Settings with_http(std::uint16_t port) {
    NodeProcess::Settings settings;
    settings.access +=
        "[http]\nlisten = [\"127.0.0.1:" + std::to_string(port) + "\"]\nmax_uploads = 4\n";
    return settings;
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(http_port_) + path;
  }
  /// By the socket, where whoever may connect may ask.
  Got curl(const std::string& path, std::vector<std::string> more) const {
    const fs::path head = dir_.path / "head", body = dir_.path / "body";
    fs::remove(head);
    fs::remove(body);
    std::vector<std::string> argv{"curl",
                                  "-sS",
                                  "--max-time",
                                  "240",
                                  "-D",
                                  head.string(),
                                  "-o",
                                  body.string(),
                                  "--unix-socket",
                                  (node_.directory() / "admin.sock").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("http://localhost" + path);
    const Finished done = run(argv, std::chrono::seconds(270));
    EXPECT_EQ(done.code, 0) << done.output;
    Got got{0, content_of(head), content_of(body)};
    // Behind "100 Continue", when there was one.
    const auto last = got.head.rfind("HTTP/1.1 ");
    if (last != std::string::npos) got.status = std::stoi(got.head.substr(last + 9, 3));
    return got;
  }
  Got post_file(const fs::path& file, const std::string& query = "",
                const std::vector<std::string>& more = {},
                const std::string& type = "application/dicom") const {
    std::vector<std::string> all{"-H", "Content-Type: " + type, "--data-binary",
                                 "@" + file.string()};
    all.insert(all.end(), more.begin(), more.end());
    return curl("/api/v1/deidentify" + query, all);
  }
  static json::value report_of(const Got& got) {
    static const std::regex line("Dosigate-Report: ([^\r]*)\r");
    std::smatch found;
    EXPECT_TRUE(std::regex_search(got.head, found, line)) << got.head;
    return found.empty() ? json::value() : json::parse(found[1].str());
  }
  std::vector<std::string> leaks(const std::string& bytes) const {
    std::vector<std::string> out;
    for (const Planted& one : phantom_.planted)
      if (bytes.find(one.value) != std::string::npos) out.push_back(one.kind + " " + one.value);
    return out;
  }
  /// A ZIP of folders as a CD has them.
  fs::path zip() const {
    const Finished made =
        run({"/usr/bin/python3", "-c",
             "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])",
             (dir_.path / "medium").string(), (dir_.path / "sent").string()});
    EXPECT_EQ(made.code, 0) << made.output;
    return dir_.path / "medium.zip";
  }
  std::size_t answers_on_disk() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(node_.directory() / "state/answers"), {}));
  }
  json::value rest_row() const {
    const json::value status = node_.status();
    for (const auto& row : status.at("destinations").as_array())
      if (row.at("name") == "rest") return row;
    return {};
  }

  TempDir dir_;
  std::uint16_t http_port_ = free_port();
  Phantom phantom_ = write_phantom({.directory = dir_.path / "sent", .ct_slices = 3});
  NodeProcess node_{dir_.path / "node", with_http(http_port_)};
};

TEST_F(Rest, OneFileComesBackCleanWithItsReport) {
  const Got got = post_file(phantom_.files[0].path);

  EXPECT_EQ(got.status, 200) << got.body;
  EXPECT_THAT(got.head, HasSubstr("Content-Type: application/dicom\r\n"));
  EXPECT_THAT(leaks(got.body), IsEmpty());
  EXPECT_THAT(leaks(got.head), IsEmpty());
  const json::value report = report_of(got);
  const json::value& one = report.at("instances").at(0);
  EXPECT_EQ(one.at("outcome"), "done");
  EXPECT_THAT(std::string(one.at("pseudonym").as_string()), ::testing::StartsWith("DSG-"));
  EXPECT_GT(one.at("actions").at("removed").to_number<int>(), 0);
  EXPECT_EQ(report.at("studies").at(0).at("study_uid"), one.at("study_uid"));
  // The same as the DICOM side makes of it, byte for byte.
  const Finished sent = run(storescu_arguments(node_.port(), {phantom_.files[0].path}));
  ASSERT_EQ(sent.code, 0) << sent.output;
  ASSERT_TRUE(node_.settles());
  const fs::path forwarded = node_.arrived() / std::string(one.at("pseudonym").as_string()) /
                             std::string(one.at("study_uid").as_string()) /
                             (std::string(one.at("sop_uid").as_string()) + ".dcm");
  EXPECT_EQ(content_of(forwarded), got.body);
  EXPECT_EQ(answers_on_disk(), 0U);
  EXPECT_EQ(rest_row().at("delivered"), 1);
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(Rest, AZipOfAMediumComesBackAsOne) {
  std::ofstream(dir_.path / "sent/README.TXT") << "viewer of the clinic";
  const Got got = post_file(zip(), "", {}, "application/zip");

  ASSERT_EQ(got.status, 200) << got.body;
  std::ofstream(dir_.path / "clean.zip", std::ios::binary) << got.body;
  const fs::path out = dir_.path / "clean";
  const Finished unpacked =
      run({"/usr/bin/python3", "-c",
           "import shutil, sys; shutil.unpack_archive(sys.argv[1], sys.argv[2])",
           (dir_.path / "clean.zip").string(), out.string()});
  ASSERT_EQ(unpacked.code, 0) << unpacked.output;
  const json::value report = json::parse(content_of(out / "report.json"));
  EXPECT_EQ(report.at("counts").at("done"), phantom_.files.size());
  EXPECT_EQ(report.at("counts").at("not-dicom"), 1);
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".dcm") continue;
    ++files;
    EXPECT_THAT(leaks(content_of(entry.path())), IsEmpty()) << entry.path();
  }
  EXPECT_EQ(files, phantom_.files.size());
  for (const auto& one : report.at("instances").as_array()) {
    if (one.at("outcome") != "done") continue;
    EXPECT_TRUE(fs::exists(out / std::string(one.at("file").as_string())));
  }
  for (const auto& study : report.at("studies").as_array()) EXPECT_NE(study.at("readiness"), "");
  EXPECT_EQ(report.at("studies").as_array().size(), 3U);
}

TEST_F(Rest, MultipartComesBackAsMultipart) {
  std::vector<std::string> form;
  for (const auto& file : {phantom_.files[0], phantom_.files[1]})
    form.insert(form.end(), {"-F", "file=@" + file.path.string() + ";type=application/dicom"});

  const Got got = curl("/api/v1/deidentify", form);

  ASSERT_EQ(got.status, 200) << got.body;
  EXPECT_THAT(got.head,
              HasSubstr("Content-Type: multipart/related; type=\"application/dicom\"; boundary="));
  EXPECT_THAT(leaks(got.body), IsEmpty());
  EXPECT_THAT(got.body, HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(got.body, HasSubstr("\"done\":2"));
}

TEST_F(Rest, WhatIsHeldNeverComesBackAndIsNotKept) {
  // A screen shot: nobody can say that no name is in its pixels.
  fs::copy(phantom_.files[0].path, dir_.path / "held.dcm");
  const Finished made = run({"dcmodify", "-nb", "-m", "0008,0016=1.2.840.10008.5.1.4.1.1.7", "-m",
                             "0008,0060=OT", (dir_.path / "held.dcm").string()});
  ASSERT_EQ(made.code, 0) << made.output;

  const Got got = post_file(dir_.path / "held.dcm");

  EXPECT_EQ(got.status, 422);
  const json::value answer = json::parse(got.body);
  EXPECT_EQ(answer.at("report").at("instances").at(0).at("outcome"), "held");
  EXPECT_EQ(answer.at("report").at("instances").at(0).at("reason"), "secondary-capture");
  EXPECT_EQ(node_.totals().quarantined, 0U);
  EXPECT_EQ(node_.totals().refused, 1U);
  EXPECT_EQ(answers_on_disk(), 0U);
}

TEST_F(Rest, AnotherVersionOfAnInstanceIsHeldAndTheSameOneIsNot) {
  const fs::path file = dir_.path / "changed.dcm";
  fs::copy(phantom_.files[0].path, file);
  const Got first = post_file(file);
  ASSERT_EQ(first.status, 200) << first.body;

  EXPECT_EQ(post_file(file).body, first.body);
  const Finished made = run({"dcmodify", "-nb", "-m", "PatientWeight=41.5", file.string()});
  ASSERT_EQ(made.code, 0) << made.output;
  const Got changed = post_file(file);

  EXPECT_EQ(changed.status, 422);
  const json::value answer = json::parse(changed.body);
  EXPECT_EQ(answer.at("report").at("instances").at(0).at("reason"), "revision");
  EXPECT_EQ(node_.totals().quarantined, 0U);
}

TEST_F(Rest, NobodyWaitsForAClientToBeToldOfAWithdrawal) {
  const json::value report = report_of(post_file(phantom_.files[0].path));
  const std::string study(report.at("instances").at(0).at("study_uid").as_string());

  const Finished withdrawn = node_.dosigate(
      {"study", "withdraw", study, "--code", "quality", "--reason", "a wrong patient"});

  EXPECT_EQ(withdrawn.code, 0) << withdrawn.output;
  EXPECT_EQ(node_.status().at("withdrawals").at("open"), 0);
}

TEST_F(Rest, DryRunExplainsAndLeavesNoTrace) {
  const json::value before = node_.status().at("map");

  const Got got = post_file(phantom_.files[0].path, "?dry-run=true");

  ASSERT_EQ(got.status, 200) << got.body;
  const json::value report = json::parse(got.body);
  EXPECT_EQ(report.at("dry_run"), true);
  EXPECT_EQ(report.at("instances").at(0).at("outcome"), "done");
  EXPECT_GT(report.at("elements").as_array().size(), 20U);
  EXPECT_THAT(leaks(got.body), IsEmpty());
  EXPECT_EQ(node_.status().at("map"), before);
  EXPECT_EQ(node_.totals().received, 0U);
}

TEST_F(Rest, AnIdempotencyKeyGivesTheSameAnswerAgain) {
  const std::vector<std::string> key{"-H", "Idempotency-Key: 4711"};
  const Got first = post_file(phantom_.files[0].path, "", key);
  ASSERT_EQ(first.status, 200);
  ASSERT_EQ(node_.stop(), 0);
  node_.start();

  const Got again = post_file(phantom_.files[0].path, "", key);
  const Got other = post_file(phantom_.files[1].path, "", key);

  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_THAT(again.head, HasSubstr("Idempotent-Replay: true"));
  EXPECT_EQ(other.status, 422);
  EXPECT_THAT(other.body, HasSubstr("another body"));
  EXPECT_EQ(node_.totals().received, 1U);
  EXPECT_THAT(content_of(node_.directory() / "state/audit/audit.jsonl"),
              HasSubstr(R"("replay":"yes")"))
      << "who got a copy is on record";
}

TEST_F(Rest, RoutesProfilesAndContentAreChecked) {
  EXPECT_EQ(post_file(phantom_.files[0].path, "?route=nowhere").status, 404);
  EXPECT_EQ(post_file(phantom_.files[0].path, "?profile=nothing").status, 404);
  EXPECT_EQ(post_file(phantom_.files[0].path, "", {}, "text/plain").status, 415);
  EXPECT_EQ(post_file(phantom_.files[0].path, "", {}, "multipart/related").status, 400);
  EXPECT_EQ(post_file(phantom_.files[0].path, "", {}, "application/zip").status, 422);
  std::ofstream(dir_.path / "text") << "no DICOM";
  EXPECT_EQ(post_file(dir_.path / "text").status, 422);
  const Got basic = post_file(phantom_.files[0].path, "?profile=basic");
  EXPECT_EQ(basic.status, 200);
  EXPECT_EQ(report_of(basic).at("profile").at("name"), "basic");
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(Rest, ALargeOneGoesThroughInBoundedMemory) {
  const fs::path large = dir_.path / "large.dcm";
  // The pixel data of a slice, two hundred times: what the header says of them is mended.
  const Finished made = run({"/usr/bin/python3", "-c", R"(
import sys, pydicom
d = pydicom.dcmread(sys.argv[1])
d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = '1.2.840.10008.5.1.4.1.1.20'
d.Modality = 'NM'
frame = bytes(range(256)) * (2 * 1024 * 4)
d.Rows = d.Columns = 1024
d.BitsAllocated, d.BitsStored, d.HighBit = 16, 16, 15
d.NumberOfFrames = 200
d.PixelData = frame * 200
d.save_as(sys.argv[2])
)",
                             phantom_.files.back().path.string(), large.string()});
  ASSERT_EQ(made.code, 0) << made.output;
  ASSERT_GT(fs::file_size(large), 400U << 20U);
  (void)post_file(phantom_.files[0].path);
  const auto before = resident_mib(node_.pid());

  const Got got = post_file(large);

  ASSERT_EQ(got.status, 200) << got.body.substr(0, 500);
  EXPECT_LT(resident_mib(node_.pid(), "VmHWM:") - before, 64U);
  EXPECT_EQ(got.body.size() > (400U << 20U), true);
  const std::string sent = content_of(large);
  EXPECT_TRUE(std::equal(sent.end() - (400 << 20), sent.end(), got.body.end() - (400 << 20)));
  EXPECT_EQ(answers_on_disk(), 0U);
}

TEST_F(Rest, ACancelledUploadLeavesNothing) {
  const fs::path medium = zip();
  const Finished cut =
      run({"curl", "-sS", "--limit-rate", "50k", "--max-time", "2", "-H",
           "Content-Type: application/zip", "--data-binary", "@" + medium.string(), "-o",
           "/dev/null", "--unix-socket", (node_.directory() / "admin.sock").string(),
           "http://localhost/api/v1/deidentify"});
  EXPECT_NE(cut.code, 0);

  EXPECT_TRUE(eventually([&] { return answers_on_disk() == 0; }));
  EXPECT_TRUE(eventually([&] {
    const json::value row = rest_row();
    return row.is_null() || row.at("queued") == 0;
  }));
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(Rest, AKilledNodeForgetsWhatNobodyGot) {
  Process upload(
      {"curl", "-sS", "--limit-rate", "100k", "-H", "Content-Type: application/zip",
       "--data-binary", "@" + zip().string(), "-o", "/dev/null", "--unix-socket",
       (node_.directory() / "admin.sock").string(), "http://localhost/api/v1/deidentify"},
      dir_.path / "curl.log");
  ASSERT_TRUE(eventually([&] {
    const json::value row = rest_row();
    return !row.is_null() && row.at("queued").to_number<int>() > 0;
  }));

  node_.kill();
  node_.start();

  EXPECT_EQ(rest_row().at("queued"), 0);
  EXPECT_GT(rest_row().at("withdrawn").to_number<int>(), 0);
  EXPECT_EQ(node_.totals().parked, 0U);
  EXPECT_EQ(answers_on_disk(), 0U);
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(Rest, StowIsAnEntranceLikeCStore) {
  std::vector<std::string> body;
  const fs::path file = dir_.path / "stow";
  {
    std::ofstream out(file, std::ios::binary);
    for (const auto& one : phantom_.files)
      out << "--b\r\nContent-Type: application/dicom\r\n\r\n" << content_of(one.path) << "\r\n";
    out << "--b\r\nContent-Type: application/dicom\r\n\r\nno instance\r\n--b--\r\n";
  }

  const Got got =
      curl("/dicom-web/studies",
           {"-H", "Content-Type: multipart/related; type=\"application/dicom\"; boundary=b", "-H",
            "Accept: application/dicom+json", "--data-binary", "@" + file.string()});

  EXPECT_EQ(got.status, 202) << got.body;
  const json::value answer = json::parse(got.body);
  EXPECT_EQ(answer.at("00081199").at("Value").as_array().size(), phantom_.files.size());
  EXPECT_EQ(answer.at("0008119A").at("Value").at(0).at("00081197").at("Value").at(0), 0xC000);
  ASSERT_TRUE(node_.settles());
  EXPECT_EQ(node_.totals().delivered, phantom_.files.size());
  EXPECT_TRUE(node_.totals().add_up());
}

TEST_F(Rest, StowToAStudyTakesNoOther) {
  const fs::path file = dir_.path / "stow";
  std::ofstream(file, std::ios::binary) << "--b\r\nContent-Type: application/dicom\r\n\r\n"
                                        << content_of(phantom_.files[0].path) << "\r\n--b--\r\n";
  const std::vector<std::string> more{
      "-H",
      "Content-Type: multipart/related; type=\"application/dicom\"; boundary=b",
      "-H",
      "Accept: application/dicom+xml",
      "--data-binary",
      "@" + file.string()};

  const Got got = curl("/dicom-web/studies/1.2.3", more);

  EXPECT_EQ(got.status, 409);
  EXPECT_THAT(got.head, HasSubstr("Content-Type: application/dicom+xml"));
  EXPECT_THAT(got.body, HasSubstr("<Value number=\"1\">43264</Value>"));
  EXPECT_EQ(node_.totals().received, 0U);
}

}  // namespace
}  // namespace dosigate::testing
