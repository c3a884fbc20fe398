#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace dosigate::cli {

/// How far a long command is, on stderr: a bar that is drawn again on a terminal, a line every ten
/// seconds elsewhere. Counts only, never a name.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t total);
  /// Leaves the terminal's line empty.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done, std::size_t failed);

 private:
  const std::size_t total_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_line_ = begun_;
  std::string drawn_;
};

}  // namespace dosigate::cli
