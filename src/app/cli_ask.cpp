#include "cli_ask.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "cli.h"
#include "cli_text.h"

namespace dosigate::cli {
namespace {

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

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

bool at_terminal() { return isatty(STDIN_FILENO) == 1; }

void keep_to_ourselves() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

std::string asked(std::string_view question, bool silent) {
  std::string line;
  if (!at_terminal()) {
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

bool is_no_patient_id(std::string_view argument) {
  if (argument.empty() || in_capitals(argument).starts_with("DSG-")) return true;
  complain(
      "a person is named by the pseudonym, DSG-..., or by a PatientID on standard input; never by "
      "a PatientID as an argument, where the process list and the shell's history show it (it was "
      "overwritten in this process; take it out of the history)");
  return false;
}

bool ask_reason(std::string& reason) {
  if (reason.empty()) reason = asked("Reason (is recorded)", false);
  if (reason.empty())
    complain("a reason is needed and recorded: --reason TEXT, or a line of standard input");
  return !reason.empty();
}

}  // namespace dosigate::cli
