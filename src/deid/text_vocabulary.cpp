#include "text_vocabulary.h"

#include "tsv.h"

#include <stdexcept>
#include <string>
#include <unordered_map>

namespace dosigate {

extern const std::string_view vocabulary_text;

namespace {

WordClass class_named(std::string_view name) {
  static const std::unordered_map<std::string_view, WordClass> kNames{
      {"nuclide", WordClass::Nuclide}, {"element", WordClass::Element},
      {"tracer", WordClass::Tracer},   {"organ", WordClass::Organ},
      {"unit", WordClass::Unit},       {"counter", WordClass::Counter},
      {"time", WordClass::Time},       {"link", WordClass::Link},
      {"letter", WordClass::Letter},   {"collimator", WordClass::Word},
      {"window", WordClass::Word},     {"term", WordClass::Word},
      {"modality", WordClass::Word},   {"technique", WordClass::Word},
      {"sequence", WordClass::Word},   {"protocol", WordClass::Word},
      {"position", WordClass::Organ},  {"finding", WordClass::Word}};
  const auto found = kNames.find(name);
  if (found == kNames.end()) {
    throw std::runtime_error("conf/deid/vocabulary.tsv: unknown class \"" + std::string(name) +
                             "\"; use one that other rows have");
  }
  return found->second;
}

}  // namespace

WordClass word_class(std::string_view folded) {
  static const auto words = [] {
    std::unordered_map<std::string_view, WordClass> out;
    for (const auto& cell : read_tsv(vocabulary_text, "conf/deid/vocabulary.tsv").rows)
      out.emplace(cell[0], class_named(cell[1]));
    return out;
  }();
  const auto found = words.find(folded);
  return found == words.end() ? WordClass::None : found->second;
}

}  // namespace dosigate
