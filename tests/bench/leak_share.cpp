// What part of the time of clean() the leak check takes, for small instances: at most 15 % is
// wanted, so that nobody has a reason to switch it off. Called by `./dev bench leak-share`. usage:
// leak_share [SECONDS]      (per instance, 2 by default)

#include <cstdio>
#include <ctime>
#include <exception>
#include <iomanip>
#include <iostream>

#include "deid/leak_check.h"
#include "deid/rules.h"
#include "deid/source.h"
#include "dosigate/dicom/dcmtk.h"
#include "judge/instance_files.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "unit/deid/cleaning.h"

namespace dosigate::testing {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// CPU seconds of one call, measured over at least `seconds`.
template <class Work>
double cpu_of(double seconds, Work work) {
  work();
  const double begin = cpu_seconds();
  std::size_t calls = 0;
  do {
    work();
    ++calls;
  } while (cpu_seconds() - begin < seconds);
  return (cpu_seconds() - begin) / static_cast<double>(calls);
}

class Bench {
 public:
  explicit Bench(double seconds) : seconds_(seconds), map_(node_.open()) {
    const auto declared = map_->declare_site(site_a());
    if (!declared) throw std::runtime_error(declared.error().detail);
    auto profile = Profile::load({}, "dosimetry");
    if (!profile) throw std::runtime_error(profile.error().detail);
    profile_.emplace(std::move(*profile));
  }

  void measure(const std::string& name, const ReceivedInstance& received) {
    const Deidentifier deidentifier({*profile_, site_a(), {}, "", 64U << 20U}, *map_);
    const Verdict verdict = deidentifier.clean(received);
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    if (cleaned == nullptr) throw std::runtime_error(name + ": " + describe(verdict));
    const TransferSyntax& syntax = *find_transfer_syntax(received.transfer_syntax_uid);
    auto source = parse_data_set(received.data_set, syntax);
    auto output = parse_data_set(all_bytes(cleaned->instance), syntax);
    if (!source || !output) throw std::runtime_error(name + ": does not parse");
    const Rules rules(*profile_);

    const double whole = cpu_of(seconds_, [&] { (void)deidentifier.clean(received); });
    const double check = cpu_of(seconds_, [&] {
      const Identifying source_says = collect_identifying(**source, "");
      const LeakTerms terms(source_says.identifiers);
      if (find_leak(**output, terms, source_says.uids, rules, ""))
        throw std::runtime_error("a leak");
    });
    std::cout << std::left << std::setw(22) << name << std::right << std::fixed
              << std::setprecision(0) << std::setw(7) << whole * 1e6 << " us for clean(), "
              << std::setw(5) << check * 1e6 << " us for the leak check: " << std::setprecision(1)
              << 100 * check / whole << " %" << std::endl;
  }

 private:
  double seconds_;
  Node node_{false};
  std::unique_ptr<PseudonymMap> map_;
  std::optional<Profile> profile_;
};

/// The first file of a series of the invented patient.
ReceivedInstance phantom_file(const Phantom& phantom, const std::string& study,
                              const std::string& sop_class) {
  for (const PhantomFile& file : phantom.files)
    if (file.study == study && file.sop_class_uid == sop_class) return *received_from(file.path);
  throw std::runtime_error("the phantom has no such file: " + study);
}

void run(double seconds) {
  TempDir dir;
  const Phantom phantom =
      write_phantom({.directory = dir.path / "1", .ct_slices = 1, .ct_matrix = 512});
  Bench bench(seconds);
  bench.measure("NM frame 64x64",
                nm_spect()
                    .with(DCM_Rows, "64")
                    .with(DCM_Columns, "64")
                    .with(DCM_PixelData, EVR_OW, std::string(4 * 64 * 64 * 2, '7'))
                    .received());
  bench.measure("PET slice 128x128",
                pet_slice()
                    .with(DCM_SOPInstanceUID, "1.2.826.0.1.3680043.10.99.1.2")
                    .with(DCM_Rows, "128")
                    .with(DCM_Columns, "128")
                    .with(DCM_PixelData, EVR_OW, std::string(128 * 128 * 2, '7'))
                    .received());
  bench.measure("phantom PET",
                phantom_file(phantom, "PETCT-FDG", UID_PositronEmissionTomographyImageStorage));
  bench.measure("phantom SPECT",
                phantom_file(phantom, "LU177-24H", UID_NuclearMedicineImageStorage));
  bench.measure("phantom CT 512x512", phantom_file(phantom, "LU177-24H", UID_CTImageStorage));
}

}  // namespace
}  // namespace dosigate::testing

int main(int argc, char** argv) try {
  const dosigate::DcmtkRuntime dcmtk;
  dosigate::testing::run(argc > 1 ? std::stod(argv[1]) : 2.0);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "leak_share: %s\n", error.what());
  return 1;
}
