// A storage SCP that throws away what it gets and answers at once: the archive of the benchmarks.
// For each instance a line in a log:
//   FIRST LAST BYTES SYNTAX TAIL UID
// when the first and the last byte of its data set were here (ns), and what its last bytes were.
//   bench_sink PORT LOG [--bytes-per-second N] [--everywhere]

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "bench/wire.h"

namespace dosigate::bench {
namespace {

/// Lets all associations together read no faster than so many bytes a second; 0 = as they can.
class Brake {
 public:
  explicit Brake(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}
  void take(std::uint64_t bytes) {
    if (rate_ == 0) return;
    const std::uint64_t cost = bytes * 1'000'000'000U / rate_;
    std::uint64_t turn = free_at_.load(), start = 0;
    do {
      start = std::max(turn, now_ns());
    } while (!free_at_.compare_exchange_weak(turn, start + cost));
    const std::uint64_t now = now_ns();
    if (start > now) std::this_thread::sleep_for(std::chrono::nanoseconds(start - now));
  }

 private:
  std::uint64_t rate_;
  std::atomic<std::uint64_t> free_at_{0};
};

void serve(FileDescriptor socket, int log, Brake& brake) {
  PduReader reader(socket.get());
  const auto request = reader.next();
  if (!request) return;
  Contexts contexts;
  const Bytes accepted = accept_all(*request, contexts);
  send_all(socket.get(), {piece(accepted)});

  Bytes command;
  Tail tail;
  std::uint64_t first = 0, bytes = 0;
  while (const auto pdu = reader.next()) {
    if ((*pdu)[0] == 5) {
      const Bytes answer = release_pdu(6);
      send_all(socket.get(), {piece(answer)});
    }
    if ((*pdu)[0] != 4) return;
    brake.take(pdu->size());
    for (const Pdv& pdv : pdvs_of(*pdu)) {
      if (pdv.command) {
        command.insert(command.end(), pdv.data.begin(), pdv.data.end());
      } else {
        if (bytes == 0) first = now_ns();
        bytes += pdv.data.size();
        tail.add(pdv.data);
      }
      if (!pdv.last) continue;
      const Command asked = read_command(command);
      if (pdv.command && asked.field != 0x0030) continue;  // C-ECHO has no data set
      const Bytes answer = response_to(asked, pdv.context);
      send_all(socket.get(), {piece(answer)});
      if (!pdv.command)
        ::dprintf(log, "%lu %lu %lu %s %016lx %s\n", first, now_ns(), bytes,
                  contexts[pdv.context].syntax.c_str(), tail.take(), asked.sop_instance.c_str());
      command.clear();
      bytes = 0;
    }
  }
}

int run(int argc, char** argv) {
  std::uint16_t port = 0;
  std::string log_file;
  std::uint64_t bytes_per_second = 0;
  bool everywhere = false;
  CLI::App app{"Answers every C-STORE with success and keeps nothing"};
  app.add_option("port", port)->required();
  app.add_option("log", log_file)->required();
  app.add_option("--bytes-per-second", bytes_per_second, "a slow reader; 0 = as fast as it can");
  app.add_flag("--everywhere", everywhere, "listen on every address");
  CLI11_PARSE(app, argc, argv);

  const FileDescriptor log(
      ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  Brake brake(bytes_per_second);
  const FileDescriptor listener = listen_on(port, everywhere);
  for (;;) {
    // Until it is killed: a connection's thread has nothing that has to be put in order.
    std::thread([&, socket = accept_from(listener)]() mutable {
      try {
        serve(std::move(socket), log.get(), brake);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "sink: %s\n", error.what());
      }
    }).detach();
  }
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  return dosigate::bench::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "sink: %s\n", error.what());
  return 1;
}
