#include <atomic>
#include <ctime>
#include <fstream>

#include "dosigate/dicom/data_set.h"
#include "fixture.h"
#include "support/free_port.h"
#include "support/grey_images.h"
#include "support/process.h"

// Options of a destination at the end of a slow link: hours, pause, bandwidth, compression; each
// seen in what the archive gets.

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kExplicit = UID_LittleEndianExplicitTransferSyntax;
constexpr const char* kJpegLs = UID_JPEGLSLosslessTransferSyntax;

CleanInstance clean(DcmDataset object, const char* syntax = kExplicit) {
  EncodedDataSet parts = encode_data_set(object, *find_transfer_syntax(syntax));
  return Deidentifier::make({.sop_instance_uid = text_at(object, DCM_SOPInstanceUID),
                             .sop_class_uid = text_at(object, DCM_SOPClassUID),
                             .transfer_syntax_uid = syntax,
                             .header = std::move(parts.header),
                             .body = std::move(parts.body),
                             .trailer = std::move(parts.trailer)});
}

class SlowLink : public Forwarding {
 protected:
  Destination to() const {
    Destination out = dicom_destination(archive.port());
    out.associations = 1;
    out.dimse_timeout = 20s;  // a loaded machine is no fault of the archive
    return out;
  }
  /// A wall clock of the test's own.
  WallClock clock() {
    return [this] { return std::chrono::system_clock::from_time_t(unix_); };
  }
  void set_clock(int hour, int minute) {
    std::time_t begin = 1'768'435'200;  // a day in January 2026
    std::tm local{};
    ::localtime_r(&begin, &local);
    local.tm_hour = hour;
    local.tm_min = minute;
    unix_ = std::mktime(&local);
  }
  std::vector<DcmDataset> images() const {
    return {ct_signed("2.25.1"), nm_frames("2.25.2"), pet_image("2.25.3"),
            sc_grey("2.25.4"),   report("2.25.5"),    sc_colour("2.25.6")};
  }
  void offer_images() {
    for (const DcmDataset& image : images()) ASSERT_TRUE(home.offer(clean(image)));
  }

  std::atomic<std::time_t> unix_{0};
};

TEST_F(SlowLink, OutsideItsHoursNothingLeavesAndInsideEverything) {
  set_clock(8, 0);
  Destination night = to();
  night.hours = *Hours::parse({"19:00-06:00"});
  put(5);
  const ArchiveForwarder forwarder(night, *home.spool, {}, "", clock());
  // It has looked more than once: the wait of a worker is a second at most.
  ASSERT_FALSE(archive.wait_for_kept(1, 1500ms));
  EXPECT_EQ(archive.connections(), 0U);
  EXPECT_EQ(forwarder.state().state, "waiting");
  EXPECT_THAT(forwarder.state().state_text, HasSubstr("opens at 19:00, in 11 h 0 min"));
  EXPECT_EQ(home.ledger->totals().queued, 5U);

  set_clock(19, 0);

  EXPECT_TRUE(all_delivered(5));
  EXPECT_EQ(forwarder.state().state, "up");
  EXPECT_EQ(forwarder.state().state_text, "");
  EXPECT_TRUE(home.ledger_adds_up());
}

TEST_F(SlowLink, ABatchThatRunsWhenItsHoursEndEndsAfterTheInstanceInHand) {
  set_clock(5, 59);
  Destination night = to();
  night.hours = *Hours::parse({"19:00-06:00"});
  archive.set({.status = [this](const std::string&, int) {
    set_clock(6, 0);  // while the first is being answered
    return std::uint16_t{0};
  }});
  put(10);

  const ArchiveForwarder forwarder(night, *home.spool, {}, "", clock());

  ASSERT_TRUE(all_delivered(1));
  ASSERT_TRUE(eventually([&] { return archive.releases() == 1; })) << "the association ends, too";
  EXPECT_EQ(archive.received().size(), 1U);
  EXPECT_EQ(home.ledger->totals().queued, 9U);
  EXPECT_EQ(forwarder.state().state, "waiting");
}

TEST_F(SlowLink, PausedNothingLeavesUntilItIsResumed) {
  put(5);
  ArchiveForwarder forwarder(to(), *home.spool, {}, "paused by ana");
  ASSERT_FALSE(archive.wait_for_kept(1, 1500ms));
  EXPECT_EQ(forwarder.state().state, "paused");
  EXPECT_EQ(forwarder.state().state_text, "paused by ana");

  forwarder.resume();

  EXPECT_TRUE(all_delivered(5));
  EXPECT_EQ(forwarder.state().state, "up");
}

