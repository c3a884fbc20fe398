// The daemon as dosigate.service and dosigate.socket start it, as far as that goes without systemd:
// user, groups, capabilities, limits, umask, credential, directories and the socket are read from
// the two files and applied by setpriv and prlimit. Not applied: the filter of system calls and the
// read-only file system, which tests/package/run sees where systemd runs.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <map>

#include <boost/json/parse.hpp>

#include "dosigate/base/durable_file.h"
#include "support/free_port.h"
#include "support/memory_scan.h"
#include "support/paths.h"
#include "support/process.h"
#include "support/sanitized.h"
#include "support/temp_dir.h"
#include "wire/arrival.h"
#include "wire/node_process.h"
#include "wire/stock_senders.h"
#include "wire/story_instance.h"

namespace dosigate::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const SourceInstance kJoana{"Joana", {.id = "77881234", .name = "SILVAMARKER^JOANA"}, "CT", "1"};

/// Debian's account "backup" stands for the service's; "games" and "list" are operators.
constexpr unsigned kService = 34, kGames = 5, kList = 38;

/// Key -> value of a unit file; of several lines the last.
class Unit {
 public:
  explicit Unit(const fs::path& file) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto equals = line.find('=');
      if (!line.starts_with('#') && equals != std::string::npos)
        values_[line.substr(0, equals)] = line.substr(equals + 1);
    }
    if (values_.empty()) throw std::runtime_error("no unit in " + file.string());
  }
  bool says(const std::string& key) const { return values_.contains(key); }
  std::string operator[](const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "" : found->second;
  }
  mode_t mode(const std::string& key) const {
    return static_cast<mode_t>(std::stoul((*this)[key], nullptr, 8));
  }

 private:
  std::map<std::string, std::string> values_;
};

/// "64M" as a number, or what this machine allows at most when that is less (a container's root may
/// not raise a limit).
std::string within(const std::string& limit, __rlimit_resource resource) {
  rlimit here{};
  getrlimit(resource, &here);
  auto number = std::stoull(limit);
  if (limit.ends_with('M')) number <<= 20U;
  return std::to_string(std::min<rlim_t>(number, here.rlim_max));
}

