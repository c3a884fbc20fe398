#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/json/serialize.hpp>

#include "assigned_csv.h"
#include "cli.h"
#include "cli_ask.h"
#include "cli_text.h"
#include "dosigate/app/init.h"
#include "sealed_bundle.h"

namespace dosigate::cli {

int map_export(const Options& options, const std::filesystem::path& directory, std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/map/export",
          boost::json::object{{"directory", std::filesystem::absolute(directory).string()},
                              {"reason", reason}},
          true, kLong);
  if (answer.exit != kDone) return answer.exit;
  if (waits_for_second(answer)) return kNotDone;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << shown(answer.body, "folder") << ": " << shown(answer.body, "rows")
            << " rows, sealed; `dosigate map open-export FOLDER` opens it\n";
  return kDone;
}

int map_open_export(const Options& options, const std::filesystem::path& folder,
                    bool with_master_key, bool show) {
  if (!show && isatty(STDOUT_FILENO) == 1) {
    complain("the list names every patient: send it into a file or a pipe, or say --show");
    return kUsage;
  }
  if (auto there = is_bundle(folder); !there) {
    complain(there.error().detail);
    return kNotDone;
  }
  const auto opened = [&]() -> Result<Keyring> {
    if (!with_master_key)
      return Keyring::open_with_recovery(folder / "keyring",
                                         asked("Recovery key (is not shown)", true));
    const auto config = load(options.config);
    if (!config) return fail(Fault::Invalid, "without its configuration the key is not found");
    const auto master = master_key(*config);
    if (!master) return master.error();
    return Keyring::open(folder / "keyring", *master);
  }();
  const auto bundle = opened ? BundleReader::open(*opened, folder) : opened.error();
  if (!bundle) {
    complain(bundle.error().detail);
    return kNotDone;
  }
  if (bundle->card().kind != "map-export") {
    complain(folder.string() + " is no export of the map but a " + bundle->card().kind);
    return kNotDone;
  }
  const auto read =
      bundle->read([](const std::string&, ByteView piece) { std::cout << as_text(piece); });
  std::cout.flush();
  if (!read) complain(read.error().detail + ": do not use what was written");
  return read && std::cout ? kDone : kNotDone;
}

int map_import(const Options& options, const std::filesystem::path& file, std::string reason) {
  const bool from_input = file == "-";
  if (from_input && reason.empty()) {
    complain("standard input is the list: give the reason as --reason TEXT");
    return kUsage;
  }
  std::string csv;
  if (from_input) {
    csv.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(file, std::ios::binary);
    csv.assign(std::istreambuf_iterator<char>(in), {});
    if (!in && !in.eof()) {
      complain(file.string() + " cannot be read");
      return kNotDone;
    }
  }
  if (!ask_reason(reason)) return kUsage;
  if (const auto rows = read_assigned(csv); !rows) {
    complain("nothing was imported: " + rows.error().detail);
    return kNotDone;
  }
  const Answer answer = ask(options, "POST", "/api/v1/map/import",
                            boost::json::object{{"csv", csv}, {"reason", reason}}, true, kLong);
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << shown(answer.body, "rows") << " rows, " << shown(answer.body, "new")
            << " of them new\n";
  return kDone;
}

int map_accept_gap(const Options& options, std::string reason) {
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/map/accept-gap", boost::json::object{{"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  std::cout << "patients and devices that are not in the map are new ones from now on; what was "
               "held can be released\n";
  return kDone;
}

}  // namespace dosigate::cli
