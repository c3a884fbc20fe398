// How the node begins and ends and what it is told in between: drain mode, SIGTERM, SIGHUP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "dosigate/base/clock.h"
#include "dosigate/base/durable_file.h"
#include "support/fake_archive.h"
#include "support/phantom.h"
#include "support/raw_scu.h"
#include "support/temp_dir.h"
#include "wire/custody.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/store_scp.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
const std::vector<RawScu::Context> kContexts{{1, kCt, {kExplicit}}};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Hears what a service tells systemd (sd_notify).
class Listener {
 public:
  explicit Listener(const std::filesystem::path& path) : path_(path) {
    socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot listen at " + path.string());
  }
  std::string environment() const { return "NOTIFY_SOCKET=" + path_.string(); }
  /// The next word; empty when none comes within ten seconds.
  std::string next() {
    pollfd told{socket_.get(), POLLIN, 0};
    if (::poll(&told, 1, 10'000) != 1) return "";
    char text[256];
    const auto size = ::recv(socket_.get(), text, sizeof text, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  /// How often it said that it lives before that word; ends also when it says nothing.
  int watched_until(const std::string& word) {
    for (int watched = 0;; ++watched) {
      const std::string said = next();
      if (said == word) return watched;
      EXPECT_EQ(said, "WATCHDOG=1") << "before " << word;
      if (said != "WATCHDOG=1") return -1;
    }
  }

 private:
  std::filesystem::path path_;
  FileDescriptor socket_;
};

class Lifecycle : public ::testing::Test {
 protected:
  /// storescu with everything of the phantom, and what it was told.
  Process sender(const Phantom& phantom) {
    std::vector<std::filesystem::path> files;
    for (const auto& file : phantom.files) files.push_back(file.path);
    auto argv = storescu_arguments(node_.port(), files);
    argv.insert(argv.begin() + 1, "-d");
    return {argv, dir_.path / ("sender-" + std::to_string(++senders_))};
  }
  Finished send_one(std::size_t which = 0) {
    return run(storescu_arguments(node_.port(), {few_.files[which].path}));
  }
  Phantom written(unsigned seed, unsigned ct_slices) {
    Phantom out = write_phantom(
        {.directory = dir_.path / std::to_string(seed), .seed = seed, .ct_slices = ct_slices});
    book_.sent(out, 1);
    return out;
  }
  /// Another text in the configuration.
  void change(const std::string& from, const std::string& to) {
    const auto file = node_.directory() / "dosigate.toml";
    std::string text = content_of(file);
    text.replace(text.find(from), from.size(), to);
    std::ofstream(file) << text;
  }
  std::vector<std::string> faults_at_the_archive() {
    ArchiveCensus census(book_);
    for (const auto& file : archive_.files()) (void)census.look_at(file);
    return census.faults();
  }
  std::string audit() const {
    return content_of(node_.directory() / "state" / "audit" / "audit.jsonl");
  }

  TempDir dir_;
  CustodyBook book_;
  StoreScp archive_{dir_.path / "archive"};
  NodeProcess node_{dir_.path / "node",
                    {.archive_port = archive_.port(),
                     .archive = "dimse_timeout_s = 5\n",
                     .node = "connect_timeout_s = 2\n"}};
  Phantom few_ = written(1, 2);
  int senders_ = 0;
};

TEST_F(Lifecycle, DrainModeTakesNothingNewFinishesTheQueueAndSaysWhatIsLeft) {
  node_.start();
  archive_.stop();
  ASSERT_EQ(send_one(0).code, 0);
  ASSERT_EQ(send_one(1).code, 0);
  RawScu open(node_.port());
  ASSERT_EQ(open.associate("DOSIGATE", "CAMERA", kContexts)->type, 2);

  const Finished drain = node_.dosigate({"drain"});

  EXPECT_EQ(drain.code, 0);
  EXPECT_THAT(drain.output, HasSubstr("draining, 2 left"));
  EXPECT_THAT(node_.dosigate({"status"}).output, HasSubstr("draining, 2 left"));
  EXPECT_THAT(node_.dosigate({"check"}).output, HasSubstr("draining"));
  RawScu late(node_.port());
  const auto rejected = late.associate("DOSIGATE", "CAMERA", kContexts);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->type, 3);
  EXPECT_EQ(rejected->body, (Bytes{0, 2, 3, 1})) << "transient, temporary congestion";
  EXPECT_EQ(open.store(1, kCt, "1.2.3.4", Bytes(100, 0)), 0xA700);
  EXPECT_EQ(node_.totals().received, 2U);

  // An archive that is down: it says so, and does not wait for ever.
  const Finished stuck = node_.dosigate({"drain", "--wait"});
  EXPECT_EQ(stuck.code, 1) << stuck.output;
  EXPECT_THAT(stuck.output, HasSubstr("2 wait for archive, which is down"));

  archive_.start();
  const Finished empty = node_.dosigate({"drain", "--wait"});
  EXPECT_EQ(empty.code, 0) << empty.output;
  EXPECT_EQ(archive_.files().size(), 2U);
  EXPECT_THAT(node_.dosigate({"status"}).output, HasSubstr("draining, 0 left"));
  EXPECT_NE(send_one(2).code, 0);

  EXPECT_EQ(node_.dosigate({"drain", "--off"}).code, 0);
  EXPECT_EQ(send_one(2).code, 0);
  EXPECT_THAT(node_.dosigate({"status"}).output, Not(HasSubstr("draining,")));
  EXPECT_THAT(audit(), HasSubstr("drain.begin"));
  EXPECT_THAT(audit(), HasSubstr("drain.end"));
  EXPECT_TRUE(node_.totals().add_up());
  EXPECT_GE(node_.totals().refused, 3U);
}

TEST_F(Lifecycle, DrainModeWaitsForWhatIsBeingReceivedAndEndsWithTheProcess) {
  const Phantom many = written(2, 60);
  node_.start();
  Process sending = sender(many);
  ASSERT_TRUE(eventually([&] { return node_.totals().received >= 20; }));

  const Finished drained = node_.dosigate({"drain", "--wait"});

  EXPECT_EQ(drained.code, 0) << drained.output;
  const auto totals = node_.totals();
  EXPECT_EQ(totals.queued, 0U);
  EXPECT_EQ(totals.delivered, totals.received);
  sending.wait(std::chrono::seconds(30));
  book_.acknowledged(acknowledged_uids(sending.output()));
  EXPECT_EQ(totals.received, book_.answers()) << "nothing was taken after it said drained";
  EXPECT_THAT(faults_at_the_archive(), IsEmpty());

  ASSERT_EQ(node_.stop(), 0);
  node_.start();
  EXPECT_EQ(send_one().code, 0) << "a start takes instances";
}

TEST_F(Lifecycle, DrainWaitNamesWhatIsParked) {
  FakeArchive refusing;
  refusing.set({.status = [](const std::string&, int) { return std::uint16_t{0xA900}; }});
  NodeProcess node(dir_.path / "other", {.archive_port = refusing.port()});
  node.start();
  ASSERT_EQ(run(storescu_arguments(node.port(), {few_.files[0].path})).code, 0);
  ASSERT_TRUE(eventually([&] { return node.totals().parked == 1; }));

  const Finished waited = node.dosigate({"drain", "--wait"});

  EXPECT_EQ(waited.code, 1);
  EXPECT_THAT(waited.output, HasSubstr("1 are parked for archive"));
}

TEST_F(Lifecycle, SigtermWhileSendingAndWhileTheArchiveIsSilentEndsInTimeAndLosesNothing) {
  const Phantom many = written(2, 60);
  node_.start();
  Process sending = sender(many);
  ASSERT_TRUE(eventually([&] { return node_.totals().delivered >= 5; }));
  archive_.freeze();
  ASSERT_TRUE(eventually([&] { return node_.totals().received >= 30; }));

  const auto begin = std::chrono::steady_clock::now();
  const auto code = node_.stop();
  const auto took = std::chrono::steady_clock::now() - begin;

  EXPECT_EQ(code, 0);
  // The answer that is awaited has dimse_timeout_s, the farewell connect_timeout_s.
  EXPECT_LT(took, std::chrono::seconds(5 + 2 + 3));
  sending.wait(std::chrono::seconds(30));
  book_.acknowledged(acknowledged_uids(sending.output()));
  archive_.thaw();
  node_.start();
  ASSERT_TRUE(node_.settles());
  EXPECT_THAT(faults_at_the_archive(), IsEmpty());
  EXPECT_TRUE(node_.totals().add_up());
  EXPECT_EQ(node_.totals().received, book_.answers());
}

TEST_F(Lifecycle, SighupWhileSendingDisturbsNobodyAndABrokenConfigurationKeepsTheOldOne) {
  const Phantom many = written(2, 60);
  const auto file = node_.directory() / "dosigate.toml";
  const std::string good = content_of(file);
  node_.start();
  Process sending = sender(many);
  const auto reloads = [&](const std::string& text, const std::string& said) {
    const auto before = node_.log().size();
    std::ofstream(file) << text;
    node_.signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return node_.log().find(said, before) != std::string::npos; }))
        << said;
  };