class UnitSettings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "NOT TESTED: the service's user and an operator's need root (CI is root)";
    ::umask(0022);
    ASSERT_EQ(::chmod(dir_.path.c_str(), 0711), 0);
    for (const char* program : {DOSIGATED_BINARY, DOSIGATE_BINARY}) {
      const auto copy = dir_.path / fs::path(program).filename();
      fs::copy_file(program, copy);
      ::chmod(copy.c_str(), 0755);
    }
    directory("state", service_.mode("StateDirectoryMode"), kService);
    directory("state-outbox", service_.mode("StateDirectoryMode"), kService);
    directory("run", service_.mode("RuntimeDirectoryMode"), kService);
    directory("credentials", 0500, kService);
    std::ofstream(config()) << "[node]\nlisten = [\"127.0.0.1:" << port_
                            << "\"]\nstate_dir = \"state\"\nadmin_socket = \"run/admin.sock\"\n"
                               "min_free_gb = 0\n"
                               "warn_unsynchronised_clock = false\n[[site]]\nname = \"H\"\n"
                               "code = \"HEX\"\n[[route]]\nname = \"all\"\n";
    const Finished init = run({(dir_.path / "dosigate").string(), "--config", config().string(),
                               "init", "--credential-file", (dir_.path / "key").string()});
    ASSERT_EQ(init.code, 0) << init.output;
    // LoadCredential=: read as root, given to the service alone.
    ASSERT_THAT(service_["LoadCredential"], HasSubstr("dosigate.key:"));
    fs::copy_file(dir_.path / "key", dir_.path / "credentials/dosigate.key");
    ASSERT_EQ(::chmod((dir_.path / "credentials/dosigate.key").c_str(), 0400), 0);
    ASSERT_EQ(::chown((dir_.path / "credentials/dosigate.key").c_str(), kService, kService), 0);
    listen();
  }
  void TearDown() override {
    if (!daemon_ || !daemon_->running()) return;
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->wait(std::chrono::seconds(60)), 0);
    EXPECT_THAT(leak_lines(dir_.path, planted_in(kJoana), {dir_.path / "sent.dcm"}), IsEmpty());
  }

  fs::path config() const { return dir_.path / "dosigate.toml"; }
  fs::path socket() const { return dir_.path / "run/admin.sock"; }

  void directory(const char* name, mode_t mode, unsigned owner) {
    fs::create_directories(dir_.path / name);
    ASSERT_EQ(::chmod((dir_.path / name).c_str(), mode), 0);
    ASSERT_EQ(::chown((dir_.path / name).c_str(), owner, owner), 0);
  }

  /// As systemd makes the socket of dosigate.socket.
  void listen() {
    listening_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM, 0));  // goes to the daemon
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(socket_["SocketUser"], service_["User"]);
    ASSERT_EQ(socket_["SocketGroup"], service_["Group"]);
    ASSERT_EQ(::chown(socket().c_str(), kService, kService), 0);
    ASSERT_EQ(::chmod(socket().c_str(), socket_.mode("SocketMode")), 0);
    ASSERT_EQ(::listen(listening_.get(), 16), 0);
  }

  void start(const std::string& memlock) {
    ASSERT_THAT(service_["User"], Not(::testing::AnyOf("", "root")));
    std::vector<std::string> argv{
        "bash",
        "-c",
        "umask " + service_["UMask"] + " && exec 3<&" + std::to_string(listening_.get()) +
            " && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LISTEN_FDS=1 LISTEN_PID=$$ "
            "CREDENTIALS_DIRECTORY=" +
            (dir_.path / "credentials").string() + " \"$@\"",
        "bash",
        "prlimit",
        "--memlock=" + memlock};
    if (service_.says("LimitCORE")) argv.push_back("--core=" + service_["LimitCORE"]);
    if (service_.says("LimitNOFILE"))
      argv.push_back("--nofile=" + within(service_["LimitNOFILE"], RLIMIT_NOFILE));
    const auto user = std::to_string(kService);
    argv.insert(argv.end(), {"setpriv", "--reuid", user, "--regid", user, "--clear-groups"});
    if (service_["NoNewPrivileges"] == "yes") argv.emplace_back("--no-new-privs");
    if (service_.says("CapabilityBoundingSet") && service_["CapabilityBoundingSet"].empty())
      argv.insert(argv.end(), {"--bounding-set=-all", "--inh-caps=-all"});
    if (service_["PrivateUsers"] == "yes")
      argv.insert(argv.end(), {"unshare", "--user", "--map-current-user"});
    argv.insert(argv.end(), {(dir_.path / "dosigated").string(), "--config", config().string()});
    daemon_ = std::make_unique<Process>(argv, dir_.path / "node.log");
    ASSERT_TRUE(eventually([&] { return as(0, {"status"}).code == 0 || !daemon_->running(); }));
    ASSERT_TRUE(daemon_->running()) << daemon_->output();
  }

  /// The command, by root or a user with this supplementary group.
  Finished as(unsigned uid, const std::vector<std::string>& arguments,
              const std::string& input = "", unsigned group = 100) const {
    std::vector<std::string> argv{"setpriv", "--reuid",  std::to_string(uid),  "--regid",
                                  "100",     "--groups", std::to_string(group)};
    argv.insert(argv.end(), {(dir_.path / "dosigate").string(), "--socket", socket().string()});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, std::chrono::seconds(60), input);
  }
  std::string proc(const char* file) const {
    std::ifstream in("/proc/" + std::to_string(daemon_->pid()) + "/" + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TempDir dir_;
  std::uint16_t port_ = free_port();
  const Unit service_{fs::path(DOSIGATE_BUILD_DIR) / "systemd/dosigate.service"};
  const Unit socket_{fs::path(DOSIGATE_SOURCE_DIR) / "systemd/dosigate.socket"};
  FileDescriptor listening_;
  std::unique_ptr<Process> daemon_;
};

TEST_F(UnitSettings, AnotherUserOperatesItAndIsKnownByName) {
  ASSERT_NO_FATAL_FAILURE(start(within(service_["LimitMEMLOCK"], RLIMIT_MEMLOCK)));
  write_instance(dir_.path / "sent.dcm", kJoana, 1);
  ASSERT_EQ(run(storescu_arguments(port_, {dir_.path / "sent.dcm"})).code, 0);
  ASSERT_TRUE(eventually([&] {
    const auto status = boost::json::parse(as(0, {"status", "--json"}).output);
    return status.at("totals").at("delivered") == 1;
  }));

  const Finished operated = as(kGames, {"status"}, "", kService);
  const Finished asked =
      as(kGames, {"map", "lookup", "--reason", "test"}, kJoana.headers.id + "\n", kService);
  const Finished refused = as(kList, {"status"});

  EXPECT_EQ(operated.code, 0) << operated.output;
  EXPECT_EQ(asked.code, 0) << asked.output;
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.output, HasSubstr("no right to the admin socket"));
  std::ifstream in(dir_.path / "state/audit/audit.jsonl");
  const std::string audit{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(audit, HasSubstr(R"("event":"map.lookup","actor":"games")"));
}

TEST_F(UnitSettings, ItHasNoRightsNoCoreAndNoUnlockedKeys) {
  ASSERT_NO_FATAL_FAILURE(start(within(service_["LimitMEMLOCK"], RLIMIT_MEMLOCK)));

  const auto zeros = " *\t*0+\n";
  EXPECT_THAT(proc("status"),
              AllOf(ContainsRegex("Uid:\t34\t34\t34\t34"), ContainsRegex("NoNewPrivs:\t1"),
                    ContainsRegex(std::string("CapEff:") + zeros),
                    ContainsRegex(std::string("CapPrm:") + zeros),
                    ContainsRegex(std::string("CapBnd:") + zeros),
                    ContainsRegex(std::string("CapAmb:") + zeros)));
  EXPECT_THAT(proc("limits"), ContainsRegex("Max core file size +0 +0"));
  struct stat memory {};
  ASSERT_EQ(::stat(("/proc/" + std::to_string(daemon_->pid()) + "/mem").c_str(), &memory), 0);
  EXPECT_EQ(memory.st_uid, 0U) << "not dumpable: root's, not the service's";
  EXPECT_GT(kilobytes_of(daemon_->pid(), "VmLck"), 0U);
  EXPECT_THAT(as(0, {"status"}).output, Not(HasSubstr("keys-not-locked")));
  EXPECT_THAT(daemon_->output(), Not(HasSubstr("cannot be locked")));
  for (const auto& entry : fs::recursive_directory_iterator(dir_.path / "state")) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0077U, 0U) << entry.path();
    EXPECT_EQ(info.st_uid, kService) << entry.path();
  }
}

