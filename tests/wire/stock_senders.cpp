#include "wire/stock_senders.h"

#include <sstream>

namespace dosigate::testing {
namespace {

using Files = std::vector<std::filesystem::path>;
constexpr auto kDeadline = std::chrono::seconds(90);

Finished run_with(std::vector<std::string> argv, const Files& files) {
  for (const auto& file : files) argv.push_back(file.string());
  return run(argv, kDeadline);
}

Finished storescu(std::uint16_t port, const Files& files) {
  return run(storescu_arguments(port, files), kDeadline);
}

Finished dcmsend(std::uint16_t port, const Files& files) {
  return run(dcmsend_arguments(port, files), kDeadline);
}

Finished odil(std::uint16_t port, const Files& files) {
  return run_with({"odil", "store", "127.0.0.1", std::to_string(port), "ODIL", "DOSIGATE"}, files);
}

Finished ctn(std::uint16_t port, const Files& files) {
  return run_with(
      {"send_image", "-q", "-r", "-a", "CTN", "-c", "DOSIGATE", "127.0.0.1", std::to_string(port)},
      files);
}

Finished pixelmed(std::uint16_t port, const Files& files) {
  // It reads the names of the files from its standard input.
  std::vector<std::string> argv{
      "sh", "-c",
      "printf '%s\\n' \"$@\" | java -cp "
      "/usr/share/java/pixelmed.jar:/usr/share/java/commons-codec.jar "
      "com.pixelmed.network.StorageSOPClassSCU 127.0.0.1 \"$0\" DOSIGATE PIXELMED -",
      std::to_string(port)};
  for (const auto& file : files) argv.push_back(file.string());
  return run(argv, kDeadline);
}

}  // namespace

std::vector<std::string> storescu_arguments(std::uint16_t port, const Files& files) {
  std::vector<std::string> argv{"storescu", "-R",       "-aet",      "STORESCU",
                                "-aec",     "DOSIGATE", "127.0.0.1", std::to_string(port)};
  for (const auto& file : files) argv.push_back(file.string());
  return argv;
}

std::vector<std::string> dcmsend_arguments(std::uint16_t port, const Files& files) {
  std::vector<std::string> argv{"dcmsend",  "-aet",      "DCMSEND",           "-aec",
                                "DOSIGATE", "127.0.0.1", std::to_string(port)};
  for (const auto& file : files) argv.push_back(file.string());
  return argv;
}

std::set<std::string> acknowledged(const std::string& log) {
  std::set<std::string> files;
  std::istringstream lines(log);
  std::string sending;
  for (std::string line; std::getline(lines, line);) {
    if (const auto at = line.find("Sending file: "); at != std::string::npos)
      sending = line.substr(at + 14);
    if (line.find("Received Store Response (Success") != std::string::npos) files.insert(sending);
  }
  return files;
}

const std::vector<StockSender>& stock_senders() {
  static const std::vector<StockSender> senders{
      {"storescu", "storescu", storescu, false},
      {"dcmsend", "dcmsend", dcmsend, false},
      {"odil", "odil", odil, true},
      {"ctn", "send_image", ctn, false},
      {"pixelmed", "java", pixelmed, false},
  };
  return senders;
}

}  // namespace dosigate::testing
