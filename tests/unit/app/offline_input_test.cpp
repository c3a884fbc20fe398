#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/offline_dicomdir.h"
#include "app/offline_input.h"
#include "offline_files.h"

namespace dosigate::offline {
namespace {

namespace fs = std::filesystem;
using testing::ct_slice;
using testing::dicomdir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::part10;
using testing::slice;
using testing::TempDir;
using testing::write_file;
using testing::write_zip;

constexpr std::uint64_t kMost = 64U << 20U;

std::vector<std::string> names_of(const std::vector<InputItem>& items) {
  std::vector<std::string> out;
  for (const InputItem& item : items) out.push_back(item.name);
  return out;
}

std::string kind_of(const FileContent& content) {
  if (const auto* instance = std::get_if<ReceivedInstance>(&content))
    return "instance " + instance->sop_instance_uid.reveal();
  if (const auto* none = std::get_if<NoDicom>(&content)) return none->why;
  if (const auto* refused = std::get_if<Refused>(&content)) return "refused: " + refused->detail;
  return "DICOMDIR";
}

/// What each item of an input is.
std::vector<std::string> kinds_in(const fs::path& input) {
  const auto items = list_input(input);
  if (!items) return {items.error().detail};
  std::vector<std::string> out;
  for (const InputItem& item : *items) out.push_back(kind_of(load_item(item, kMost)));
  return out;
}

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(FileContent, IsTheDataSetByteForByte) {
  const ReceivedInstance sent = ct_slice().received();

  const FileContent content = read_file_content(part10(sent));

  const auto& read = std::get<ReceivedInstance>(content);
  EXPECT_EQ(read.data_set, sent.data_set);
  EXPECT_EQ(read.sop_class_uid, sent.sop_class_uid);
  EXPECT_EQ(read.sop_instance_uid, sent.sop_instance_uid);
  EXPECT_EQ(read.transfer_syntax_uid, sent.transfer_syntax_uid);
}

TEST(FileContent, NeedsNoPreamble) {
  const ReceivedInstance sent = ct_slice().received();
  Bytes file = part10(sent);
  file.erase(file.begin(), file.begin() + 132);

  const FileContent content = read_file_content(file);

  EXPECT_EQ(std::get<ReceivedInstance>(content).data_set, sent.data_set);
}

TEST(FileContent, ABareDataSetIsTakenInTheOneTransferSyntaxThatFits) {
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
    const ReceivedInstance sent = ct_slice().received(syntax);

    const FileContent content = read_file_content(sent.data_set);

    ASSERT_EQ(kind_of(content), "instance " + sent.sop_instance_uid.reveal()) << syntax;
    EXPECT_EQ(std::get<ReceivedInstance>(content).transfer_syntax_uid, syntax);
    EXPECT_EQ(std::get<ReceivedInstance>(content).sop_class_uid, sent.sop_class_uid);
  }
}

TEST(FileContent, ABareDataSetThatIsNotWholeOrNotOfAStorageClassIsNone) {
  const ReceivedInstance sent = ct_slice().received();
  Bytes cut = sent.data_set;
  cut.resize(cut.size() - 1);

  EXPECT_EQ(kind_of(read_file_content(cut)), "not a DICOM file");
  EXPECT_EQ(kind_of(read_file_content(
                ct_slice().with(DCM_SOPClassUID, "1.2.840.10008.1.1").received().data_set)),
            "not a DICOM file");
  EXPECT_EQ(kind_of(read_file_content(bytes_of("[autorun]\nopen=viewer.exe\n"))),
            "not a DICOM file");
  EXPECT_EQ(kind_of(read_file_content({})), "empty file");
}

TEST(FileContent, CutAnywhereItIsNeverMoreThanWasThere) {
  const ReceivedInstance sent = ct_slice().received();
  const Bytes whole = part10(sent);

  for (std::size_t length = 0; length < whole.size(); ++length) {
    const FileContent content = read_file_content(
        Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    if (const auto* instance = std::get_if<ReceivedInstance>(&content)) {
      ASSERT_LT(instance->data_set.size(), sent.data_set.size());
      ASSERT_EQ(instance->transfer_syntax_uid, sent.transfer_syntax_uid);
    }
  }
}

TEST(FileContent, CompressedPixelsWithoutATransferSyntaxAreRefused) {
  // Implicit elements of a CT and one fragment: how it is encoded, nobody says.
  Bytes bare = ct_slice().without(DCM_PixelData).received().data_set;
  for (const unsigned byte : {0xE0U, 0x7FU, 0x10U, 0x00U, 0x4FU, 0x42U, 0x00U, 0x00U,  // OB
                              0xFFU, 0xFFU, 0xFFU, 0xFFU, 0xFEU, 0xFFU, 0x00U, 0xE0U,  // offsets
                              0x00U, 0x00U, 0x00U, 0x00U, 0xFEU, 0xFFU, 0x00U, 0xE0U,  // fragment
                              0x02U, 0x00U, 0x00U, 0x00U, 0x01U, 0x02U, 0xFEU, 0xFFU,  // end
                              0xDDU, 0xE0U, 0x00U, 0x00U, 0x00U, 0x00U})
    bare.push_back(static_cast<Byte>(byte));

  EXPECT_THAT(kind_of(read_file_content(bare)), HasSubstr("compressed pixel data"));
}

TEST(Input, AFolderIsWalkedInTheOrderOfItsNames) {
  TempDir dir;
  write_file(dir.path / "b" / "2", slice("2"));
  write_file(dir.path / "b" / "1", slice("1"));
  write_file(dir.path / "c.dcm", slice("3"));
  write_file(dir.path / "a", bytes_of("text"));
  fs::create_symlink("c.dcm", dir.path / "d");

  EXPECT_THAT(names_of(*list_input(dir.path)), ElementsAre("a", "b/1", "b/2", "c.dcm", "d"));
  EXPECT_THAT(kinds_in(dir.path),
              ElementsAre("not a DICOM file", "instance 1.2.3.1", "instance 1.2.3.2",
                          "instance 1.2.3.3", "symbolic link, not followed"));
}

TEST(Input, AnItemLargerThanAllowedIsRefused) {
  TempDir dir;
  write_file(dir.path / "a", slice("1"));
  const auto items = list_input(dir.path);

  EXPECT_THAT(kind_of(load_item(items->at(0), 100)), HasSubstr("refused: larger than"));
}

TEST(Zip, IsOpenedWhereverItStandsAndOnlyOnce) {
  TempDir dir;
  const std::string inner(as_text(slice("1")));
  write_zip(dir.path / "inner.zip", {{"x", inner}});
  write_zip(dir.path / "outer.zip", {{"../../up", inner},
                                     {"inner.zip", testing::content_of(dir.path / "inner.zip")},
                                     {"viewer.jar", testing::content_of(dir.path / "inner.zip")},
                                     {"folder/", ""}});
  fs::create_directory(dir.path / "folder");
  fs::rename(dir.path / "outer.zip", dir.path / "folder" / "outer.ZIP");

  EXPECT_THAT(names_of(*list_input(dir.path / "folder")),
              ElementsAre("outer.ZIP: ../../up", "outer.ZIP: inner.zip", "outer.ZIP: viewer.jar"));
  EXPECT_THAT(kinds_in(dir.path / "folder"),
              ElementsAre("instance 1.2.3.1",
                          "refused: a ZIP archive inside a ZIP archive: unpack the outer one",
                          "not a DICOM file"));
}

TEST(Zip, AnEncryptedEntryIsRefused) {
  TempDir dir;
  write_zip(dir.path / "a.zip", {{"x", std::string(as_text(slice("1")))}}, "secret");

  EXPECT_THAT(kinds_in(dir.path / "a.zip"),
              ElementsAre("refused: it is encrypted: unpack the archive first"));
}

/// Sets the declared size of the only entry, in the archive's directory (PKWARE APPNOTE 4.3.12).
void declare_size(const fs::path& archive, std::uint32_t size) {
  std::string content = testing::content_of(archive);
  const auto entry = content.find("PK\x01\x02");
  ASSERT_NE(entry, std::string::npos);
  for (unsigned i = 0; i < 4; ++i)
    content[entry + 24 + i] = static_cast<char>((size >> (8 * i)) & 0xFFU);
  std::ofstream(archive, std::ios::binary) << content;
}

TEST(Zip, ABombIsNotInflated) {
  TempDir dir;
  write_zip(dir.path / "a.zip", {{"x", std::string(as_text(slice("1")))}});
  declare_size(dir.path / "a.zip", 0xF0000000U);

  EXPECT_THAT(kinds_in(dir.path / "a.zip"), ElementsAre(HasSubstr("times its size")));
}

TEST(Zip, AnEntryThatHoldsMoreThanItDeclaresIsRefused) {
  TempDir dir;
  write_zip(dir.path / "a.zip", {{"x", std::string(as_text(slice("1")))}});
  declare_size(dir.path / "a.zip", 400);

  EXPECT_THAT(kinds_in(dir.path / "a.zip"), ElementsAre(HasSubstr("refused: ")));
}

TEST(Zip, ADamagedEntryIsRefused) {
  TempDir dir;
  const std::string text(as_text(slice("1")));
  write_zip(dir.path / "a.zip", {{"x", text}});
  std::string content = testing::content_of(dir.path / "a.zip");
  content[content.find("PK\x01\x02") / 2] ^= 0x10;
  std::ofstream(dir.path / "a.zip", std::ios::binary) << content;

  EXPECT_THAT(kinds_in(dir.path / "a.zip"), ElementsAre(HasSubstr("refused: ")));
}

TEST(Zip, AnArchiveThatIsCutOffIsNoInput) {
  TempDir dir;
  write_zip(dir.path / "a.zip", {{"x", std::string(as_text(slice("1")))}});
  fs::resize_file(dir.path / "a.zip", fs::file_size(dir.path / "a.zip") / 2);

  EXPECT_FALSE(list_input(dir.path / "a.zip"));
  EXPECT_THAT(kinds_in(dir.path / "a.zip"), ElementsAre(HasSubstr("cannot be opened")));
}

TEST(Dicomdir, StandsForWhatItReferencesAndNothingOutside) {
  TempDir dir;
  write_file(dir.path / "secret", slice("9"));
  const fs::path medium = dir.path / "medium";
  write_file(medium / "IMAGES" / "one", slice("1"));
  write_file(medium / "IMAGES" / "NOTNAMED", slice("2"));
  fs::create_symlink(dir.path / "secret", medium / "LINK");
  fs::create_directory_symlink(dir.path, medium / "UP");
  write_file(medium / "DICOMDIR",
             dicomdir({"IMAGES\\ONE", "IMAGES\\ONE", "..\\secret", "LINK", "UP\\secret",
                       "IMAGES/../../secret", "\\etc", "GONE", "IMAGES"}));
  const std::string outside = "refused: the DICOMDIR references a file outside its medium",
                    missing = "refused: the DICOMDIR references a file that is not on its medium";

  EXPECT_THAT(kinds_in(medium / "DICOMDIR"),
              ElementsAre("instance 1.2.3.1", outside, outside, outside, outside, outside, missing,
                          missing));
}

TEST(Dicomdir, OfAFolderTellsWhatIsMissing) {
  TempDir dir;
  write_file(dir.path / "IMG1", slice("1"));
  write_file(dir.path / "DICOMDIR", dicomdir({"IMG1", "IMG2"}));

  EXPECT_THAT(names_of(*list_input(dir.path)), ElementsAre("DICOMDIR", "IMG1", "DICOMDIR: IMG2"));
  EXPECT_THAT(kinds_in(dir.path),
              ElementsAre("DICOMDIR", "instance 1.2.3.1",
                          "refused: the DICOMDIR references a file that is not on its medium"));
}

}  // namespace
}  // namespace dosigate::offline
