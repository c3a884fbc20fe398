#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include <latch>

#include "dosigate/base/durable_file.h"
#include "dosigate/dicom/data_set.h"
#include "fixture.h"
#include "support/free_port.h"
#include "support/process.h"

// What an archive accepts, stock peers, and folders.

namespace dosigate::testing {
namespace {

constexpr const char* kImplicit = UID_LittleEndianImplicitTransferSyntax;
constexpr const char* kExplicit = UID_LittleEndianExplicitTransferSyntax;

DcmDataset slice(const std::string& sop) {
  DcmDataset out;
  const auto text = [&](const DcmTagKey& tag, const char* value) {
    EXPECT_TRUE(out.putAndInsertString(tag, value).good());
  };
  const auto number = [&](const DcmTagKey& tag, Uint16 value) {
    EXPECT_TRUE(out.putAndInsertUint16(tag, value).good());
  };
  text(DCM_SOPClassUID, UID_CTImageStorage);
  text(DCM_SOPInstanceUID, sop.c_str());
  text(DCM_StudyInstanceUID, "2.25.100");
  text(DCM_Modality, "CT");
  number(DCM_SamplesPerPixel, 1);
  text(DCM_PhotometricInterpretation, "MONOCHROME2");
  number(DCM_Rows, 16);
  number(DCM_Columns, 16);
  number(DCM_BitsAllocated, 16);
  number(DCM_BitsStored, 12);
  number(DCM_HighBit, 11);
  number(DCM_PixelRepresentation, 0);
  std::vector<Uint16> pixels(256);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<Uint16>(i * 13);
  EXPECT_TRUE(out.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()).good());
  return out;
}

CleanInstance clean_slice(const std::string& sop, const char* syntax = kExplicit) {
  DcmDataset data_set = slice(sop);
  const TransferSyntax* known = find_transfer_syntax(syntax);
  EXPECT_TRUE(data_set.chooseRepresentation(known->dcmtk, nullptr).good());
  EncodedDataSet encoded = encode_data_set(data_set, *known);
  return Deidentifier::make({.sop_instance_uid = sop,
                             .transfer_syntax_uid = syntax,
                             .header = std::move(encoded.header),
                             .body = std::move(encoded.body),
                             .trailer = std::move(encoded.trailer)});
}

std::vector<Uint16> pixels_of(DcmDataset& data_set) {
  const Uint16* data = nullptr;
  unsigned long count = 0;
  EXPECT_TRUE(data_set.findAndGetUint16Array(DCM_PixelData, data, &count).good());
  return {data, data + count};
}

TEST_F(Forwarding, WhatIsAcceptedInNoContextIsParkedAtOnceAndGoesAfterRequeue) {
  archive.set({.accepts = [](const std::string&, const std::string&) { return false; }});
  put(25);
  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);
  ASSERT_TRUE(eventually([&] { return parked() == 25; }));
  EXPECT_THAT(home.spool->list(1).at(0).reason,
              ::testing::HasSubstr("archive accepts no presentation context for CT Image Storage "
                                   "in Explicit VR Little Endian"));
  EXPECT_TRUE(archive.received().empty());

  archive.set({});
  EXPECT_EQ(home.spool->requeue("A", std::nullopt), 25U);

  EXPECT_TRUE(all_delivered(25));
}

TEST_F(Forwarding, WhatIsRequeuedIsNotJudgedByAnAssociationFromBefore) {
  std::latch asked(1), requeued(1);
  archive.set({.accepts = [&](const std::string&, const std::string&) {
    if (!asked.try_wait()) asked.count_down();
    requeued.wait();
    return false;
  }});
  put(3);
  auto to = dicom_destination(archive.port());
  to.associations = 1;
  const ArchiveForwarder forwarder(to, *home.spool);
  asked.wait();

  archive.set({});
  home.spool->requeue("A", std::nullopt);
  requeued.count_down();

  EXPECT_TRUE(all_delivered(3));
}

TEST_F(Forwarding, OneClassThatIsRefusedDoesNotHoldUpTheOthers) {
  archive.set({.accepts = [](const std::string& sop_class, const std::string&) {
    return sop_class == UID_CTImageStorage;
  }});
  put(5);
  ASSERT_TRUE(home.offer(Deidentifier::make({.sop_instance_uid = "2.25.2",
                                             .sop_class_uid = UID_NuclearMedicineImageStorage,
                                             .header = Bytes(10, 'n')})));
  put(5, 5);

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  EXPECT_TRUE(all_delivered(10));
  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_EQ(forwarder.state().state, "up");
}

