// De-identification of one instance in memory: walk, parse, map, rules, proof, leak check, encode.

#include <benchmark/benchmark.h>

#include "bench/micro_home.h"

namespace dosigate::bench {
namespace {

void clean(benchmark::State& state, const ReceivedInstance& received) {
  const Engine engine;
  engine.clean(received);  // patient, study and device are new only once
  for (auto _ : state) benchmark::DoNotOptimize(engine.clean(received));
  state.SetBytesProcessed(static_cast<std::int64_t>(received.data_set.size()) * state.iterations());
}

void CleanCt(benchmark::State& state) {
  clean(state, received_image(ImageMaker({.matrix = static_cast<unsigned>(state.range(0))}), 0));
}
BENCHMARK(CleanCt)->Arg(64)->Arg(512)->Unit(benchmark::kMicrosecond);

void CleanPet(benchmark::State& state) { clean(state, pet_image()); }
BENCHMARK(CleanPet)->Unit(benchmark::kMicrosecond);

/// Goal 11: linear, and 300,000 elements a second.
void CleanEnhanced(benchmark::State& state) {
  const auto elements = static_cast<std::size_t>(state.range(0));
  clean(state, enhanced_header(elements));
  state.SetComplexityN(state.range(0));
  state.counters["elements"] = benchmark::Counter(static_cast<double>(elements),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(CleanEnhanced)
    ->Arg(5'000)
    ->Arg(10'000)
    ->Arg(20'000)
    ->Arg(40'000)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

}  // namespace
}  // namespace dosigate::bench
