// How often the leak check holds an instance by chance: the real files and the invented patients
// are cleaned again and again as other patients, whose number or name stands nowhere in the file
// except where it belongs. Every hold for a leak is then false. Called by `./dev bench holds`.
// usage: holds [CLEANS]      (per kind of number or name, 5000 by default)

#include <cstdio>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "dosigate/dicom/dcmtk.h"
#include "judge/cleaned_tree.h"
#include "judge/instance_files.h"
#include "support/paths.h"
#include "support/phantom.h"
#include "support/temp_dir.h"
#include "unit/deid/cleaning.h"

namespace dosigate::testing {
namespace {

const std::filesystem::path kRealFiles =
    std::filesystem::path(DOSIGATE_SOURCE_DIR) / ".." / "shared" / "data" / "dicom";
constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

/// The map of one batch: it compares every new patient with all of the same name and birth date,
/// and here every file returns with the same ones.
class Map {
 public:
  Map() : map_(node_.open()) {
    const auto declared = map_->declare_site(site_a());
    if (!declared) throw std::runtime_error(declared.error().detail);
  }
  PseudonymMap& operator*() { return *map_; }

 private:
  Node node_{false};
  std::unique_ptr<PseudonymMap> map_;
};

/// The headers of files that are cleaned when they come as they are. Pixel data is left out: the
/// leak check does not look at it.
std::vector<std::unique_ptr<DcmDataset>> headers_of(const CleanedTree& tree) {
  std::vector<std::unique_ptr<DcmDataset>> out;
  for (const auto& pair : tree.pairs) {
    const auto received = received_from(pair.before);
    const TransferSyntax* syntax = find_transfer_syntax(received->transfer_syntax_uid);
    if (syntax->encoding == Encoding::DeflatedLittle) continue;
    auto parsed = parse_data_set(received->data_set, *syntax);
    if (!parsed) throw std::runtime_error(pair.name + ": " + parsed.error().detail);
    delete (*parsed)->remove(DCM_PixelData);
    // An icon may be compressed as the image was; such a file cannot be written uncompressed.
    if ((*parsed)->canWriteXfer(EXS_LittleEndianExplicit,
                                DcmXfer(received->transfer_syntax_uid.c_str()).getXfer()))
      out.push_back(std::move(*parsed));
  }
  return out;
}

/// Who a file is said to be of.
struct Patient {
  std::string id, name;  ///< an empty name leaves the file's own
};
using Invent = std::function<Patient(std::mt19937&)>;

std::string random_text(std::mt19937& random, std::string_view letters, std::size_t length) {
  std::string out;
  while (out.size() < length)
    out += letters[std::uniform_int_distribution<std::size_t>(0, letters.size() - 1)(random)];
  return out;
}
Invent number_of(std::size_t digits) {
  return [digits](std::mt19937& random) {
    return Patient{random_text(random, "0123456789", digits), {}};
  };
}
Invent code_of(std::size_t length) {
  return [length](std::mt19937& random) {
    return Patient{random_text(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1) +
                       random_text(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", length - 1),
                   {}};
  };
}
Invent name_of(std::vector<std::string> names) {
  return [names = std::move(names)](std::mt19937& random) {
    const auto one = [&] {
      return names[std::uniform_int_distribution<std::size_t>(0, names.size() - 1)(random)];
    };
    const std::string family = one();
    return Patient{random_text(random, "123456789", 9), family + "^" + one()};
  };
}

const std::vector<std::pair<std::string, Invent>>& kinds() {
  static const std::vector<std::pair<std::string, Invent>> all{
      {"1 digit", number_of(1)},
      {"2 digits", number_of(2)},
      {"3 digits", number_of(3)},
      {"4 digits", number_of(4)},
      {"5 digits", number_of(5)},
      {"6 digits", number_of(6)},
      {"letter and 1", code_of(2)},
      {"letter and 2", code_of(3)},
      {"letter and 3", code_of(4)},
      {"letter and 4", code_of(5)},
      {"letter and 5", code_of(6)},
      {"short names (pt)",
       name_of({"REIS",  "LIMA", "CRUZ", "PAZ", "LUZ", "ROSA", "MAIA", "LEAO",  "COSTA", "ROCHA",
                "PINTO", "ANA",  "EVA",  "IVO", "LIA", "RUI",  "GIL",  "NEVES", "RAMOS", "MELO"})},
      {"short names (en)",
       name_of({"LEE",  "KIM",  "LI",   "HALL", "KING", "WOOD", "GRAY", "MAY", "ROY",  "HART",
                "COLE", "DEAN", "ROSE", "AMY",  "IAN",  "GUY",  "RAY",  "ART", "LONG", "WEST"})}};
  return all;
}

struct Tally {
  std::size_t cleaned = 0, held = 0, not_judged = 0;
  std::map<std::string, std::size_t> where;
};

class Bench {
 public:
  void run(std::size_t cleans) {
    const auto headers = collect();
    std::cout << headers.size() << " headers, " << cleans << " cleans of each kind\n";
    std::map<std::string, std::size_t> where;
    for (const auto& [kind, invent] : kinds()) {
      const Tally tally = measure(headers, invent, cleans);
      const double judged = static_cast<double>(tally.cleaned + tally.held);
      std::cout << std::left << std::setw(18) << kind << std::right << std::fixed
                << std::setprecision(3) << std::setw(9)
                << 100.0 * static_cast<double>(tally.held) / judged << " % of "
                << tally.cleaned + tally.held << " held for a leak; " << tally.not_judged
                << " held for another reason" << std::endl;
      for (const auto& [detail, count] : tally.where) where[kind + ": " + detail] += count;
    }
    for (const auto& [detail, count] : where)
      std::cout << std::setw(6) << count << "  " << detail << "\n";
  }

 private:
  Deidentifier::Settings settings() const {
    auto profile = Profile::load({}, "dosimetry");
    if (!profile) throw std::runtime_error(profile.error().detail);
    return {std::move(*profile), site_a(), {}, "ISO_IR 100", 64U << 20U};
  }

  std::vector<std::unique_ptr<DcmDataset>> collect() {
    std::vector<std::unique_ptr<DcmDataset>> out;
    TempDir dir;
    write_phantom({.directory = dir.path / "phantom", .ct_slices = 1});
    for (const auto& root : {dir.path / "phantom", kRealFiles}) {
      if (!std::filesystem::is_directory(root)) continue;
      Map map;
      const CleanedTree tree = clean_tree(root, dir.path / "clean", settings(), *map);
      for (auto& header : headers_of(tree)) out.push_back(std::move(header));
    }
    return out;
  }

  Tally measure(const std::vector<std::unique_ptr<DcmDataset>>& headers, const Invent& invent,
                std::size_t cleans) {
    Tally tally;
    std::optional<Map> map;
    std::optional<Deidentifier> deidentifier;
    for (std::size_t i = 0; i < cleans; ++i) {
      if (i % headers.size() == 0) {
        deidentifier.reset();
        deidentifier.emplace(settings(), *map.emplace());
      }
      DataSet data("");
      data.root() = *headers[i % headers.size()];
      const Patient patient = invent(random_);
      ++number_;
      data =
          std::move(data)
              .with(DCM_PatientID, patient.id)
              // A domain of its own: the map must not take two files for one person.
              .with(DCM_IssuerOfPatientID, "BENCHMARK" + std::to_string(number_))
              .with(DCM_StudyInstanceUID, "1.2.826.0.1.3680043.10.98." + std::to_string(number_));
      if (!patient.name.empty()) data = std::move(data).with(DCM_PatientName, patient.name);
      ReceivedInstance received = data.received(kExplicitLittle);
      received.sop_class_uid = text_at(data.root(), DCM_SOPClassUID);  // without padding
      received.sop_instance_uid = Phi(text_at(data.root(), DCM_SOPInstanceUID));
      const Verdict verdict = deidentifier->clean(received, kLookedAt);
      if (hold_of(verdict) == HoldReason::Leak) {
        ++tally.held;
        ++tally.where[std::get<Held>(verdict).detail];
      } else if (std::holds_alternative<Cleaned>(verdict)) {
        ++tally.cleaned;
      } else {
        ++tally.not_judged;
        ++tally.where[describe(verdict).substr(0, 60)];
      }
    }
    return tally;
  }

  std::mt19937 random_{20250304};
  std::size_t number_ = 0;
};

}  // namespace
}  // namespace dosigate::testing

int main(int argc, char** argv) try {
  const dosigate::DcmtkRuntime dcmtk;
  dosigate::testing::Bench().run(argc > 1 ? std::stoul(argv[1]) : 5000);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "holds: %s\n", error.what());
  return 1;
}
