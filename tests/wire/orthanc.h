#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace dosigate::testing {

/// A real Orthanc on free ports, below a directory of its own; asked through its REST API with
/// curl.
class Orthanc {
 public:
  /// PEM files. With them it takes TLS only, and asks for certificates of the CA.
  struct Tls {
    std::filesystem::path certificate, key, ca;
  };
  /// What its HTTP side asks for, with the DICOMweb plugin at /dicom-web. Plain: Debian's
  /// Orthanc 1.10 dies of the first request over HTTPS.
  struct Web {
    std::string user, password;
  };
  /// @param peer_port  of a modality "gateway" that it can send to; 0 = none.
  /// @param tls        also towards the gateway.
  /// Throws std::runtime_error when it does not start.
  explicit Orthanc(std::filesystem::path directory, std::uint16_t peer_port = 0,
                   const std::optional<Tls>& tls = std::nullopt,
                   std::optional<Web> web = std::nullopt);
  /// Whether the DICOMweb plugin is installed.
  static bool has_web();

  std::uint16_t dicom_port() const { return dicom_port_; }
  std::uint16_t http_port() const { return http_port_; }
  /// The body of a GET, or of a POST of `data`. Throws std::runtime_error on an HTTP error.
  std::string get(const std::string& path) const;
  std::string post(const std::string& path, const std::string& data) const;
  /// DELETE, and PUT of `data`.
  void remove(const std::string& path) const;
  void put(const std::string& path, const std::string& data) const;
  void upload(const std::filesystem::path& file) const;
  /// Orthanc's identifiers of the instances of a patient.
  std::vector<std::string> instances_of(const std::string& patient_id) const;
  std::vector<std::string> instances() const;
  /// Saves the file of an instance.
  void download(const std::string& instance, const std::filesystem::path& to) const;
  /// Ends it; the ports and the stored instances stay for `start`.
  void stop();
  void kill();  ///< SIGKILL
  void start();

 private:
  void configure(std::uint16_t peer_port, const std::optional<Tls>& tls) const;
  void configure_web(std::ostream& config) const;
  std::string url(const std::string& path) const;
  std::vector<std::string> curl(const std::vector<std::string>& arguments) const;

  std::filesystem::path directory_;
  std::optional<Web> web_;
  std::uint16_t dicom_port_ = 0, http_port_ = 0;
  int starts_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace dosigate::testing