TEST_F(UnitSettings, WhereKeysCannotBeLockedTheStatusSaysSo) {
  if (kSanitized) GTEST_SKIP() << "NOT TESTED in a sanitizer's memory";
  ASSERT_NO_FATAL_FAILURE(start("0"));

  EXPECT_THAT(as(0, {"check"}).output, HasSubstr("keys-not-locked"));
}

TEST_F(UnitSettings, AKeyThatIsMissingStopsItWithTheWayOut) {
  fs::remove(dir_.path / "credentials/dosigate.key");

  std::vector<std::string> argv{"env",
                                "-i",
                                "setpriv",
                                "--reuid",
                                "34",
                                "--regid",
                                "34",
                                "--clear-groups",
                                (dir_.path / "dosigated").string(),
                                "--config",
                                config().string()};
  const Finished without = run(argv);
  argv.insert(argv.begin() + 2, "CREDENTIALS_DIRECTORY=" + (dir_.path / "credentials").string());
  const Finished away = run(argv);

  EXPECT_EQ(without.code, 1);
  EXPECT_THAT(without.output, HasSubstr("LoadCredential=dosigate.key:FILE"));
  EXPECT_EQ(away.code, 1);
  EXPECT_THAT(away.output, HasSubstr("dosigate --config FILE init"));
}

}  // namespace
}  // namespace dosigate::testing