  for (int i = 0; i < 3; ++i) {
    reloads(good, "configuration reloaded");
    reloads(good + "\n[[route]]\nprofle = \"dosimetry\"\n", "the old one stays");
    reloads("[node", "the old one stays");
  }
  std::ofstream(file) << good;

  EXPECT_EQ(sending.wait(std::chrono::seconds(60)), 0);
  book_.acknowledged(acknowledged_uids(sending.output()));
  EXPECT_EQ(book_.acknowledged().size(), many.files.size());
  ASSERT_TRUE(node_.settles());
  EXPECT_THAT(faults_at_the_archive(), IsEmpty());
  EXPECT_EQ(node_.totals().received, many.files.size());
  EXPECT_EQ(node_.stop(), 0);
}

// The archive is silent, and the reload has to wait for what is on its way there.
TEST_F(Lifecycle, TheWatchGoesOnWhileAReloadWaits) {
  Listener systemd(dir_.path / "notify");
  const auto reload_with = [&](const std::string& from, const std::string& to) {
    change(from, to);
    node_.signal(SIGHUP);
  };
  change("dimse_timeout_s = 5", "dimse_timeout_s = 12");  // long enough for the watch to be seen
  node_.start({systemd.environment()});
  ASSERT_EQ(systemd.watched_until("READY=1"), 0);
  FakeArchive silent;
  silent.set({.on_response = FakeArchive::OnResponse::Silence});
  reload_with("port = " + std::to_string(archive_.port()),
              "port = " + std::to_string(silent.port()));
  ASSERT_GE(systemd.watched_until("RELOADING=1"), 0);
  ASSERT_GE(systemd.watched_until("READY=1"), 0);
  ASSERT_EQ(send_one().code, 0);
  ASSERT_TRUE(eventually([&] { return silent.associations() > 0; }));

  reload_with("dimse_timeout_s = 12", "dimse_timeout_s = 13");
  ASSERT_GE(systemd.watched_until("RELOADING=1"), 0);
  reload_with("port = " + std::to_string(silent.port()),
              "port = " + std::to_string(archive_.port()));

  EXPECT_GE(systemd.watched_until("READY=1"), 2);
  EXPECT_EQ(systemd.watched_until("RELOADING=1"), 0) << "for what changed meanwhile";
  EXPECT_GE(systemd.watched_until("READY=1"), 0);
  EXPECT_TRUE(node_.settles());
  EXPECT_THAT(node_.log(), Not(HasSubstr("destination-removed")));
  EXPECT_EQ(archive_.files().size(), 1U);
}

TEST_F(Lifecycle, SigtermDuringAReloadEndsTheNode) {
  FakeArchive silent;
  silent.set({.on_response = FakeArchive::OnResponse::Silence});
  change("port = " + std::to_string(archive_.port()), "port = " + std::to_string(silent.port()));
  node_.start();
  ASSERT_EQ(send_one().code, 0);
  ASSERT_TRUE(eventually([&] { return silent.associations() > 0; }));

  change("dimse_timeout_s = 5", "dimse_timeout_s = 6");
  node_.signal(SIGHUP);

  EXPECT_EQ(node_.stop(), 0);
}

}  // namespace
}  // namespace dosigate::testing
