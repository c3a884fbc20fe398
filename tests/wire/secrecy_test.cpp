// What the running programs show to others: memory, environment, arguments, cores, temporary files.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "dosigate/base/durable_file.h"
#include "dosigate/crypto/keyring.h"
#include "support/memory_scan.h"
#include "support/paths.h"
#include "support/phantom_leaks.h"
#include "support/sanitized.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/story_instance.h"

namespace dosigate::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const SourceInstance kJoana{"Joana", {.id = "77881234", .name = "SILVAMARKER^JOANA"}, "CT", "1"};

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string proc(pid_t pid, const char* file) {
  return content_of("/proc/" + std::to_string(pid) + "/" + file);
}

class Secrecy : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_.path / "tmp");
    node_.start({"TMPDIR=" + (dir_.path / "tmp").string()});
    write_instance(dir_.path / "sent.dcm", kJoana, 1);
    ASSERT_EQ(run(storescu_arguments(node_.port(), {dir_.path / "sent.dcm"})).code, 0);
    ASSERT_TRUE(node_.settles());
  }
  /// After every test nothing that identifies her is in any file.
  void TearDown() override {
    (void)node_.stop();
    EXPECT_THAT(leak_lines(dir_.path, planted_in(kJoana), {dir_.path / "sent.dcm"}), IsEmpty());
  }

  /// The command, waiting for standard input.
  std::unique_ptr<Process> waiting_command(const std::vector<std::string>& arguments) {
    const auto fifo = dir_.path / "stdin";
    if (!input_) {
      EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
      input_ = FileDescriptor(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    }
    std::vector<std::string> argv{DOSIGATE_BINARY, "--config",
                                  (node_.directory() / "dosigate.toml").string()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto command = std::make_unique<Process>(argv, dir_.path / "command.log",
                                             std::vector<std::string>{}, fifo);
    // Its arguments have become stars, so it has begun.
    EXPECT_TRUE(eventually([&] { return proc(command->pid(), "cmdline").find("**") != npos; }));
    return command;
  }

  static constexpr auto npos = std::string::npos;
  TempDir dir_;
  NodeProcess node_{dir_.path / "node", {}};
  FileDescriptor input_;
};

/// For as long as it lives the daemon stands still.
class Stopped {
 public:
  explicit Stopped(const NodeProcess& node) : node_(node) {
    node_.signal(SIGSTOP);
    const auto stands = [&] { return proc(node_.pid(), "stat").find(") T ") != std::string::npos; };
    EXPECT_TRUE(eventually(stands));
  }
  ~Stopped() { node_.signal(SIGCONT); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  const NodeProcess& node_;
};

/// What malloc writes into a freed place hides the begin of what stood there.
Sought end_of(std::string_view text) { return Sought(text.substr(text.size() - 12)); }

TEST_F(Secrecy, KeysAreInLockedMemoryOfTheDaemonOnly) {
  if (kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  ASSERT_EQ(node_.dosigate({"map", "lookup", "--reason", "test"}, kJoana.headers.id + "\n").code,
            0);
  ASSERT_EQ(node_.dosigate({"key", "recovery-verify"}, node_.recovery_key() + "\n").code, 0);
  const auto master = load_master_key(node_.directory() / "master.key");
  ASSERT_TRUE(master);
  const auto keys = Keyring::open(node_.directory() / "state" / "keyring", *master);
  ASSERT_TRUE(keys);
  const Stopped still(node_);
  const pid_t pid = node_.pid();

  EXPECT_GT(kilobytes_of(pid, "VmLck"), 0U);
  EXPECT_EQ(kilobytes_of(pid, "VmSwap"), 0U);
  // The search finds what is there.
  ASSERT_THAT(find_in_memory(pid, Sought(std::string_view("Hospital Teste"))), Not(IsEmpty()));
  const Sought key(master->reveal());
  for (const Sought& sought : {key, key.in_hex(false), key.in_hex(true)})
    EXPECT_THAT(unlocked(find_in_memory(pid, sought)), IsEmpty()) << "master key";
  for (const Purpose purpose : {Purpose::Identity, Purpose::SpoolArchive, Purpose::Quarantine,
                                Purpose::Journal, Purpose::Audit, Purpose::Backup}) {
    const auto found = find_in_memory(pid, Sought(keys->current(purpose).key->reveal()));
    EXPECT_THAT(found, Not(IsEmpty())) << static_cast<int>(purpose);
    EXPECT_THAT(unlocked(found), IsEmpty()) << "key of purpose " << static_cast<int>(purpose);
  }
  EXPECT_THAT(unlocked(find_in_memory(pid, Sought(keys->index_key().reveal()))), IsEmpty());
  EXPECT_THAT(unlocked(find_in_memory(pid, end_of(node_.recovery_key()))), IsEmpty())
      << "recovery key, after it was verified";
}

/// One request over a connection that stays open; its answer.
std::string asked_over(boost::asio::local::stream_protocol::socket& socket,
                       const std::string& target, const std::string& body) {
  boost::asio::write(socket, boost::asio::buffer("POST " + target +
                                                 " HTTP/1.1\r\nHost: node\r\nContent-Type: "
                                                 "application/json\r\nContent-Length: " +
                                                 std::to_string(body.size()) + "\r\n\r\n" + body));
  std::string answer;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), "\r\n\r\n");
  return answer;
}

TEST_F(Secrecy, TheRecoveryKeyIsGoneOnceItIsVerifiedAndTheConnectionStays) {
  if (kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  using Local = boost::asio::local::stream_protocol;
  boost::asio::io_context io;
  Local::socket socket(io);
  socket.connect(Local::endpoint((node_.directory() / "admin.sock").string()));
  EXPECT_THAT(asked_over(socket, "/api/v1/key/recovery-verify",
                         R"({"recovery_key": ")" + node_.recovery_key() + "\"}"),
              StartsWith("HTTP/1.1 200"));
  const Stopped still(node_);
  EXPECT_THAT(find_in_memory(node_.pid(), end_of(node_.recovery_key())), IsEmpty());
}

TEST_F(Secrecy, EnvironmentAndArgumentsNameNobodyAndHoldNoKey) {
  const std::string master = content_of(node_.directory() / "master.key").substr(0, 64);
  const auto lookup = waiting_command({"map", "lookup"});
  const auto reveal = waiting_command({"map", "reveal", "DSG-TEST-0000-0000-000"});

  for (const pid_t pid : {node_.pid(), lookup->pid(), reveal->pid()}) {
    for (const char* file : {"environ", "cmdline"}) {
      const std::string shown = proc(pid, file);
      EXPECT_THAT(shown, Not(IsEmpty())) << "it can be looked at";
      EXPECT_THAT(leaks_in(shown, planted_in(kJoana)), IsEmpty()) << file;
      EXPECT_THAT(shown, Not(HasSubstr(master)));
      EXPECT_THAT(shown, Not(HasSubstr(node_.recovery_key())));
    }
  }
  EXPECT_THAT(proc(reveal->pid(), "cmdline"), Not(HasSubstr("DSG-TEST")));
}

TEST_F(Secrecy, AnIdentityGivenAsAnArgumentIsOverwrittenAndRefused) {
  for (const char* command : {"lookup", "reveal", "report", "forget"}) {
    const Finished done = node_.dosigate({"map", command, kJoana.headers.id, "--reason", "x"});
    EXPECT_EQ(done.code, 2) << command;
    EXPECT_THAT(done.output, HasSubstr("overwritten in this process"));
    EXPECT_THAT(done.output, Not(HasSubstr(kJoana.headers.id)));
  }
  // A reason may name somebody, and stands there for as long as the command waits.
  const auto waiting = waiting_command({"map", "lookup", "--reason", kJoana.headers.name});
  EXPECT_THAT(leaks_in(proc(waiting->pid(), "cmdline"), planted_in(kJoana)), IsEmpty());
}

TEST_F(Secrecy, AMinusIsStandardInput) {
  EXPECT_EQ(node_.dosigate({"map", "lookup", "-", "--reason", "x"}, kJoana.headers.id + "\n").code,
            0);
  EXPECT_EQ(node_.dosigate({"map", "report", "-", "--reason", "x"}, kJoana.headers.id + "\n").code,
            0);
}

/// Ends of a signal; whether it left a core.
bool leaves_core(pid_t pid, int signal) {
  ::kill(pid, signal);
  int status = 0;
  // Not waited for through Process, which does not say it.
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  return WCOREDUMP(status);
}

TEST_F(Secrecy, NeitherProgramLeavesACore) {
  if (kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  rlimit before{};
  getrlimit(RLIMIT_CORE, &before);
  if (setrlimit(RLIMIT_CORE, &unlimited) != 0 && before.rlim_max != 0)
    setrlimit(RLIMIT_CORE, (before.rlim_cur = before.rlim_max, &before));
  for (const int signal : {SIGABRT, SIGSEGV}) {
    ASSERT_EQ(node_.stop(), 0);
    node_.start();
    EXPECT_THAT(proc(node_.pid(), "limits"), ::testing::ContainsRegex("Max core file size +0 +0"));
    EXPECT_FALSE(leaves_core(node_.pid(), signal));
    node_.kill();
    node_.start();

    const auto command = waiting_command({"map", "lookup", "--reason", "xx"});
    EXPECT_THAT(proc(command->pid(), "limits"),
                ::testing::ContainsRegex("Max core file size +0 +0"));
    EXPECT_FALSE(leaves_core(command->pid(), signal));
  }
  for (const auto& file : std::filesystem::directory_iterator("."))
    EXPECT_FALSE(file.path().filename().string().starts_with("core")) << file.path();
}

TEST_F(Secrecy, TheCommandCannotBeLookedIntoByOthersOfItsUser) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT TESTED: looking at another user's process needs root";
  const auto copy = dir_.path / "dosigate";
  std::filesystem::copy_file(DOSIGATE_BINARY, copy);
  ::chmod(copy.c_str(), 0755);
  ::chmod(dir_.path.c_str(), 0711);
  const auto fifo = dir_.path / "stdin";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0666), 0);
  const FileDescriptor input(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
  const auto owner_of_memory = [](pid_t pid) {
    struct stat info {};
    EXPECT_EQ(::stat(("/proc/" + std::to_string(pid) + "/mem").c_str(), &info), 0);
    return info.st_uid;
  };
  const std::vector<std::string> as_games{"setpriv", "--reuid", "5",
                                          "--regid", "60",      "--clear-groups"};
  auto with = [&](std::vector<std::string> argv) {
    argv.insert(argv.begin(), as_games.begin(), as_games.end());
    return std::make_unique<Process>(argv, dir_.path / "games.log", std::vector<std::string>{},
                                     fifo);
  };
  const auto control = with({"sleep", "60"});
  EXPECT_TRUE(eventually([&] { return owner_of_memory(control->pid()) == 5U; }));

  const auto command = with({copy.string(), "--socket", "/nowhere", "map", "lookup"});

  EXPECT_TRUE(eventually([&] { return proc(command->pid(), "comm") == "dosigate\n"; }));
  EXPECT_TRUE(eventually([&] { return owner_of_memory(command->pid()) == 0U; }))
      << "the kernel gives what is not dumpable to root";
}

}  // namespace
}  // namespace dosigate::testing
