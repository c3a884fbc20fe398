#include "wire/store_scp.h"

#include <csignal>
#include <stdexcept>

#include "support/free_port.h"
#include "support/phantom_compare.h"
#include "wire/node_process.h"

namespace dosigate::testing {

StoreScp::StoreScp(std::filesystem::path directory)
    : directory_(std::move(directory)), port_(free_port()) {
  std::filesystem::create_directories(directory_ / "files");
  start();
}

std::vector<std::filesystem::path> StoreScp::files() const {
  return part10_files(directory_ / "files");
}

void StoreScp::lose_everything() const {
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "files"))
    std::filesystem::remove(entry.path());
}

void StoreScp::start() {
  // A child for each association: the gateway holds more than one open.
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"storescp", "--fork", "+xa", "+B", "-od",
                               (directory_ / "files").string(), std::to_string(port_)},
      directory_ / ("storescp-" + std::to_string(++starts_) + ".log"));
  const auto answers = [&] {
    return run({"echoscu", "127.0.0.1", std::to_string(port_)}).code == 0;
  };
  if (!eventually(answers, std::chrono::seconds(10)))
    throw std::runtime_error("storescp does not start: " + process_->output());
}

void StoreScp::stop() { process_->kill_group(); }
void StoreScp::freeze() const { process_->signal_group(SIGSTOP); }
void StoreScp::thaw() const { process_->signal_group(SIGCONT); }

}  // namespace dosigate::testing
