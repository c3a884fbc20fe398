#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dosigate/base/histogram.h"

namespace dosigate {

/// Writes Prometheus' text format 0.0.4: each family once, with HELP and TYPE, then its samples.
/// Thread: one.
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  /// Goes up only; its name ends in _total.
  void counter(std::string_view name, std::string_view help);
  void gauge(std::string_view name, std::string_view help);
  void histogram(std::string_view name, std::string_view help);

  /// Of the family begun last.
  void sample(double value, const Labels& labels = {});
  void sample(const Histogram::Reading& reading, const Labels& labels = {});

  /// A family with one sample.
  void counter(std::string_view name, std::string_view help, double value);
  void gauge(std::string_view name, std::string_view help, double value);

  /// One sample for each key under the label. Beyond kMostKeys, which the rules of a site may name,
  /// they count together as "other".
  static constexpr std::size_t kMostKeys = 100;
  void samples(std::string_view label, const std::map<std::string, std::uint64_t>& values);

  std::string done() && { return std::move(text_); }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void line(std::string_view suffix, const Labels& labels, double value);

  std::string name_, text_;
};

}  // namespace dosigate