TEST_F(Forwarding, IsTranscodedOnlyWhenTheExactSyntaxIsRefusedAndKeepsEveryPixel) {
  archive.set({.accepts = [](const std::string&, const std::string& syntax) {
    return syntax == kImplicit;
  }});
  ASSERT_TRUE(home.offer(clean_slice("2.25.1")));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(1));
  const auto got = archive.received().at(0);
  EXPECT_EQ(got.transfer_syntax_uid, kImplicit);
  auto parsed = parse_data_set(got.data_set, *find_transfer_syntax(kImplicit));
  ASSERT_TRUE(parsed);
  DcmDataset original = slice("2.25.1");
  EXPECT_EQ(pixels_of(**parsed), pixels_of(original));
  EXPECT_EQ(text_at(**parsed, DCM_SOPInstanceUID), "2.25.1");
}

TEST_F(Forwarding, ACompressedImageIsDecompressedForAnArchiveThatRefusesIt) {
  archive.set({.accepts = [](const std::string&, const std::string& syntax) {
    return syntax == kExplicit || syntax == kImplicit;
  }});
  const CleanInstance compressed = clean_slice("2.25.1", UID_RLELosslessTransferSyntax);
  ASSERT_TRUE(home.offer(compressed));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(1));
  const auto got = archive.received().at(0);
  EXPECT_EQ(got.transfer_syntax_uid, kExplicit);
  auto parsed = parse_data_set(got.data_set, *find_transfer_syntax(kExplicit));
  ASSERT_TRUE(parsed);
  DcmDataset original = slice("2.25.1");
  EXPECT_EQ(pixels_of(**parsed), pixels_of(original));
}

TEST_F(Forwarding, WhatCannotBeConvertedIsParkedWhenItsSyntaxIsRefused) {
  archive.set({.accepts = [](const std::string&, const std::string& syntax) {
    return syntax == kExplicit || syntax == kImplicit;
  }});
  ASSERT_TRUE(
      home.offer(Deidentifier::make({.sop_instance_uid = "2.25.1",
                                     .transfer_syntax_uid = UID_JPEG2000LosslessOnlyTransferSyntax,
                                     .header = Bytes(10, 'j')})));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_THAT(reason(), ::testing::HasSubstr("JPEG 2000"));
  EXPECT_TRUE(archive.received().empty());
}

TEST_F(Forwarding, WhatIsTooLargeToBeConvertedIsParkedAndSaysWhatToDo) {
  archive.set({.accepts = [](const std::string&, const std::string& syntax) {
    return syntax == kImplicit;
  }});
  CleanInstance small = clean_slice("2.25.1");
  ASSERT_TRUE(home.offer(Deidentifier::make(
      {.sop_instance_uid = "2.25.2", .header = Bytes(8, 'h'), .body = Bytes(129U << 20U, 'b')})));
  ASSERT_TRUE(home.offer(small));

  const ArchiveForwarder forwarder(dicom_destination(archive.port()), *home.spool);

  ASSERT_TRUE(all_delivered(1));
  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_THAT(reason(), ::testing::HasSubstr("more than 128 MiB and is not converted"));
  EXPECT_EQ(archive.received()[0].transfer_syntax_uid, kImplicit);
}

TEST_F(Forwarding, StockStorescpGetsWhatItCanRead) {
  const std::filesystem::path out = dir.path / "storescp";
  std::filesystem::create_directory(out);
  const std::uint16_t port = free_port();
  Process storescp({"storescp", "-v", "-aet", "ARCHIVE", "-od", out.string(), std::to_string(port)},
                   dir.path / "storescp.log");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(home.offer(clean_slice(sop(i))));

  // It serves one association after the other; what it does not serve yet waits, unanswered.
  const ArchiveForwarder forwarder(dicom_destination(port), *home.spool);

  ASSERT_TRUE(all_delivered(5)) << storescp.output();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(entry.path().c_str()).good());
    DcmDataset original = slice("2.25.1");
    EXPECT_EQ(pixels_of(*file.getDataset()), pixels_of(original));
    ++files;
  }
  EXPECT_EQ(files, 5U);
}

