#include "cli_progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <iostream>

#include "cli_text.h"

namespace dosigate::cli {
namespace {

constexpr std::size_t kWidth = 30;
constexpr std::chrono::seconds kBetweenLines{10};

}  // namespace

ProgressBar::ProgressBar(std::size_t total)
    : total_(total), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (!drawn_.empty()) std::cerr << "\r\033[K" << std::flush;
}

void ProgressBar::show(std::size_t done, std::size_t failed) {
  const auto now = std::chrono::steady_clock::now();
  std::string text = fmt::format("{} of {}", thousands(static_cast<long long>(done)),
                                 thousands(static_cast<long long>(total_)));
  if (failed != 0)
    text += fmt::format(", {} not cleaned", thousands(static_cast<long long>(failed)));
  if (!terminal_) {
    if (now - last_line_ < kBetweenLines) return;
    last_line_ = now;
    std::cerr << "dosigate: " << text << "\n";
    return;
  }
  const auto spent = std::chrono::duration_cast<std::chrono::seconds>(now - begun_).count();
  if (done > 0 && spent >= 3)
    text += fmt::format(", {} left", duration_text(spent * static_cast<long long>(total_ - done) /
                                                   static_cast<long long>(done)));
  const std::size_t filled = total_ == 0 ? kWidth : kWidth * done / total_;
  const std::string line =
      fmt::format("[{}{}] {}", std::string(filled, '#'), std::string(kWidth - filled, '.'), text);
  if (line == drawn_) return;
  drawn_ = line;
  std::cerr << "\r" << line << "\033[K" << std::flush;
}

}  // namespace dosigate::cli
