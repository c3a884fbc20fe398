#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dosigate::testing {

/// A synthetic patient with studies whose physics adds up: what the demo and the wire tests send
/// instead of a person's data.
///
/// Two time points of a Lu-177 therapy (SPECT projections, reconstructed SPECT and CT, 24 h and 96
/// h after the injection) and an F-18 PET/CT whose injection lies before midnight and whose scan
/// lies after it. Counts follow uptake, washout and decay from the injected activity; voxel values,
/// decay factors and windows agree with each other.
struct PhantomOptions {
  std::filesystem::path directory;  ///< made if missing; one sub-folder per study
  unsigned patient = 1;             ///< another number is another person with other identifiers
  unsigned seed = 1;                ///< of the noise and of the UIDs
  unsigned ct_slices = 6;           ///< per CT series, 1 to 1000
  unsigned ct_matrix = 64;          ///< rows and columns of a CT slice
  bool ct_only = false;             ///< one study with one CT series: for measuring speed
  bool issuer = false;              ///< whether (0010,0021) is there
};

/// An identifier that was put into the files and may be nowhere on the far side of the gateway.
struct Planted {
  std::string kind;   ///< "name", "cpf", "date", "uid", ...
  std::string value;  ///< UTF-8
};

struct PhantomFile {
  std::filesystem::path path;
  std::string study, series;  ///< "LU177-24H", "CT"
  std::string sop_class_uid, sop_instance_uid;
};

struct Phantom {
  std::vector<PhantomFile> files;
  std::vector<Planted> planted;
};

/// Writes Part 10 files. Equal options give equal files. Throws std::runtime_error when a file
/// cannot be written.
Phantom write_phantom(const PhantomOptions& options);

/// The planted identifiers alone, without writing anything.
std::vector<Planted> planted_identifiers(const PhantomOptions& options);

}  // namespace dosigate::testing