TEST_F(Forwarding, AFolderGetsPart10FilesByPseudonymAndStudy) {
  Destination to;
  to.name = "A";
  to.kind = Destination::Kind::Folder;
  to.path = dir.path / "out";
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(home.offer(clean_slice(sop(i))));

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(10));
  for (int i = 0; i < 10; ++i) {
    const auto path = to.path / "DSG-T-0000-0000-000" / "2.25.100" / (sop(i) + ".dcm");
    const auto dump = run({"dcmdump", "+P", "SOPInstanceUID", path.string()});
    EXPECT_EQ(dump.code, 0);
    EXPECT_THAT(dump.output, ::testing::HasSubstr(sop(i)));
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(path.c_str()).good());
    DcmDataset original = slice(sop(i));
    EXPECT_EQ(pixels_of(*file.getDataset()), pixels_of(original));
  }
  const auto entries = std::filesystem::recursive_directory_iterator(to.path);
  EXPECT_EQ(std::count_if(begin(entries), end(entries),
                          [](const auto& e) { return e.is_regular_file(); }),
            10)
      << "no temporary file is left";
}

TEST_F(Forwarding, AFileOfTheSameNameInTheFolderIsReplaced) {
  Destination to;
  to.name = "A";
  to.path = dir.path / "out";
  const auto file = to.path / "DSG-T-0000-0000-000" / "2.25.100" / "2.25.1.dcm";
  make_private_directory(file.parent_path());
  replace_file(file, as_bytes("an older one"));
  ASSERT_TRUE(home.offer(clean_slice("2.25.1")));

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_GT(std::filesystem::file_size(file), 500U);
}

TEST_F(Forwarding, AFolderThatCannotBeWrittenIsDownAndRetried) {
  Destination to;
  to.name = "A";
  to.path = dir.path / "out";
  to.backoff = {std::chrono::milliseconds(40), std::chrono::milliseconds(200)};
  replace_file(to.path, as_bytes("a file where the folder should be"));
  ASSERT_TRUE(home.offer(clean_slice("2.25.1")));
  const ArchiveForwarder forwarder(to, *home.spool);
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_THAT(forwarder.state().last_error, ::testing::HasSubstr("cannot write into the folder"));

  std::filesystem::remove(to.path);

  EXPECT_TRUE(all_delivered(1));
  EXPECT_EQ(forwarder.state().state, "up");
}

// A share that is not mounted: its place on the root disk must not be filled in its stead.
TEST_F(Forwarding, AFolderWhoseDiskIsNotMountedIsDownAndNotMade) {
  Destination to;
  to.name = "A";
  to.path = dir.path / "share" / "out";
  to.backoff = {std::chrono::milliseconds(40), std::chrono::milliseconds(200)};
  ASSERT_TRUE(home.offer(clean_slice("2.25.1")));
  const ArchiveForwarder forwarder(to, *home.spool,
                                   [](const std::string&) { return std::string("{}"); });
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "down"; }));
  EXPECT_THAT(forwarder.state().last_error, ::testing::HasSubstr(to.path.string()));
  EXPECT_FALSE(std::filesystem::exists(dir.path / "share"));

  std::filesystem::create_directory(dir.path / "share");

  EXPECT_TRUE(all_delivered(1));
  EXPECT_TRUE(std::filesystem::exists(to.path));
}

TEST_F(Forwarding, ANameThatLeadsOutOfTheFolderIsParked) {
  Destination to;
  to.name = "A";
  to.path = dir.path / "out";
  ASSERT_TRUE(home.offer(Deidentifier::make(
      {.sop_instance_uid = "2.25.1", .pseudonym = "../elsewhere", .header = Bytes(10, 'x')})));

  const ArchiveForwarder forwarder(to, *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_FALSE(std::filesystem::exists(dir.path / "elsewhere"));
}

TEST_F(Forwarding, EchoTellsTheRoundTripOrWhatIsWrong) {
  auto to = dicom_destination(archive.port());
  EXPECT_TRUE(echo(to));

  archive.down();
  const auto refused = echo(to);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("is the archive running?"));
}

TEST_F(Forwarding, TestPeerListsWhatIsAcceptedAndWhatIsRefused) {
  archive.set({.accepts = [](const std::string& sop_class, const std::string& syntax) {
    return sop_class == UID_CTImageStorage && syntax == kExplicit;
  }});

  const auto tested = test_peer(dicom_destination(archive.port()));

  ASSERT_TRUE(tested);
  int accepted = 0;
  for (const auto& context : *tested) {
    if (context.transfer_syntax_uid.empty()) {
      EXPECT_NE(context.sop_class_uid, UID_CTImageStorage);
      continue;
    }
    EXPECT_EQ(context.sop_class_uid, UID_CTImageStorage);
    EXPECT_EQ(context.transfer_syntax_uid, kExplicit);
    ++accepted;
  }
  EXPECT_EQ(accepted, 1);
}

}  // namespace
}  // namespace dosigate::testing
