// Precision and recall of the text cleaner on a made-up corpus: text_bench [CASES [SEED
// [EXAMPLES]]].

#include "src/deid/text_cleaner.h"
#include "src/deid/text_own_values.h"
#include "support/text/corpus.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using dosigate::testing::Score;

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print(const char* title, const char* unit, const std::map<std::string, Score::Kind>& kinds) {
  Score::Kind all;
  std::printf("\n%-42s %9s %8s %9s\n", title, unit, "missed", "");
  for (const auto& [name, kind] : kinds) {
    std::printf("  %-40s %9zu %8zu %8.3f%%\n", name.c_str(), kind.items, kind.missed,
                percent(kind.missed, kind.items));
    all.items += kind.items;
    all.missed += kind.missed;
  }
  std::printf("  %-40s %9zu %8zu %8.3f%%\n", "all", all.items, all.missed,
              percent(all.missed, all.items));
}

std::uint64_t argument(int argc, char** argv, int i, std::uint64_t otherwise) {
  return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t cases = argument(argc, argv, 1, 20000), seed = argument(argc, argv, 2, 1),
                      examples = argument(argc, argv, 3, 10);
  dosigate::testing::Dice dice(seed);
  const std::unordered_set<std::string> no_site_words;
  Score score;
  std::chrono::nanoseconds spent{0};
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < cases; ++i) {
    const auto text = dosigate::testing::make_case(dice);
    const dosigate::Identifiers identifiers{text.patient_names, text.other_names, text.ids,
                                            text.dates};
    const auto begin = std::chrono::steady_clock::now();
    const auto cleaned =
        dosigate::TextCleaner(dosigate::OwnValues(identifiers), no_site_words, "ISO_IR 100")
            .clean(text.bytes, text.specific, true);
    spent += std::chrono::steady_clock::now() - begin;
    bytes += text.bytes.size();
    judge(text, cleaned.text, score);
  }
  std::printf("%llu descriptions, seed %llu, %.1f us each, %zu bytes in the mean\n",
              static_cast<unsigned long long>(cases), static_cast<unsigned long long>(seed),
              static_cast<double>(spent.count()) / 1000.0 / static_cast<double>(cases),
              cases == 0 ? 0 : bytes / cases);
  print("values of the object itself (recall)", "planted", score.own);
  print("identifiers of anybody (recall)", "planted", score.foreign);
  print("words of the technique (over-cleaning)", "words", score.technique);
  std::printf("\nprecision: %zu of %zu removed words named a person or a place (%.3f%%)\n",
              score.sensitive_removed, score.removed,
              percent(score.sensitive_removed, score.removed));
  for (std::size_t i = 0; i < score.examples.size() && i < examples; ++i)
    std::printf("%s\n", score.examples[i].c_str());
}
