#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli.h"
#include "dosigate/deid/deidentifier.h"
#include "dosigate/dicom/dcmtk.h"

namespace dosigate::cli {

/// What a command needs before it de-identifies in its own process: DCMTK, no core dump of a memory
/// that holds identities, and the configuration of this machine when there is one.
class Workplace {
 public:
  /// nullopt after what is wrong was written to stderr.
  static std::optional<Workplace> open(const Options& options);

  const Config* config() const { return config_ ? &*config_ : nullptr; }
  /// NotFound, Invalid: names file, line and key.
  Result<Profile> profile(const std::string& name_or_file) const;
  /// The site with this code, or the only one of the configuration, or "XX" without one.
  Result<SitePolicy> site(const std::string& code) const;
  Result<Deidentifier::Settings> settings(const Work& work) const;

 private:
  Workplace() : dcmtk_(std::make_unique<DcmtkRuntime>()) {}
  std::unique_ptr<DcmtkRuntime> dcmtk_;
  std::optional<Config> config_;
};

}  // namespace dosigate::cli
