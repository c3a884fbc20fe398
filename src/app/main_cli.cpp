#include <csignal>

#include "cli_ask.h"
#include "command_line.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a pager that is closed early ends us with an error, not a signal
  dosigate::cli::keep_to_ourselves();
  try {
    return dosigate::CommandLine().run(argc, argv);
  } catch (const std::exception& broken) {
    dosigate::cli::complain(broken.what());
    return dosigate::cli::kNotDone;
  }
}
