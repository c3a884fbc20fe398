#include <iostream>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

int posted(const Options& options, const char* verb, const boost::json::object& body,
           const std::string& done) {
  const Answer answer = ask(options, "POST", std::string("/api/v1/queue/") + verb, body);
  if (answer.exit != kDone) return answer.exit;
  std::cout << (options.json ? boost::json::serialize(answer.body) : done) << "\n";
  return kDone;
}

}  // namespace

int queue_pause(const Options& options, const std::string& destination, const std::string& reason) {
  return posted(options, "pause", {{"destination", destination}, {"reason", reason}},
                printable(destination) +
                    " is paused, also over a restart: an instance on its way ends, nothing else "
                    "leaves until `dosigate queue resume`");
}

int queue_resume(const Options& options, const std::string& destination) {
  return posted(options, "resume", {{"destination", destination}},
                printable(destination) + " is resumed");
}

std::string destination_notes(const boost::json::array& destinations) {
  std::string waiting, saved;
  for (const auto& to : destinations) {
    const auto text = shown(to, "state_text");
    if (text != "-" && !text.empty()) {
      const bool paused = !at(to, "paused.reason").is_null();
      waiting += "  " + shown(to, "name") + ": " + text +
                 (paused ? " (" + shown(to, "paused.reason") + ")" : "") + "\n";
    }
    if (number(to, "compressed") + number(to, "not_compressed") > 0)
      saved += fmt::format("  {}: {} sent, {} saved; {} images compressed, {} in vain\n",
                           shown(to, "name"), size_text(number(to, "bytes_sent")),
                           size_text(number(to, "bytes_saved")), shown(to, "compressed"),
                           shown(to, "not_compressed"));
  }
  return (waiting.empty() ? "" : "waiting\n" + waiting) +
         (saved.empty() ? "" : "compression, since the start\n" + saved);
}

}  // namespace dosigate::cli
