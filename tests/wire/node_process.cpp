#include "wire/node_process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <boost/json/parse.hpp>

#include "support/free_port.h"
#include "support/paths.h"
#include "support/phantom_leaks.h"
#include "wire/arrival.h"

namespace dosigate::testing {
namespace {

constexpr const char* kLegal =
    "purpose = \"test\"\nlegal_basis = \"synthetic data\"\noperator = \"none\"\ncountry = "
    "\"BR\"\n";

std::string dicom(const std::string& ae_title, std::uint16_t port,
                  const std::string& host = "127.0.0.1") {
  return "kind = \"dicom\"\nae_title = \"" + ae_title + "\"\nhost = \"" + host +
         "\"\nport = " + std::to_string(port) + "\n";
}

std::string binary(const char* variable, const char* built) {
  const char* const other = std::getenv(variable);
  return other == nullptr ? built : other;
}

}  // namespace

bool eventually(const std::function<bool()>& holds, std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    if (holds()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

NodeProcess::NodeProcess(std::filesystem::path directory, Settings settings)
    : directory_(std::move(directory)), port_(free_port()) {
  std::filesystem::create_directories(arrived());
  std::filesystem::create_directories(directory_ / "journal");
  std::filesystem::create_directories(directory_ / "profiles");  // empty: the embedded ones
  std::ofstream config(directory_ / "dosigate.toml");
  config << "[node]\nlisten = [\"127.0.0.1:" << port_ << "\"]\nae_title = \"DOSIGATE\"\n"
         << "state_dir = \"state\"\nkey_file = \"master.key\"\njournal_dir = "
            "\"journal\"\nadmin_socket = \"admin.sock\"\n"
         << "profiles_dir = \"profiles\"\nmin_free_gb = " << settings.min_free_gb
         << "\nlog_level = \"" << settings.log_level << "\"\nwarn_unsynchronised_clock = false\n"
         << settings.node << "\n\n[access]\n"
         << settings.access << "\n\n"
         << "[[site]]\nname = \"Hospital Teste\"\ncode = \"TEST\"\n"
         << settings.site << "\n\n"
         << "[[destination]]\nname = \"archive\"\n"
         << kLegal;
  if (!settings.archive_url.empty())
    config << "kind = \"stow\"\nurl = \"" << settings.archive_url << "\"\n";
  else if (settings.archive_port == 0)
    config << "kind = \"folder\"\npath = \"arrived\"\n";
  else
    config << dicom(settings.archive_ae, settings.archive_port, settings.archive_host);
  config << settings.archive << "\n";
  if (settings.second_port != 0)
    config << "\n[[destination]]\nname = \"second\"\n"
           << kLegal << dicom(settings.second_ae, settings.second_port);
  config << "\n[[route]]\nname = \"all\"\nsite = \"Hospital Teste\"\ndestinations = [\"archive\""
         << (settings.second_port != 0 ? ", \"second\"" : "") << "]\n"
         << settings.route << "\n";
  config.close();
  const Finished init = dosigate({"init"});
  const auto key = init.output.find("DSGR-");
  if (init.code != 0 || key == std::string::npos)
    throw std::runtime_error("dosigate init: " + init.output);
  recovery_key_ = init.output.substr(key, init.output.find('\n', key) - key);
}

NodeProcess::~NodeProcess() {
  daemon_.reset();
  std::error_code gone;
  if (::testing::UnitTest::GetInstance()->current_test_info() == nullptr ||
      !std::filesystem::exists(directory_, gone))
    return;
  try {
    // The configuration is the administrator's: it may name the site's own issuer.
    for (const std::string& line :
         leak_lines(directory_, remembered_planted(), {directory_ / "dosigate.toml"}))
      ADD_FAILURE() << "an identifier was left behind: " << line;
  } catch (const std::exception& unreadable) {
    ADD_FAILURE() << "the node's files could not be searched: " << unreadable.what();
  }
}

void NodeProcess::launch(const std::vector<std::string>& environment) {
  daemon_ = std::make_unique<Process>(
      std::vector<std::string>{binary("DOSIGATED_BINARY", DOSIGATED_BINARY), "--config",
                               (directory_ / "dosigate.toml").string()},
      directory_ / ("node-" + std::to_string(++starts_) + ".log"), environment);
}

void NodeProcess::start(const std::vector<std::string>& environment) {
  launch(environment);
  const bool answers = eventually([&] {
    return dosigate({"status", "--json"}).code == 0 || !daemon_->running();
  });
  if (!answers || !daemon_->running())
    throw std::runtime_error("dosigated does not start:\n" + daemon_->output());
}

std::optional<int> NodeProcess::stop() {
  daemon_->signal(SIGTERM);
  return daemon_->wait(std::chrono::seconds(30));
}

void NodeProcess::kill() { daemon_->kill_group(); }

bool NodeProcess::ends_within(std::chrono::milliseconds deadline) {
  return daemon_->wait(deadline).has_value();
}

Finished NodeProcess::dosigate(const std::vector<std::string>& arguments,
                               const std::string& input) const {
  std::vector<std::string> argv{binary("DOSIGATE_BINARY", DOSIGATE_BINARY), "--config",
                                (directory_ / "dosigate.toml").string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(argv, std::chrono::seconds(30), input);
}

boost::json::value NodeProcess::status() const {
  const Finished answer = dosigate({"status", "--json"});
  if (answer.code != 0) throw std::runtime_error("dosigate status: " + answer.output);
  return boost::json::parse(answer.output);
}

NodeProcess::Totals NodeProcess::totals() const {
  const boost::json::value status_now = status();
  const auto& totals = status_now.at("totals");
  const auto number = [&](const char* name) { return totals.at(name).to_number<std::uint64_t>(); };
  return {number("received"), number("duplicate"),   number("delivered"), number("queued"),
          number("parked"),   number("quarantined"), number("dropped"),   number("discarded"),
          number("refused"),  number("issued")};
}

bool NodeProcess::settles(std::chrono::seconds deadline) const {
  return eventually([&] { return totals().queued == 0; }, deadline);
}

std::string NodeProcess::log() const {
  std::string all;
  for (int i = 1; i <= starts_; ++i) {
    std::ifstream in(directory_ / ("node-" + std::to_string(i) + ".log"));
    all.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return all;
}

}  // namespace dosigate::testing
