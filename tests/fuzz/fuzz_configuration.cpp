// A configuration file: errors with a line each, or a configuration that holds together.

#include <sys/mman.h>
#include <unistd.h>

#include "dosigate/app/config.h"
#include "dosigate/base/durable_file.h"
#include "fuzz/fuzz.h"

using namespace dosigate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FileDescriptor file(::memfd_create("dosigate.toml", MFD_CLOEXEC));
  must(::ftruncate(file.get(), 0) == 0);
  must(::pwrite(file.get(), data, size, 0) == static_cast<ssize_t>(size));

  const auto config = load_config("/proc/self/fd/" + std::to_string(file.get()));

  if (!config) {
    must(!config.error().lines.empty());
    return 0;
  }
  must(config->network.max_associations > 0);
  for (const auto& route : config->routes) must(!route.name.empty() && !route.destinations.empty());
  return 0;
}
