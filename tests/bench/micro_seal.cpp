// Writing one sealed file, where a sync costs nothing: on a file system in memory when there is
// one.

#include <benchmark/benchmark.h>

#include <unistd.h>

#include <filesystem>
#include <string>

#include "bench/micro_home.h"
#include "dosigate/crypto/sealed_file.h"

namespace dosigate::bench {
namespace {

std::filesystem::path place(const Engine& engine) {
  const std::filesystem::path memory("/dev/shm");
  const std::string name = "dosigate-bench-" + std::to_string(::getpid());
  return ::access(memory.c_str(), W_OK) == 0 ? memory / name : engine.directory() / name;
}

void Seal(benchmark::State& state) {
  const Engine engine;
  const std::filesystem::path path = place(engine);
  const Bytes header(2'000, 'h'), card(300, 'c');
  const Bytes body(static_cast<std::size_t>(state.range(0)), 'b');
  for (auto _ : state) {
    SealedFileWriter writer(engine.keys(), path, InstanceId{1}, 1);
    writer.write(Section::Body, body);
    writer.write(Section::Header, header);
    writer.finish(Purpose::SpoolArchive, card);
    std::filesystem::remove(path);
  }
  state.SetBytesProcessed(state.range(0) * state.iterations());
}
BENCHMARK(Seal)->Arg(8 << 10)->Arg(512 << 10)->Arg(16 << 20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dosigate::bench
