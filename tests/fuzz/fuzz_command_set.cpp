// A command set, of a sender or of an archive, and our answer to it: bounded, and itself one.

#include "forward/command_set.h"
#include "fuzz/fuzz.h"
#include "receive/command.h"

using namespace dosigate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto from_archive = CommandSet::read({data, size})) {
    must(from_archive->text(kErrorComment).size() <= 64);
    must(!from_archive->number(kStatus) || size >= 10);
  }

  const auto command = read_command({data, size});
  if (!command) {
    must(command.error().fault == Fault::NotDicom);
    return 0;
  }
  const Bytes answer = response_to(*command, 0xA700, as_text({data, size}));
  must(answer.size() < 400);
  // Ours has no message id of its own, which alone is what a reader of requests misses.
  const auto again = read_command(answer);
  must(!again && again.error().detail.find("missing") != std::string::npos);
  return 0;
}