TEST_F(SlowLink, APausedBatchEndsAfterTheInstanceInHand) {
  ArchiveForwarder forwarder(to(), *home.spool);
  archive.set({.status = [&](const std::string&, int) {
    forwarder.pause("paused by ana");  // while the first is being answered
    return std::uint16_t{0};
  }});

  put(10);

  ASSERT_TRUE(all_delivered(1));
  ASSERT_TRUE(eventually([&] { return archive.releases() == 1; }));
  EXPECT_EQ(archive.received().size(), 1U);
  EXPECT_EQ(home.ledger->totals().queued, 9U);
  archive.set({});
  forwarder.resume();
  EXPECT_TRUE(all_delivered(10));
}

TEST_F(SlowLink, AFolderKeepsItsHoursToo) {
  set_clock(8, 0);
  Destination folder;
  folder.name = "A";
  folder.path = dir.path / "out";
  folder.hours = *Hours::parse({"19:00-06:00"});
  put(3);
  const ArchiveForwarder forwarder(folder, *home.spool, {}, "", clock());
  ASSERT_FALSE(eventually([&] { return std::filesystem::exists(folder.path); }, 1500ms));

  set_clock(0, 30);

  EXPECT_TRUE(all_delivered(3));
}

TEST_F(SlowLink, WhatWaitedForItsHoursHasNotFailedForSoLong) {
  // Queued two days before it opens; the archive then hesitates once, which is no reason to park.
  const WallTime opening = std::chrono::system_clock::now();
  unix_ = std::chrono::system_clock::to_time_t(opening - 48h);
  home.close();
  home.clock = clock();
  home.open();
  put(1);
  ArchiveForwarder forwarder(to(), *home.spool, {}, "paused", wall_now);
  std::atomic<int> asked = 0;
  archive.set({.status = [&](const std::string&, int) {
    return static_cast<std::uint16_t>(asked++ == 0 ? 0x0110 : 0x0000);
  }});
  ASSERT_TRUE(eventually([&] { return forwarder.state().state == "paused"; }));
  ASSERT_FALSE(archive.wait_for_kept(1, 1200ms));
  unix_ = std::chrono::system_clock::to_time_t(opening);

  forwarder.resume();

  ASSERT_TRUE(eventually([&] { return asked > 0; }));
  unix_ = std::chrono::system_clock::to_time_t(opening + 1h);
  EXPECT_TRUE(all_delivered(1));
  EXPECT_EQ(parked(), 0U);
}

