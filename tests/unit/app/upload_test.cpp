#include "app/upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/answer_shape.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace dosigate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;

constexpr UploadLimits kLimits{1ULL << 40U, 200, 1000};

/// A body that comes in pieces of one size.
class Pieces final : public RequestBody {
 public:
  Pieces(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
  std::size_t read(std::span<Byte> into) override {
    const std::size_t count = std::min({piece_, into.size(), text_.size() - at_});
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

 private:
  const std::string text_;
  const std::size_t piece_;
  std::size_t at_ = 0;
};

/// All files of an upload; the error is the last of them, "!" before it.
std::vector<std::string> files_of(Upload& upload, std::size_t room = 1000) {
  std::vector<std::string> out;
  Bytes into(room);
  for (;;) {
    const auto another = upload.next();
    if (!another) {
      out.push_back("!" + another.error().detail);
      return out;
    }
    if (!*another) return out;
    std::string file;
    for (;;) {
      const auto got = upload.read(into);
      if (!got) {
        out.push_back("!" + got.error().detail);
        return out;
      }
      if (*got == 0) break;
      file += as_text(ByteView(into).first(*got));
    }
    out.push_back(std::move(file));
  }
}

std::vector<std::string> parts_of(const std::string& body, std::size_t piece, std::size_t room,
                                  UploadLimits limits = kLimits) {
  Pieces pieces(body, piece);
  auto upload = multipart_upload(pieces, "multipart/related; boundary=\"b-1\"", limits);
  return files_of(**upload, room);
}

TEST(MediaType, IsReadWithItsParameters) {
  EXPECT_EQ(media_type(" Multipart/Related ; x=y"), "multipart/related");
  EXPECT_EQ(media_parameter(R"(a/b; type="application/dicom"; boundary="x;y\"z")", "boundary"),
            "x;y\"z");
  EXPECT_EQ(media_parameter("a/b;BOUNDARY=abc ;c=d", "boundary"), "abc");
  EXPECT_EQ(media_parameter("a/b; c=d", "boundary"), "");
  EXPECT_EQ(media_parameter(R"(a/b; boundary="abc)", "boundary"), "\"abc");
}

TEST(MultipartUpload, GivesTheSamePartsWhereverTheBodyIsCut) {
  // The second part holds what looks like a delimiter until its last character.
  const std::string tricky = "\r\n--b-\r\n--b\r\n-\r\r\n--c-1";
  const std::string body =
      "preamble\r\n--b-1\r\nContent-Type: application/dicom\r\n\r\nfirst\r\n--b-1  \r\n" +
      std::string("\r\n") + tricky + "\r\n--b-1\r\nA: b\r\n\r\n\r\n--b-1--\r\nepilogue";
  for (std::size_t piece = 1; piece < body.size() + 2; ++piece)
    for (const std::size_t room : {1UL, 7UL, 1000UL})
      ASSERT_THAT(parts_of(body, piece, room), ElementsAre("first", tricky, ""))
          << "pieces of " << piece << ", room for " << room;
}

TEST(MultipartUpload, ABodyWithoutItsEndIsBroken) {
  const std::string whole = "--b-1\r\n\r\nfirst\r\n--b-1--";
  ASSERT_THAT(parts_of(whole, 3, 10), ElementsAre("first"));
  for (std::size_t end = 0; end < whole.size(); ++end) {
    const auto parts = parts_of(whole.substr(0, end), 3, 10);
    ASSERT_FALSE(parts.empty()) << end;
    EXPECT_THAT(parts.back(), HasSubstr("ends before its closing boundary")) << end;
  }
}

TEST(MultipartUpload, NamesItsLimits) {
  UploadLimits limits = kLimits;
  limits.max_files = 2;
  EXPECT_THAT(
      parts_of("--b-1\r\n\r\n1\r\n--b-1\r\n\r\n2\r\n--b-1\r\n\r\n3\r\n--b-1--", 100, 10, limits),
      ElementsAre("1", "2", HasSubstr("max_parts")));
  EXPECT_THAT(
      parts_of("--b-1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n1\r\n--b-1--", 4096, 10),
      ElementsAre(HasSubstr("no end of its headers")));
}

TEST(MultipartUpload, TakesTheLongBoundariesThatOrthancMakes) {
  const std::string boundary(73, 'b');
  Pieces pieces("--" + boundary + "\r\n\r\nfirst\r\n--" + boundary + "--", 10);

  EXPECT_THAT(
      files_of(**multipart_upload(pieces, "multipart/related; boundary=" + boundary, kLimits)),
      ElementsAre("first"));
}

TEST(MultipartUpload, WantsABoundary) {
  Pieces pieces("", 1);
  EXPECT_EQ(multipart_upload(pieces, "multipart/related", kLimits).error().fault, Fault::Invalid);
  EXPECT_EQ(
      multipart_upload(pieces, "multipart/related; boundary=" + std::string(201, 'x'), kLimits)
          .error()
          .fault,
      Fault::Invalid);
}

std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out;
  const auto zip = zip_answer([&](ByteView bytes) { out += as_text(bytes); });
  for (const auto& [name, content] : files) {
    zip->file(name, "application/dicom", content.size());
    zip->write(as_bytes(content));
  }
  zip->end();
  return out;
}

TEST(ZipUpload, ReadsWhatOurOwnAnswersHold) {
  const std::string zip =
      zip_of({{"a/b.dcm", "first"}, {"c", ""}, {"d", std::string(100'000, 'x')}});
  for (const std::size_t piece : {1UL, 13UL, 1UL << 20U}) {
    Pieces pieces(zip, piece);
    EXPECT_THAT(files_of(*zip_upload(pieces, kLimits)),
                ElementsAre("first", "", std::string(100'000, 'x')));
  }
}

TEST(ZipUpload, ReadsAnArchiveOfTheUsualProgram) {
  const TempDir dir;
  std::filesystem::create_directories(dir.path / "CD/IMG");
  std::ofstream(dir.path / "CD/IMG/1") << std::string(300'000, 'a');
  std::ofstream(dir.path / "CD/2") << "b";
  std::filesystem::create_symlink("2", dir.path / "CD/3");
  const auto made =
      testing::run({"/usr/bin/python3", "-c",
                    "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])",
                    (dir.path / "cd").string(), (dir.path / "CD").string()});
  ASSERT_EQ(made.code, 0) << made.output;
  std::ifstream in(dir.path / "cd.zip");
  Pieces pieces({std::istreambuf_iterator<char>(in), {}}, 5000);

  const auto files = files_of(*zip_upload(pieces, kLimits));

  EXPECT_THAT(files, ::testing::IsSupersetOf({std::string(300'000, 'a'), std::string("b")}));
}

TEST(ZipUpload, ABombEndsEarly) {
  const TempDir dir;
  const auto made =
      testing::run({"/usr/bin/python3", "-c",
                    "import zipfile, sys\n"
                    "with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n"
                    "  with z.open('bomb', 'w') as f:\n"
                    "    for i in range(64): f.write(bytes(1 << 20))\n",
                    (dir.path / "bomb.zip").string()},
                   std::chrono::seconds(60));
  ASSERT_EQ(made.code, 0) << made.output;
  std::ifstream in(dir.path / "bomb.zip");
  const std::string bomb{std::istreambuf_iterator<char>(in), {}};
  const auto read_over = [&](const UploadLimits& limits) {
    Pieces pieces(bomb, 65536);
    const auto upload = zip_upload(pieces, limits);
    EXPECT_TRUE(*upload->next());
    Bytes into(1U << 20U);
    std::uint64_t all = 0;
    for (;;) {
      const auto got = upload->read(into);
      if (!got) return std::pair(all, got.error().detail);
      if (*got == 0) return std::pair(all, std::string());
      all += *got;
    }
  };

  const auto [by_ratio, ratio] = read_over({1ULL << 40U, 200, 10, 20U << 20U});
  EXPECT_THAT(ratio, HasSubstr("200 times its own size"));
  EXPECT_LT(by_ratio, 24U << 20U);
  const auto [by_size, size] = read_over({10U << 20U, 200, 10});
  EXPECT_THAT(size, HasSubstr("max_unpacked_gb"));
  EXPECT_LT(by_size, 12U << 20U);
}

TEST(ZipUpload, WhatIsNoneIsBrokenWithoutAFileNameInTheError) {
  const std::string zip = zip_of({{"SILVA^MARIA.dcm", std::string(5000, 'x')}});
  for (const std::string& body : {std::string("hello"), zip.substr(0, 2000), zip.substr(0, 20)}) {
    Pieces pieces(body, 100);
    const auto files = files_of(*zip_upload(pieces, kLimits));
    ASSERT_FALSE(files.empty());
    EXPECT_THAT(files.back(), HasSubstr("damaged, or no ZIP archive"));
    EXPECT_THAT(files.back(), ::testing::Not(HasSubstr("SILVA")));
  }
}

}  // namespace
}  // namespace dosigate
