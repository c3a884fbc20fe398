// Pixel data that go into a sealed file while they arrive: what comes of it is what comes of an
// instance that is whole in memory.

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>

#include <fstream>
#include <random>

#include "dosigate/dicom/splitter.h"
#include "ingest_fixture.h"

namespace dosigate {
namespace {

using testing::ct_slice;
using testing::DataSet;
using testing::IngestTest;
using testing::nm_spect;

constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kBigEndian = "1.2.840.10008.1.2.2";
constexpr const char* kRle = "1.2.840.10008.1.2.5";
constexpr const char* kJpegLossless = "1.2.840.10008.1.2.4.70";
constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.201";

DataSet with_trailer(DataSet data) {
  return std::move(data)
      .with(DcmTagKey(0x7FE1, 0x0010), EVR_LO, "ACME 1")
      .with(DcmTagKey(0x7FE1, 0x1001), EVR_LO, "SILVAMARKER")
      .with(DcmTagKey(0xFFFC, 0xFFFC), EVR_OB, std::string_view("\0\0\0\0", 4));
}

class LargeInstance : public IngestTest {
 protected:
  static void SetUpTestSuite() {
    DcmRLEEncoderRegistration::registerCodecs();
    DJEncoderRegistration::registerCodecs();
  }
  static void TearDownTestSuite() {
    DJEncoderRegistration::cleanup();
    DcmRLEEncoderRegistration::cleanup();
  }

  /// The bytes in pieces that end anywhere, as AssociationServer gives them.
  std::optional<AssociationServer::Answer> send_large(const ReceivedInstance& whole) {
    ReceivedInstance instance = whole;
    instance.origin = {"DOSIGATE", "CAMERA", "127.0.0.1", route_.name};
    instance.data_set.clear();
    DataSetSplitter splitter(find_transfer_syntax(whole.transfer_syntax_uid)->encoding, {},
                             instance.data_set);
    std::unique_ptr<AssociationServer::Passage> passage;
    const auto pass = [&](ByteView piece) {
      if (!passage) {
        ReceivedInstance begun = instance;
        begun.data_set.resize(splitter.found().pixel_begin);
        begun.passed = {splitter.found().pixels, splitter.found().pixel_begin, 0, 0};
        auto taken = ingest_->begin(begun);
        ASSERT_TRUE(taken) << taken.error().detail;
        passage = std::move(*taken);
      }
      passage->pixels(piece);
    };
    ByteView left(whole.data_set);
    while (!left.empty()) {
      const std::size_t size = std::min<std::size_t>(
          left.size(), std::uniform_int_distribution<std::size_t>(1, longest_piece_)(random_));
      if (const auto added = splitter.add(left.first(size), pass); !added) return std::nullopt;
      left = left.subspan(size);
    }
    const auto passed = splitter.finish(pass);
    if (!passed || !passage) return std::nullopt;
    instance.passed = *passed;
    return passage->finish(std::move(instance));
  }

  /// What the engine makes of it when it is whole in memory.
  Bytes cleaned(const ReceivedInstance& whole) {
    const auto verdict = ingest_->routing()->engine("all", "CAMERA").clean(whole);
    const auto* clean = std::get_if<Cleaned>(&verdict);
    if (clean == nullptr) {
      ADD_FAILURE() << "not cleaned";
      return {};
    }
    Bytes out;
    for (const ByteView part :
         {clean->instance.header(), clean->instance.body(), clean->instance.trailer()})
      out.insert(out.end(), part.begin(), part.end());
    return out;
  }

  /// What waits in the queue, which has one instance.
  Bytes queued(std::uint64_t* length = nullptr) {
    auto claimed = spool_->claim("ARCHIVE", 10);
    if (claimed.size() != 1) {
      ADD_FAILURE() << claimed.size() << " in the queue";
      return {};
    }
    Bytes out;
    const auto read = claimed[0].read([&](ByteView piece) {
      out.insert(out.end(), piece.begin(), piece.end());
      return true;
    });
    EXPECT_TRUE(read);
    if (length != nullptr) *length = claimed[0].data_set_bytes();
    return out;
  }

  /// But for empty ones, which wait for the next instances.
  std::size_t files_in_spool() const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(home_.path / "archive" / "spool"))
      count +=
          entry.is_regular_file() && (entry.file_size() > 0 || entry.path().extension() != ".dsg");
    return count;
  }