TEST_F(SlowLink, TheBandwidthIsSharedByAllAssociations) {
  constexpr std::uint64_t kBits = 8'000'000;
  Destination limited = to();
  limited.associations = 3;
  limited.max_kbit_s = kBits / 1'000;
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(home.offer(SpoolHome::instance(sop(i), 100'000)));  // 3 MB: 3 s
  const SteadyTime begun = steady_now();

  const ArchiveForwarder forwarder(limited, *home.spool);

  ASSERT_TRUE(all_delivered(30));
  const std::chrono::duration<double> took = steady_now() - begun;
  const double bits = static_cast<double>(forwarder.state().bytes) * 8;
  EXPECT_GE(bits, 30 * 100'000 * 8);
  EXPECT_GE(took.count(), bits / kBits * 0.98);
}

TEST_F(SlowLink, AStopDoesNotWaitForTheLimit) {
  Destination limited = to();
  limited.max_kbit_s = 64;
  ASSERT_TRUE(home.offer(SpoolHome::instance(sop(1), 8'000'000)));  // a quarter of an hour
  {
    const ArchiveForwarder forwarder(limited, *home.spool);
    ASSERT_TRUE(eventually([&] { return archive.associations() == 1; }));
  }
  home.restart();
  EXPECT_EQ(home.ledger->totals().delivered + home.ledger->totals().queued, 1U);
}

class CompressedFor : public SlowLink, public ::testing::WithParamInterface<Destination::Compress> {
 protected:
  std::string syntax() const {
    return GetParam() == Destination::Compress::Rle ? UID_RLELosslessTransferSyntax : kJpegLs;
  }
};

TEST_P(CompressedFor, AnArchiveThatTakesItWithEveryPixelTheSame) {
  Destination small = to();
  small.compress = GetParam();
  offer_images();
  const std::uint64_t plain = home.spool->destinations().at("A").bytes;

  const ArchiveForwarder forwarder(small, *home.spool);

  ASSERT_TRUE(all_delivered(6));
  for (DcmDataset& source : images()) {
    const std::string uid = text_at(source, DCM_SOPInstanceUID);
    const auto all = archive.received();
    const auto got = std::ranges::find(all, uid, &FakeArchive::Received::sop_instance_uid);
    ASSERT_NE(got, all.end()) << uid;
    const bool as_it_is = uid == "2.25.5" || uid == "2.25.6";  // a report, and colour
    EXPECT_EQ(got->transfer_syntax_uid, as_it_is ? kExplicit : syntax()) << uid;
    auto parsed = parse_data_set(got->data_set, *find_transfer_syntax(got->transfer_syntax_uid));
    ASSERT_TRUE(parsed) << uid;
    EXPECT_EQ(text_at(**parsed, DCM_SOPInstanceUID), uid);
    ASSERT_TRUE((*parsed)->chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good());
    EXPECT_EQ(pixel_bytes(**parsed), pixel_bytes(source)) << uid;
  }
  const auto state = forwarder.state();
  EXPECT_EQ(state.sent, 6U);
  EXPECT_EQ(state.compressed, 4U);
  EXPECT_EQ(state.not_compressed, 1U) << "the one in colour";
  std::uint64_t received = 0;
  for (const auto& one : archive.received()) received += one.data_set.size();
  EXPECT_EQ(state.bytes, received);
  EXPECT_GT(state.bytes_saved, 0U);
  EXPECT_GE(plain, received) << "the queue counts spool files, which are larger";
}

TEST_P(CompressedFor, AnArchiveThatRefusesItGetsThemAsTheyAre) {
  archive.set({.accepts = [](const std::string&, const std::string& offered) {
    return offered == kExplicit || offered == UID_LittleEndianImplicitTransferSyntax;
  }});
  Destination small = to();
  small.compress = GetParam();
  offer_images();

  const ArchiveForwarder forwarder(small, *home.spool);

  ASSERT_TRUE(all_delivered(6));
  for (const auto& one : archive.received()) EXPECT_EQ(one.transfer_syntax_uid, kExplicit);
  EXPECT_EQ(forwarder.state().compressed, 0U);
  EXPECT_EQ(forwarder.state().bytes_saved, 0U);
}

TEST_P(CompressedFor, StockStorescpWhoseFilesDcmtkDecompresses) {
  const std::filesystem::path out = dir.path / "storescp";
  std::filesystem::create_directory(out);
  const std::uint16_t port = free_port();
  Process storescp(
      {"storescp", "+xa", "+B", "-aet", "ARCHIVE", "-od", out.string(), std::to_string(port)},
      dir.path / "storescp.log");
  Destination small = to();
  small.port = port;
  small.compress = GetParam();
  offer_images();

  const ArchiveForwarder forwarder(small, *home.spool);

  ASSERT_TRUE(all_delivered(6)) << storescp.output();
  const bool rle = GetParam() == Destination::Compress::Rle;
  std::size_t compared = 0;
  for (DcmDataset& source : images()) {
    const std::string uid = text_at(source, DCM_SOPInstanceUID);
    if (uid == "2.25.5" || uid == "2.25.6") continue;
    for (const auto& entry : std::filesystem::directory_iterator(out)) {
      if (!entry.path().string().ends_with(uid)) continue;
      const std::filesystem::path plain = dir.path / (uid + ".plain");
      const Finished decompressed =
          run({rle ? "dcmdrle" : "dcmdjpls", entry.path().string(), plain.string()});
      ASSERT_EQ(decompressed.code, 0) << decompressed.output;
      DcmFileFormat file;
      ASSERT_TRUE(file.loadFile(plain.c_str()).good());
      EXPECT_EQ(pixel_bytes(*file.getDataset()), pixel_bytes(source)) << uid;
      EXPECT_EQ(text_at(*file.getDataset(), DCM_SOPInstanceUID), uid);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4U);
}

INSTANTIATE_TEST_SUITE_P(Each, CompressedFor,
                         ::testing::Values(Destination::Compress::JpegLs,
                                           Destination::Compress::Rle),
                         [](const auto& p) {
                           return p.param == Destination::Compress::Rle ? "Rle" : "JpegLs";
                         });

TEST_F(SlowLink, WhatIsTooLargeToBeCompressedIsSentAsItIs) {
  DcmDataset object = nm_frames("2.25.1");
  const std::vector<Uint16> pixels(std::size_t{64} * 64 * 12 * 360, 3);  // 35 MB
  ASSERT_TRUE(object.putAndInsertString(DCM_NumberOfFrames, "4320").good());
  ASSERT_TRUE(object.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()).good());
  Destination small = to();
  small.compress = Destination::Compress::JpegLs;
  ASSERT_TRUE(home.offer(clean(object)));

  const ArchiveForwarder forwarder(small, *home.spool);

  ASSERT_TRUE(all_delivered(1));
  EXPECT_EQ(archive.received().at(0).transfer_syntax_uid, kExplicit);
}

TEST_F(SlowLink, ADamagedSpoolFileIsParkedAlsoWhereItWouldBeCompressed) {
  const InstanceId id = random_id();
  ASSERT_TRUE(home.offer(clean(ct_signed("2.25.1")), {"A"}, id));
  {
    std::fstream file(home.file_of(id), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-200, std::ios::end);
    file.write("changed", 7);
  }
  Destination small = to();
  small.compress = Destination::Compress::JpegLs;

  const ArchiveForwarder forwarder(small, *home.spool);

  ASSERT_TRUE(eventually([&] { return parked() == 1; }));
  EXPECT_EQ(archive.kept(), 0U);
}

}  // namespace
}  // namespace dosigate::testing
