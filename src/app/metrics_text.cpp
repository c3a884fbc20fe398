#include "metrics_text.h"

#include <fmt/format.h>

#include <cmath>

namespace dosigate {
namespace {

/// Label values are the only ones that something outside chose: names of the configuration.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // Counters of bytes stay whole numbers as far as a double has them.
  if (value == std::floor(value) && std::abs(value) < 9e15)
    return fmt::format("{}", static_cast<long long>(value));
  return fmt::format("{}", value);
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::counter(std::string_view name, std::string_view help) {
  family(name, help, "counter");
}
void MetricsText::gauge(std::string_view name, std::string_view help) {
  family(name, help, "gauge");
}
void MetricsText::histogram(std::string_view name, std::string_view help) {
  family(name, help, "histogram");
}

void MetricsText::line(std::string_view suffix, const Labels& labels, double value) {
  text_ += name_;
  text_ += suffix;
  const char* between = "{";
  for (const auto& [label, text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", between, label, escaped(text));
    between = ",";
  }
  if (!labels.empty()) text_ += '}';
  text_ += fmt::format(" {}\n", number(value));
}

void MetricsText::sample(double value, const Labels& labels) { line("", labels, value); }

void MetricsText::sample(const Histogram::Reading& reading, const Labels& labels) {
  for (std::size_t i = 0; i < reading.at_most.size(); ++i) {
    Labels with_bound = labels;
    const std::string bound =
        i < Histogram::kBounds.size() ? number(Histogram::kBounds.at(i)) : "+Inf";
    with_bound.emplace_back("le", bound);
    line("_bucket", with_bound, static_cast<double>(reading.at_most.at(i)));
  }
  line("_sum", labels, reading.seconds);
  line("_count", labels, static_cast<double>(reading.count()));
}

void MetricsText::counter(std::string_view name, std::string_view help, double value) {
  counter(name, help);
  sample(value);
}
void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  gauge(name, help);
  sample(value);
}

void MetricsText::samples(std::string_view label,
                          const std::map<std::string, std::uint64_t>& values) {
  std::uint64_t others = 0;
  std::size_t shown = 0;
  for (const auto& [key, value] : values) {
    if (key == "other" || shown == kMostKeys) {
      others += value;
      continue;
    }
    ++shown;
    sample(static_cast<double>(value), {{label, key}});
  }
  if (others > 0) sample(static_cast<double>(others), {{label, "other"}});
}

}  // namespace dosigate
