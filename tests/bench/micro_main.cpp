// Parts of the way of an instance, alone: ./dev bench micro.

#include <benchmark/benchmark.h>

#include "dosigate/dicom/dcmtk.h"

int main(int argc, char** argv) {
  const dosigate::DcmtkRuntime dcmtk;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
