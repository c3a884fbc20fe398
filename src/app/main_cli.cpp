#include <csignal>

#include "command_line.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE,
              SIG_IGN);  // a pager that is closed early ends us with an error, not a signal
  try {
    return dosigate::CommandLine().run(argc, argv);
  } catch (const std::exception& broken) {
    dosigate::cli::complain(broken.what());
    return dosigate::cli::kNotDone;
  }
}
