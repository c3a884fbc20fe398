#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include <boost/json/serialize.hpp>

#include "cli.h"
#include "cli_text.h"
#include "dosigate/base/phi.h"

namespace dosigate::cli {
namespace {

/// No other process of this user reads our memory, and no core file keeps it.
void keep_to_ourselves() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

/// Turns the echo of the terminal off for as long as it lives, also when reading ends by an
/// exception.
class NoEcho {
 public:
  NoEcho() : on_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (on_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (on_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool on_;
};

bool terminal() { return isatty(STDIN_FILENO) == 1; }

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// One line of standard input; the question goes to stderr, so that stdout carries the answer only.
std::string asked(std::string_view question, bool silent) {
  std::string line;
  if (!terminal()) {
    std::getline(std::cin, line);
    return trimmed(line);
  }
  std::cerr << question << ": " << std::flush;
  if (silent) {
    const NoEcho quiet;
    std::getline(std::cin, line);
    std::cerr << "\n";
  } else {
    std::getline(std::cin, line);
  }
  return trimmed(line);
}

bool ask_reason(std::string& reason) {
  if (reason.empty()) reason = asked("Reason (is recorded)", false);
  if (reason.empty())
    complain("a reason is needed and recorded: --reason TEXT, or a line of standard input");
  return !reason.empty();
}

}  // namespace

int map_lookup(const Options& options, std::string reason) {
  keep_to_ourselves();
  const Phi id(asked("PatientID (is not shown)", true));
  if (id.empty()) {
    complain("no PatientID was given on standard input");
    return kUsage;
  }
  if (!ask_reason(reason)) return kUsage;
  const Answer answer = ask(options, "POST", "/api/v1/map/lookup",
                            boost::json::object{{"patient_id", id.reveal()}, {"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  const auto* found = at(answer.body, "found").if_array();
  if (found == nullptr || found->empty()) {
    complain("no patient with this PatientID has passed here");
    return kNotDone;
  }
  for (const auto& patient : *found) {
    std::cout << shown(patient, "pseudonym") << "  site " << shown(patient, "site")
              << "  first seen " << time_text(static_cast<long long>(number(patient, "first_seen")))
              << "\n";
    if (const auto* studies = at(patient, "study_uids").if_array()) {
      for (const auto& study : *studies) std::cout << "  study " << shown(study) << "\n";
    }
  }
  return kDone;
}

int map_reveal(const Options& options, const std::string& pseudonym, std::string reason) {
  keep_to_ourselves();
  if (!ask_reason(reason)) return kUsage;
  const Answer answer =
      ask(options, "POST", "/api/v1/map/reveal",
          boost::json::object{{"pseudonym", in_capitals(pseudonym)}, {"reason", reason}});
  if (answer.exit != kDone) return answer.exit;
  if (options.json) {
    std::cout << boost::json::serialize(answer.body) << "\n";
    return kDone;
  }
  std::cout << "PatientID   " << shown(answer.body, "patient_id") << "\n"
            << "issuer      " << shown(answer.body, "issuer") << "\n"
            << "name        " << shown(answer.body, "name") << "\n"
            << "birth date  " << shown(answer.body, "birth_date") << "\n"
            << "sex         " << shown(answer.body, "sex") << "\n";
  return kDone;
}

}  // namespace dosigate::cli
