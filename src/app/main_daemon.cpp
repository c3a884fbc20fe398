#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>

#include <malloc.h>
#include <poll.h>

#include "dosigate/app/node.h"
#include "dosigate/base/clock.h"
#include "dosigate/crypto/locked_heap.h"
#include "dosigate/dicom/dcmtk.h"
#include "dosigate/net/connection.h"
#include "log_format.h"

// dosigated: the daemon. Stays in the foreground, logs to stderr, ends on SIGTERM or SIGINT,
// reloads on SIGHUP.
namespace dosigate {
namespace {

void set_up_logging() {
  auto logger = spdlog::stderr_logger_mt("dosigate");
  // Under systemd the journal has its own clock and levels: "<4>" is sd-daemon's syntax for a
  // priority.
  logger->set_formatter(one_line_formatter(std::make_unique<spdlog::pattern_formatter>(
      std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc)));
  spdlog::set_default_logger(logger);
  spdlog::flush_on(spdlog::level::info);
}

/// Identities and keys are in this memory: no core dump, no debugger of the same user.
void forbid_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  umask(0077);
}

/// An instance of half a megabyte is a handful of buffers that glibc would give back to the kernel
/// and take again, page by page, for each instance. Kept instead: what a slice needs is reused for
/// the next slice.
void keep_freed_buffers() {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

/// Blocks the signals in every thread that is started later, and gives a descriptor that tells of
/// them.
FileDescriptor signals_as_descriptor() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  FileDescriptor descriptor(signalfd(-1, &set, SFD_CLOEXEC));
  if (!descriptor) throw std::system_error(errno, std::generic_category(), "signalfd");
  return descriptor;
}

void reload(Node& node) {
  try {
    if (auto reloaded = node.reload(); !reloaded) {
      spdlog::error("configuration not reloaded, the old one stays");
      std::istringstream mistakes(reloaded.error().detail);
      for (std::string line; std::getline(mistakes, line);) spdlog::error("configuration {}", line);
    }
  } catch (const std::exception& broken) {
    // A full disk or a path that cannot be looked at must not end a node that works.
    spdlog::error("configuration not reloaded as a whole error={}", broken.what());
  }
}

/// A reload waits for what is on its way to a destination: minutes, on a slow line. The watch goes
/// on meanwhile, and the end of the node waits for it.
class Reload {
 public:
  explicit Reload(Node& node) : node_(node) {}
  /// During one, another one afterwards: what it reads may have changed since.
  void ask() {
    wanted_ = true;
    go_on();
  }
  void go_on() {
    if (running_.joinable()) {
      if (!done_) return;
      running_.join();
      sd_notify(0, "READY=1");
    }
    if (!wanted_) return;
    wanted_ = false;
    done_ = false;
    sd_notify(0, "RELOADING=1");
    running_ = std::jthread([this] {
      reload(node_);
      done_ = true;
    });
  }

 private:
  Node& node_;
  bool wanted_ = false;
  std::atomic<bool> done_{false};
  std::jthread running_;
};

/// Of systemd (WatchdogSec): fed as long as this thread and the one that accepts come round. A node
/// that lets nobody in is as good as none, and a new one begins where it was.
class Watchdog {
 public:
  Watchdog() {
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) > 0)
      patience_ = std::chrono::microseconds(microseconds / 2);
  }
  void feed(Node& node) {
    const bool hangs = steady_now() - node.last_turn() >= patience_;
    if (hangs && !hangs_)
      spdlog::error("the thread that accepts associations hangs: the watchdog is not fed");
    hangs_ = hangs;
    if (!hangs) sd_notify(0, "WATCHDOG=1");
  }

 private:
  std::chrono::microseconds patience_ = std::chrono::minutes(1);
  bool hangs_ = false;
};

/// Until SIGTERM. A second between two looks at the disk, the alerts and the watchdog.
void serve_until_told(Node& node, const FileDescriptor& signals) {
  Reload reload(node);
  Watchdog watchdog;
  for (;;) {
    pollfd told{signals.get(), POLLIN, 0};
    if (::poll(&told, 1, 1000) == 1) {
      signalfd_siginfo info{};
      if (::read(signals.get(), &info, sizeof info) != sizeof info) continue;
      if (info.ssi_signo != SIGHUP) {
        spdlog::info("stopping on signal {}", info.ssi_signo);
        sd_notify(0, "STOPPING=1");
        return;
      }
      reload.ask();
    }
    reload.go_on();
    watchdog.feed(node);
    try {
      node.tick();
    } catch (const std::exception& broken) {
      // The watch must not end the node: what it watches may be the full disk itself.
      spdlog::error("cannot watch the node error={}", broken.what());
    }
  }
}

int run(const std::string& file) {
  auto config = load_config(file);
  if (!config) {
    for (const auto& line : config.error().lines) std::cerr << line << '\n';
    return 2;
  }
  if (!use_locked_heap())
    spdlog::warn(
        "memory for private keys cannot be locked, it may be swapped: raise RLIMIT_MEMLOCK");
  spdlog::set_level(spdlog::level::from_str(config->node.log_level));
  for (const auto& warning : config->warnings) spdlog::warn("configuration {}", warning);

  const FileDescriptor signals = signals_as_descriptor();
  const DcmtkRuntime dcmtk;
  prepare_external_sockets();
  set_connect_timeout(config->node.connect_timeout);
  std::optional<int> admin_socket;
  if (sd_listen_fds(0) > 0) admin_socket = SD_LISTEN_FDS_START;

  auto node = Node::start(std::move(*config), admin_socket);
  if (!node) {
    std::cerr << "dosigated: " << node.error().detail << '\n';
    return 1;
  }
  sd_notify(0, "READY=1");
  serve_until_told(**node, signals);
  node->reset();
  spdlog::info("stopped");
  return 0;
}

}  // namespace
}  // namespace dosigate

int main(int argc, char** argv) {
  CLI::App app{
      "dosigated: receives studies by DICOM, removes the patient's identity, forwards them"};
  std::string file = "/etc/dosigate/dosigate.toml";
  app.add_option("--config", file, "configuration file")->capture_default_str();
  app.set_version_flag("--version", std::string("dosigated ") + DOSIGATE_VERSION);
  CLI11_PARSE(app, argc, argv);

  dosigate::forbid_dumps();
  dosigate::keep_freed_buffers();
  dosigate::set_up_logging();
  try {
    return dosigate::run(file);
  } catch (const std::exception& broken) {
    std::cerr << "dosigated: " << broken.what() << '\n';
    return 1;
  }
}
