#include "wire/orthanc.h"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <boost/json/parse.hpp>

#include "support/free_port.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

std::string curl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"curl", "-fsS", "--max-time", "90"});
  const Finished answer = run(arguments, std::chrono::seconds(100));
  if (answer.code != 0) throw std::runtime_error("Orthanc: " + answer.output);
  return answer.output;
}

std::vector<std::string> strings(const std::string& json) {
  std::vector<std::string> out;
  const boost::json::value parsed = boost::json::parse(json);
  for (const auto& one : parsed.as_array()) out.emplace_back(one.as_string());
  return out;
}

}  // namespace

Orthanc::Orthanc(std::filesystem::path directory, std::uint16_t peer_port,
                 const std::optional<Tls>& tls)
    : directory_(std::move(directory)) {
  // A port that was free may be taken before Orthanc binds it.
  constexpr int kAttempts = 4;
  for (int attempt = 1;; ++attempt) {
    dicom_port_ = free_port();
    http_port_ = free_port();
    configure(peer_port, tls);
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (attempt == kAttempts) throw;
    }
  }
}

void Orthanc::configure(std::uint16_t peer_port, const std::optional<Tls>& tls) const {
  std::filesystem::create_directories(directory_ / "data");
  std::ofstream config(directory_ / "orthanc.json");
  config << "{ \"Name\": \"test\", \"StorageDirectory\": " << directory_ / "data"
         << ", \"IndexDirectory\": " << directory_ / "data"
         << ", \"Plugins\": [], \"HttpPort\": " << http_port_ << ", \"DicomPort\": " << dicom_port_
         << ", \"DicomAet\": \"ORTHANC\", \"RemoteAccessAllowed\": false, "
            "\"AuthenticationEnabled\": false, \"DicomAlwaysAllowStore\": true,"
         << " \"UnknownSopClassAccepted\": true, \"DicomModalities\": {";
  if (peer_port != 0)
    config << " \"gateway\": { \"AET\": \"DOSIGATE\", \"Host\": \"127.0.0.1\", \"Port\": "
           << peer_port << ", \"UseDicomTls\": " << (tls ? "true" : "false") << " }";
  config << " }";
  if (tls)
    config << ", \"DicomTlsEnabled\": true, \"DicomTlsRemoteCertificateRequired\": true, "
              "\"DicomTlsCertificate\": "
           << tls->certificate << ", \"DicomTlsPrivateKey\": " << tls->key
           << ", \"DicomTlsTrustedCertificates\": " << tls->ca;
  config << " }\n";
}

void Orthanc::start() {
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"Orthanc", (directory_ / "orthanc.json").string()},
      directory_ / ("orthanc-" + std::to_string(++starts_) + ".log"));
  const auto answers = [&] {
    return run({"curl", "-fsS", "--max-time", "5",
                "http://127.0.0.1:" + std::to_string(http_port_) + "/system"})
               .code == 0;
  };
  bool ready = false;
  (void)eventually([&] {
    ready = answers();
    return ready || !process_->running();
  });
  if (!ready) throw std::runtime_error("Orthanc does not start: " + process_->output());
}

void Orthanc::stop() {
  process_->signal(SIGTERM);
  if (!process_->wait(std::chrono::seconds(30))) process_->kill_group();
}

std::string Orthanc::get(const std::string& path) const {
  return curl({"http://127.0.0.1:" + std::to_string(http_port_) + path});
}

std::string Orthanc::post(const std::string& path, const std::string& data) const {
  return curl({"--data-binary", data, "http://127.0.0.1:" + std::to_string(http_port_) + path});
}

void Orthanc::remove(const std::string& path) const {
  curl({"-X", "DELETE", "http://127.0.0.1:" + std::to_string(http_port_) + path});
}

void Orthanc::put(const std::string& path, const std::string& data) const {
  curl({"-X", "PUT", "--data-binary", data,
        "http://127.0.0.1:" + std::to_string(http_port_) + path});
}

void Orthanc::upload(const std::filesystem::path& file) const {
  post("/instances", "@" + file.string());
}

std::vector<std::string> Orthanc::instances_of(const std::string& patient_id) const {
  return strings(
      post("/tools/find", R"({"Level":"Instance","Query":{"PatientID":")" + patient_id + R"("}})"));
}

std::vector<std::string> Orthanc::instances() const { return strings(get("/instances")); }

void Orthanc::download(const std::string& instance, const std::filesystem::path& to) const {
  curl({"-o", to.string(),
        "http://127.0.0.1:" + std::to_string(http_port_) + "/instances/" + instance + "/file"});
}

}  // namespace dosigate::testing
