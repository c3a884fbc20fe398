// The walker, and the walker and DCMTK's parser after it.

#include <benchmark/benchmark.h>

#include "bench/micro_home.h"
#include "dosigate/dicom/data_set.h"
#include "dosigate/dicom/walker.h"

namespace dosigate::bench {
namespace {

/// A CT slice whose pixels do not count: both readers pass over them.
ReceivedInstance header() { return received_image(ImageMaker({.matrix = 16}), 0); }

void walk(benchmark::State& state, const ReceivedInstance& received) {
  std::size_t elements = 0;
  for (auto _ : state) {
    const auto walked = walk_data_set(received.data_set, Encoding::ExplicitLittle);
    if (!walked) return state.SkipWithError("not walked");
    elements += walked->elements;
  }
  state.counters["elements"] =
      benchmark::Counter(static_cast<double>(elements), benchmark::Counter::kIsRate);
}

void parse(benchmark::State& state, const ReceivedInstance& received) {
  const TransferSyntax& syntax = *find_transfer_syntax(received.transfer_syntax_uid);
  std::size_t elements = 0;
  for (auto _ : state) {
    const auto walked = walk_data_set(received.data_set, syntax.encoding);
    const auto parsed = parse_data_set(received.data_set, syntax);
    if (!walked || !parsed) return state.SkipWithError("not parsed");
    elements += walked->elements;
    benchmark::DoNotOptimize(parsed);
  }
  state.counters["elements"] =
      benchmark::Counter(static_cast<double>(elements), benchmark::Counter::kIsRate);
}

void WalkCt(benchmark::State& state) { walk(state, header()); }
void WalkEnhanced20000(benchmark::State& state) { walk(state, enhanced_header(20'000)); }
void ParseCt(benchmark::State& state) { parse(state, header()); }
void ParseEnhanced20000(benchmark::State& state) { parse(state, enhanced_header(20'000)); }

BENCHMARK(WalkCt)->Unit(benchmark::kMicrosecond);
BENCHMARK(WalkEnhanced20000)->Unit(benchmark::kMillisecond);
BENCHMARK(ParseCt)->Unit(benchmark::kMicrosecond);
BENCHMARK(ParseEnhanced20000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dosigate::bench
