#include <algorithm>
#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

using boost::json::value;

std::string indented(const std::string& lines) {
  std::string out;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    out += "  " + lines.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

std::string device_text(const value& device) {
  std::string out;
  if (at(device, "label") == value("")) {
    out = "instances that name no device\n";
  } else {
    out = shown(device, "label") + "  site " + shown(device, "site") + "  " +
          shown(device, "manufacturer") + " " + shown(device, "model") + "  serial number " +
          shown(device, "serial_number") + "  station " + shown(device, "station_name") +
          "  first seen " + time_text(device, "first_seen") + "\n";
  }

  std::vector<std::vector<std::string>> rows;
  if (const auto* epochs = at(device, "epochs").if_array()) {
    for (const value& epoch : *epochs)
      rows.push_back({shown(epoch, "number"), shown(epoch, "software_versions"),
                      shown(epoch, "last_calibration"), time_text(epoch, "first_seen")});
  }
  if (!rows.empty())
    out += indented(table({">epoch", "software", "last calibration", "first seen"}, rows));

  rows.clear();
  if (const auto* creators = at(device, "removed_creators").if_array()) {
    for (const value& creator : *creators) {
      const bool others = at(creator, "creator").is_null();
      rows.push_back({others ? "(all others)" : shown(creator, "creator"),
                      shown(creator, "instances"), time_text(creator, "first_seen"),
                      time_text(creator, "last_seen")});
    }
  }
  if (!rows.empty())
    out += indented(
        table({"creator of removed elements", ">instances", "first seen", "last seen"}, rows));
  return out;
}

}  // namespace

int devices(const Options& options) {
  const Answer answer = ask(options, "GET", "/api/v1/devices");
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::string out;
  if (const auto* items = at(answer.body, "items").if_array()) {
    for (const value& device : *items) out += (out.empty() ? "" : "\n") + device_text(device);
  }
  std::cout << (out.empty() ? "no device has sent anything yet\n" : out);
  return kDone;
}

}  // namespace dosigate::cli
