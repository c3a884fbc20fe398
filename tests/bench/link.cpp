// A slow line between two network namespaces: packets wait for their turn at the line's rate, take
// its delay, and are lost now and then (seeded). What `tc netem` does, for kernels without it.
//   bench_link NAMESPACE NAMESPACE LOG [options]
// Makes a device `line` in each. Every tenth of a second in which something passed a line in LOG:
//   NOW BYTES     what has left the first namespace since the start, lost packets included
//
// Needs root.

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <random>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/wire.h"

namespace dosigate::bench {
namespace {

struct Line {
  double mbit = 20, delay_ms = 20, loss = 0.01;
  double queue_ms = 100;  ///< what the sender's end of the line holds before it drops
};

FileDescriptor device_in(const std::string& name_space) {
  const FileDescriptor space(
      ::open(("/var/run/netns/" + name_space).c_str(), O_RDONLY | O_CLOEXEC));
  if (!space || ::setns(space.get(), CLONE_NEWNET) != 0)
    throw std::runtime_error("no namespace " + name_space);
  FileDescriptor device(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strcpy(request.ifr_name, "line");
  if (!device || ::ioctl(device.get(), TUNSETIFF, &request) != 0)
    throw std::runtime_error("no device in " + name_space);
  return device;
}

/// One way of the line.
class Way {
 public:
  Way(const Line& line, int from, int to, unsigned seed)
      : line_(line), from_(from), to_(to), random_(seed) {}

  /// Takes what waits at the beginning.
  void take() {
    for (;;) {
      Bytes packet(2048);
      const ssize_t size = ::read(from_, packet.data(), packet.size());
      if (size <= 0) return;
      packet.resize(static_cast<std::size_t>(size));
      const double now = static_cast<double>(now_ns());
      free_at_ = std::max(free_at_, now);
      if (free_at_ - now > line_.queue_ms * 1e6) continue;
      free_at_ += static_cast<double>(size) * 8e3 / line_.mbit;
      passed_ += static_cast<std::uint64_t>(size);
      if (std::bernoulli_distribution(line_.loss)(random_)) continue;
      waiting_.push_back(
          {static_cast<std::uint64_t>(free_at_ + line_.delay_ms * 1e6), std::move(packet)});
    }
  }
  /// Delivers what is due. @return when the next one is; UINT64_MAX for none.
  std::uint64_t deliver() {
    while (!waiting_.empty() && waiting_.front().due <= now_ns()) {
      (void)!::write(to_, waiting_.front().packet.data(), waiting_.front().packet.size());
      waiting_.pop_front();
    }
    return waiting_.empty() ? UINT64_MAX : waiting_.front().due;
  }
  std::uint64_t passed() const { return passed_; }

 private:
  struct Waiting {
    std::uint64_t due;
    Bytes packet;
  };
  const Line& line_;
  int from_, to_;
  std::mt19937 random_;
  double free_at_ = 0;
  std::uint64_t passed_ = 0;
  std::deque<Waiting> waiting_;
};

int run(int argc, char** argv) {
  Line line;
  std::string near, far, log_file;
  CLI::App app{"A slow line between two network namespaces"};
  app.add_option("near", near)->required();
  app.add_option("far", far)->required();
  app.add_option("log", log_file)->required();
  app.add_option("--mbit", line.mbit)->capture_default_str();
  app.add_option("--delay-ms", line.delay_ms, "each way")->capture_default_str();
  app.add_option("--loss", line.loss, "share of packets, each way")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const FileDescriptor here = device_in(near), there = device_in(far);
  const FileDescriptor log(
      ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  Way out(line, here.get(), there.get(), 1), back(line, there.get(), here.get(), 2);
  std::uint64_t said = 0, said_at = 0;
  for (;;) {
    pollfd ends[] = {{here.get(), POLLIN, 0}, {there.get(), POLLIN, 0}};
    const std::uint64_t next = std::min(out.deliver(), back.deliver()), now = now_ns();
    const std::uint64_t wait = next == UINT64_MAX ? 100'000'000 : next > now ? next - now : 0;
    const timespec timeout{0, static_cast<long>(std::min<std::uint64_t>(wait, 100'000'000))};
    ::ppoll(ends, 2, &timeout, nullptr);
    out.take();
    back.take();
    if (now_ns() - said_at > 100'000'000 && out.passed() != said) {
      said = out.passed();
      said_at = now_ns();
      ::dprintf(log.get(), "%lu %lu\n", said_at, said);
    }
  }
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  return dosigate::bench::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "link: %s\n", error.what());
  return 1;
}
