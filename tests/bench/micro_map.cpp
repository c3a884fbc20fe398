// The map: a study that it knows, which is every instance but the first.

#include <benchmark/benchmark.h>

#include "bench/micro_home.h"

namespace dosigate::bench {
namespace {

void ResolveKnown(benchmark::State& state) {
  Engine engine;
  const testing::Source source;
  testing::resolve(engine.map(), source);
  for (auto _ : state) benchmark::DoNotOptimize(testing::resolve(engine.map(), source));
}
BENCHMARK(ResolveKnown)->Unit(benchmark::kMicrosecond);

/// More studies than any cache keeps.
void ResolveKnownOfMany(benchmark::State& state) {
  Engine engine;
  constexpr int kStudies = 1'000;
  std::vector<testing::Source> sources(kStudies);
  for (int i = 0; i < kStudies; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    sources[static_cast<std::size_t>(i)].id(number).name("NAME" + number).study("1.2.3." + number);
    testing::resolve(engine.map(), sources[static_cast<std::size_t>(i)]);
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(testing::resolve(engine.map(), sources[next]));
    next = (next + 1) % kStudies;
  }
}
BENCHMARK(ResolveKnownOfMany)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dosigate::bench
