#pragma once

#include <compare>
#include <string>
#include <utility>

namespace dosigate {

/// Identifies a patient or another person. No operator<< and no fmt formatter exist, so
/// `spdlog::info("{}", id)` does not compile (tests/unit/base/log_phi_must_not_compile.cpp).
class Phi {
 public:
  Phi() = default;
  explicit Phi(std::string value) : value_(std::move(value)) {}

  /// The only way to the value: grep for `reveal(` to audit every use.
  const std::string& reveal() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }

  friend auto operator<=>(const Phi&, const Phi&) = default;

 private:
  std::string value_;
};

}  // namespace dosigate