  static DataSet compressed(DataSet data, const char* syntax) {
    if (data.root().chooseRepresentation(find_transfer_syntax(syntax)->dcmtk, nullptr).bad())
      throw std::runtime_error("test data set: cannot compress");
    return std::move(data).with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.1.1");
  }

  std::size_t longest_piece_ = 4'000;
  std::mt19937 random_{28};
};

std::string noise(std::size_t size) {
  std::mt19937 random(5);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

DataSet odd_image() {
  return ct_slice()
      .with(DCM_Rows, "33")
      .with(DCM_Columns, "55")
      .with(DCM_BitsAllocated, "8")
      .with(DCM_BitsStored, "8")
      .with(DCM_HighBit, "7")
      .with_bytes(DCM_PixelData, EVR_OB, noise(33 * 55 + 1));
}

TEST_F(LargeInstance, IsWhatItWouldBeInMemoryByteForByteHoweverItIsCut) {
  struct Case {
    const char* name;
    ReceivedInstance whole;
  };
  std::vector<Case> cases;
  for (const char* syntax : {kImplicit, kExplicit, kBigEndian}) {
    cases.push_back({syntax, ct_slice(64).received(syntax)});
    cases.push_back({syntax, with_trailer(ct_slice(64)).received(syntax)});
    cases.push_back({syntax, nm_spect().received(syntax)});
    cases.push_back({syntax, odd_image().received(syntax)});
  }
  // Bits that are not stored do not count: also when the header says as UN which they are.
  cases.push_back({"UN", ct_slice(64)
                             .with_bytes(DCM_BitsStored, EVR_UN, std::string("\x0c\0", 2))
                             .with(DCM_HighBit, "11")
                             .with_bytes(DCM_PixelData, EVR_OW, noise(8'192))
                             .received(kExplicit)});
  for (const char* syntax : {kRle, kJpegLossless}) {
    cases.push_back({syntax, compressed(ct_slice(64), syntax).received(syntax)});
    cases.push_back({syntax, with_trailer(compressed(ct_slice(64), syntax)).received(syntax)});
  }
  ReceivedInstance htj2k = compressed(ct_slice(64), kRle).received(kRle);
  htj2k.transfer_syntax_uid = kHtj2k;
  cases.push_back({kHtj2k, htj2k});

  for (const Case& each : cases) {
    for (const std::size_t longest : {3U, 1'000U, 200'000U}) {
      longest_piece_ = longest;
      SCOPED_TRACE(std::string(each.name) + " in pieces of up to " + std::to_string(longest));
      const Bytes expected = cleaned(each.whole);

      const auto answer = send_large(each.whole);

      ASSERT_TRUE(answer);
      ASSERT_EQ(answer->status, 0x0000) << answer->comment;
      std::uint64_t length = 0;
      EXPECT_EQ(queued(&length), expected);
      EXPECT_EQ(length, expected.size());
      EXPECT_EQ(as_text(expected).find("SILVAMARKER"), std::string_view::npos);
      // Whole or in pieces, it is the same instance.
      ReceivedInstance again = each.whole;
      again.origin.route = route_.name;
      EXPECT_EQ(ingest_->accept(again).status, 0x0000);
      ASSERT_TRUE(send_large(each.whole));
      EXPECT_EQ(spool_->files(), 1U);
      EXPECT_EQ(files_in_spool(), 1U) << "a duplicate's file stayed";
      EXPECT_TRUE(quarantine_->list().empty()) << "held as another version of itself";
      deliver_all();
      EXPECT_EQ(files_in_spool(), 0U);
      start_anew();
    }
  }
}

TEST_F(LargeInstance, ThatIsHeldIsKeptAsItCameAndCanBeReleased) {
  for (const char* syntax : {kImplicit, kExplicit, kBigEndian, kRle}) {
    DataSet data = with_trailer(odd_image().with(DCM_BurnedInAnnotation, "YES"));
    if (std::string_view(syntax) == kRle) data = compressed(std::move(data), syntax);
    const ReceivedInstance whole = data.received(syntax);

    const auto answer = send_large(whole);

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 0x0000);
    EXPECT_EQ(files_in_spool(), 0U);
    ASSERT_EQ(quarantine_->list().size(), 1U) << syntax;
    const InstanceId id = quarantine_->list()[0].id;
    EXPECT_EQ(quarantine_->list()[0].reason, "burned-in");
    const auto original = quarantine_->original(id);
    ASSERT_TRUE(original) << original.error().detail;
    EXPECT_EQ(original->data_set, whole.data_set);

    const auto still = ingest_->release(id, {});
    ASSERT_TRUE(still) << still.error().detail;
    EXPECT_EQ(still->outcome, "held");
    EXPECT_EQ(files_in_spool(), 0U);
    const auto released = ingest_->release(id, {{HoldReason::BurnedIn}});
    ASSERT_TRUE(released) << released.error().detail;
    EXPECT_EQ(released->outcome, "queued");
    EXPECT_FALSE(queued().empty());
    EXPECT_TRUE(quarantine_->list().empty());
    start_anew();
  }
}

TEST_F(LargeInstance, WithOtherPixelsIsHeldAsARevision) {
  send_large(ct_slice(64).received());
  deliver_all();

  const auto answer =
      send_large(ct_slice(64).with_bytes(DCM_PixelData, EVR_OW, noise(8'192)).received());

  ASSERT_TRUE(answer);
  EXPECT_EQ(ledger_->reasons(Outcome::Quarantined).at("revision"), 1U);
  const auto examined = ingest_->examine(quarantine_->list().at(0).id);
  ASSERT_TRUE(examined) << examined.error().detail;
  EXPECT_EQ(examined->differs, "other pixels");
}

TEST_F(LargeInstance, ThatBreaksOffLeavesNothing) {
  ReceivedInstance cut = ct_slice(64).received();
  cut.data_set.resize(cut.data_set.size() - 100);

  EXPECT_FALSE(send_large(cut));

  EXPECT_EQ(files_in_spool(), 0U);
  EXPECT_EQ(ledger_->totals().received, 0U);
}

TEST_F(LargeInstance, IsRefusedBeforeItComesWhenThereIsNoRoom) {
  spool_.reset();
  ArchiveSpool::Settings full;
  full.directory = home_.path / "archive";
  full.min_free_bytes = std::uint64_t{1} << 60U;
  spool_ = std::move(*ArchiveSpool::open(full, *keys_, *ledger_));
  open_quarantine(1U << 30U);
  use_route();
  ReceivedInstance begun = ct_slice(64).received();
  const auto walked = walk_data_set(begun.data_set, Encoding::ExplicitLittle);
  begun.data_set.resize(walked->pixel_begin);
  begun.passed = {walked->pixels, walked->pixel_begin, 0, 0};

  const auto refused = ingest_->begin(begun);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::Busy);
}

TEST_F(LargeInstance, LeftUnfinishedByACrashIsRemovedAtTheNextStart) {
  const auto left = home_.path / "archive" / "spool" / "ab" / "ab0000.dsg.part";
  std::ofstream(left) << "half a body";

  open_all();

  EXPECT_EQ(files_in_spool(), 0U);
  EXPECT_EQ(spool_->recovered().removed_incomplete, 1U);
}

TEST_F(LargeInstance, IsNeverReadableBeforeTheVerdict) {
  const ReceivedInstance whole =
      ct_slice(64).with_bytes(DCM_PixelData, EVR_OW, std::string(3'000'000, 'M')).received();
  const auto walked = walk_data_set(whole.data_set, Encoding::ExplicitLittle);
  ReceivedInstance begun = whole;
  begun.data_set.resize(walked->pixel_begin);
  begun.passed = {walked->pixels, walked->pixel_begin, 0, 0};
  auto passage = ingest_->begin(begun);
  ASSERT_TRUE(passage);

  (*passage)->pixels(ByteView(whole.data_set).subspan(walked->pixel_begin, 3'000'000));

  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(home_.path / "archive" / "spool")) {
    if (!entry.is_regular_file()) continue;
    const Bytes bytes = read_file(entry.path());
    EXPECT_GT(bytes.size(), 1'000'000U);
    EXPECT_EQ(as_text(bytes).find("MMMMMMMM"), std::string_view::npos);
    EXPECT_EQ(as_text(bytes).substr(0, 112), std::string(112, '\0')) << "no key in it";
  }
}

}  // namespace
}  // namespace dosigate
