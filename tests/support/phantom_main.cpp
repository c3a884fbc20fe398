// Writes the synthetic patient's files, and says what was planted in them.

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include <CLI/CLI.hpp>

#include "support/phantom.h"
#include "support/phantom_leaks.h"

int main(int argc, char** argv) try {
  dosigate::testing::PhantomOptions options;
  std::string planted_file;
  std::string directory;
  CLI::App app{
      "Writes DICOM files of an invented patient: Lu-177 SPECT/CT at two time points and an F-18 "
      "PET/CT"};
  app.add_option("directory", directory, "where the files go; made if missing")->required();
  app.add_option("--patient", options.patient, "number of the invented person")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of noise and UIDs")->capture_default_str();
  app.add_option("--ct-slices", options.ct_slices, "slices of each CT series")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--ct-matrix", options.ct_matrix, "rows and columns of a CT slice")
      ->check(CLI::Range(16, 1024))
      ->capture_default_str();
  app.add_flag("--ct-only", options.ct_only, "one CT series only, for measuring speed");
  app.add_flag("--issuer", options.issuer, "with IssuerOfPatientID");
  app.add_option("--planted", planted_file,
                 "write the planted identifiers to this file, kind and value per line");
  CLI11_PARSE(app, argc, argv);
  options.directory = directory;

  const dosigate::testing::Phantom phantom = dosigate::testing::write_phantom(options);
  if (!planted_file.empty()) dosigate::testing::save_planted(phantom.planted, planted_file);
  std::printf("%zu files of one invented patient in %s\n", phantom.files.size(), directory.c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "phantom: %s\n", error.what());
  return 1;
}
