#include "wire/orthanc.h"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <boost/json/parse.hpp>

#include "support/free_port.h"
#include "wire/node_process.h"

namespace dosigate::testing {
namespace {

constexpr const char* kWebPlugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";

std::string answer_of(const std::vector<std::string>& curl) {
  const Finished answer = run(curl, std::chrono::seconds(100));
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
                 const std::optional<Tls>& tls, std::optional<Web> web)
    : directory_(std::move(directory)), web_(std::move(web)) {
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
         << ", \"HttpPort\": " << http_port_ << ", \"DicomPort\": " << dicom_port_
         << ", \"DicomAet\": \"ORTHANC\", \"RemoteAccessAllowed\": false, "
            "\"DicomAlwaysAllowStore\": true,"
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
  configure_web(config);
  config << " }\n";
}

void Orthanc::configure_web(std::ostream& config) const {
  if (!web_) {
    config << ", \"Plugins\": [], \"AuthenticationEnabled\": false";
    return;
  }
  config << ", \"Plugins\": [\"" << kWebPlugin << "\"], \"AuthenticationEnabled\": true"
         << ", \"RegisteredUsers\": { \"" << web_->user << "\": \"" << web_->password << "\" }"
         << ", \"DicomWeb\": { \"Enable\": true, \"Root\": \"/dicom-web/\" }";
}

bool Orthanc::has_web() {
  return !find_program("Orthanc").empty() && std::filesystem::exists(kWebPlugin);
}

std::string Orthanc::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(http_port_) + path;
}

std::vector<std::string> Orthanc::curl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> out{"curl", "-fsS", "--max-time", "90"};
  if (web_) out.insert(out.end(), {"-u", web_->user + ":" + web_->password});
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

void Orthanc::start() {
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"Orthanc", (directory_ / "orthanc.json").string()},
      directory_ / ("orthanc-" + std::to_string(++starts_) + ".log"));
  const auto answers = [&] { return run(curl({"--max-time", "5", url("/system")})).code == 0; };
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

void Orthanc::kill() { process_->kill_group(); }

std::string Orthanc::get(const std::string& path) const { return answer_of(curl({url(path)})); }

std::string Orthanc::post(const std::string& path, const std::string& data) const {
  return answer_of(curl({"--data-binary", data, url(path)}));
}

void Orthanc::remove(const std::string& path) const {
  answer_of(curl({"-X", "DELETE", url(path)}));
}

void Orthanc::put(const std::string& path, const std::string& data) const {
  answer_of(curl({"-X", "PUT", "--data-binary", data, url(path)}));
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
  answer_of(curl({"-o", to.string(), url("/instances/" + instance + "/file")}));
}

}  // namespace dosigate::testing
