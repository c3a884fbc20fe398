// Cleans and seals so many instances and ends: what runs under callgrind in
// tests/bench/instructions_budget. One seed, one thread: the number of instructions hardly changes.
//   bench_instructions INSTANCES MATRIX

#include <cstdio>
#include <exception>
#include <string>

#include "bench/micro_home.h"
#include "dosigate/crypto/sealed_file.h"
#include "dosigate/dicom/dcmtk.h"

namespace dosigate::bench {
namespace {

void clean_and_seal(const Engine& engine, const ReceivedInstance& received, std::uint64_t number) {
  const Cleaned cleaned = engine.clean(received);
  InstanceId id{};
  for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<Byte>(number >> (8 * i));
  const Bytes pairs = engine.map().seal_pairs(id, cleaned.memory);
  const auto path = engine.directory() / "instance.dsg";
  SealedFileWriter writer(engine.keys(), path, id, 1);
  writer.write(Section::Body, cleaned.instance.body());
  writer.write(Section::Header, cleaned.instance.header());
  writer.write(Section::Trailer, cleaned.instance.trailer());
  writer.write(Section::Pairs, pairs);
  writer.finish(Purpose::SpoolArchive, as_bytes(cleaned.instance.facts()));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace dosigate::bench

int main(int argc, char** argv) try {
  using namespace dosigate::bench;
  if (argc != 3) return 2;
  const std::uint64_t instances = std::stoul(argv[1]);
  const dosigate::DcmtkRuntime dcmtk;
  const Engine engine;
  const ImageMaker maker(
      {.matrix = static_cast<unsigned>(std::stoul(argv[2])), .patients = 1, .count = instances});
  for (std::uint64_t i = 0; i < instances; ++i) clean_and_seal(engine, received_image(maker, i), i);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "instructions: %s\n", error.what());
  return 1;
}
