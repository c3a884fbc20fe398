#pragma once

#include <string>
#include <vector>

#include "dosigate/dosimetry/readiness.h"

namespace dosigate {

/// Collects findings; one that holds of several series is one finding that names them.
class Findings {
 public:
  void blocks(const std::string& code, const std::string& series, unsigned item,
              const std::string& text) {
    add(code, Severity::Blocks, series, item, text);
  }
  void warns(const std::string& code, const std::string& series, unsigned item,
             const std::string& text) {
    add(code, Severity::Warns, series, item, text);
  }
  /// Blocking ones first.
  std::vector<Finding> take();

 private:
  void add(const std::string& code, Severity severity, const std::string& series, unsigned item,
           const std::string& text);
  std::vector<Finding> found_;
};

/// Judges one radiopharmaceutical item of one row (judge_items.cpp).
void judge_item(const RadiopharmaceuticalFacts& item, unsigned number, const FactsRow& row,
                const PatientFacts& patient, std::chrono::minutes tolerance, Findings& findings);
/// Judges what an emission image says of itself: units, corrections, times, camera
/// (judge_image.cpp).
void judge_image(const FactsRow& row, Findings& findings);

/// "7400", "0.2": as a person writes it.
std::string number_text(double value);

}  // namespace dosigate
