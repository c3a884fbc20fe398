// The public test files of other projects, broken ones included: each gets an answer, none ends the
// node, the ledger adds up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "support/paths.h"
#include "support/phantom_leaks.h"
#include "support/raw_scu.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

const std::filesystem::path kRealFiles =
    std::filesystem::path(DOSIGATE_SOURCE_DIR) / ".." / "shared" / "data" / "dicom";

struct Message {
  std::string sop_class, sop_instance, transfer_syntax;
  std::string patient_id, study_uid;
  Bytes data_set;
};

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// A file as a C-STORE carries it, its bytes untouched. Nothing when DCMTK cannot say which SOP
/// class it is (a DICOMDIR, for example, has none).
Message message_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  DcmFileFormat format;
  (void)format.loadFile(path.c_str());  // as far as it gets: broken files are meant to go out
  Message message;
  message.sop_class = value_of(*format.getDataset(), DCM_SOPClassUID);
  message.sop_instance = value_of(*format.getDataset(), DCM_SOPInstanceUID);
  message.patient_id = value_of(*format.getDataset(), DCM_PatientID);
  message.study_uid = value_of(*format.getDataset(), DCM_StudyInstanceUID);
  if (message.sop_class.empty()) message.sop_class = UID_CTImageStorage;
  if (message.sop_instance.empty()) message.sop_instance = "2.25.4242";
  std::size_t start = 0;
  const bool part10 = bytes.size() > 144 && bytes.compare(128, 4, "DICM") == 0;
  if (part10) {
    message.transfer_syntax = value_of(*format.getMetaInfo(), DCM_TransferSyntaxUID);
    // The meta information is explicit little endian: its first element says how long the rest is.
    const bool with_length = bytes.compare(132, 4, std::string("\x02\x00\x00\x00", 4)) == 0;
    const auto byte = [&](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
    };
    start = !with_length
                ? 132
                : 144 + (byte(140) | (byte(141) << 8U) | (byte(142) << 16U) | (byte(143) << 24U));
  }
  if (message.transfer_syntax.empty()) {
    const bool explicit_vr =
        bytes.size() > start + 6 && is_capital(bytes[start + 4]) && is_capital(bytes[start + 5]);
    message.transfer_syntax = explicit_vr ? UID_LittleEndianExplicitTransferSyntax
                                          : UID_LittleEndianImplicitTransferSyntax;
  }
  message.data_set.assign(
      bytes.begin() + static_cast<std::ptrdiff_t>(std::min(start, bytes.size())), bytes.end());
  if (message.data_set.size() % 2 != 0) message.data_set.push_back(0);
  return message;
}

/// "accepted", "refused" (a status that is no success) or "rejected" (no association or context).
std::string send(std::uint16_t port, const Message& message) {
  RawScu peer(port);
  const auto answer =
      peer.associate("DOSIGATE", "REALFILES", {{1, message.sop_class, {message.transfer_syntax}}});
  if (!answer) return "silence";
  if (answer->type != 2 || RawScu::result_of(*answer, 1) != std::uint8_t{0}) return "rejected";
  const auto status = peer.store(1, message.sop_class, message.sop_instance, message.data_set);
  if (!status) return "silence";
  if (!peer.release()) return "silence";
  return *status == 0 ? "accepted" : "refused";
}

TEST(RealFiles, EachGetsAnAnswerNoneEndsTheNodeAndTheLedgerAddsUp) {
  if (!std::filesystem::is_directory(kRealFiles))
    GTEST_SKIP() << "no real files next to the source tree";
  TempDir dir;
  NodeProcess node(dir.path / "node", {});
  node.start();
  std::map<std::string, std::size_t> answers;
  std::size_t sent = 0;
  std::set<std::string> ids;  // long enough not to be met by chance

  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRealFiles)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".tsv" ||
        entry.path().extension() == ".md")
      continue;
    const auto message = message_of(entry.path());
    ++sent;
    for (const std::string& id : {message.patient_id, message.study_uid})
      if (id.size() >= 8) ids.insert(id);
    const std::string answer = send(node.port(), message);
    ++answers[answer];
    EXPECT_NE(answer, "silence") << entry.path();
    ASSERT_FALSE(node.ends_within(std::chrono::milliseconds(0)))
        << entry.path() << " ended the node:\n"
        << node.log();
  }

  ASSERT_TRUE(node.settles(std::chrono::seconds(120)));
  const auto totals = node.totals();
  EXPECT_TRUE(totals.add_up());
  EXPECT_EQ(totals.received, answers["accepted"]);
  EXPECT_EQ(
      totals.delivered + totals.duplicate + totals.quarantined + totals.parked + totals.dropped,
      answers["accepted"]);
  EXPECT_EQ(totals.parked, 0U);
  // About half of these files are held on purpose: secondary captures, reports, one id with several
  // persons.
  EXPECT_GE(totals.delivered, 150U);
  for (const auto& path : part10_files(node.arrived())) {
    const auto file = std::make_unique<DcmFileFormat>();
    ASSERT_TRUE(file->loadFile(path.c_str()).good()) << path;
    EXPECT_EQ(value_of(*file->getDataset(), DCM_PatientIdentityRemoved), "YES") << path;
    EXPECT_EQ(value_of(*file->getDataset(), DCM_PatientID).rfind("DSG-TEST-", 0), 0U) << path;
    EXPECT_EQ(value_of(*file->getDataset(), DCM_PatientBirthDate), "") << path;
  }
  // What arrived is searched by the tests of de-identification; here it is what lies on the node's
  // own disk: databases, journal, quarantine, audit, log.
  std::vector<Planted> planted;
  for (const std::string& id : ids) planted.push_back({"identifier", id});
  EXPECT_GT(planted.size(), 50U);
  EXPECT_THAT(leak_lines(node.directory(), planted, {node.arrived()}), ::testing::IsEmpty());
  for (const auto& [answer, count] : answers) RecordProperty(answer, static_cast<int>(count));
  std::printf(
      "real files: %zu sent; accepted %zu, refused %zu, rejected %zu; delivered %llu, duplicate "
      "%llu, quarantined %llu\n",
      sent, answers["accepted"], answers["refused"], answers["rejected"],
      static_cast<unsigned long long>(totals.delivered),
      static_cast<unsigned long long>(totals.duplicate),
      static_cast<unsigned long long>(totals.quarantined));
}

}  // namespace
}  // namespace dosigate::testing
