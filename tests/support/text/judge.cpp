#include "corpus.h"

#include <algorithm>

namespace dosigate::testing {

namespace {

using Words = std::map<std::string, std::size_t>;  // and how often each stands there

Words counted(const std::vector<std::string>& words) {
  Words out;
  for (const std::string& word : words) ++out[word];
  return out;
}

}  // namespace

void judge(const CorpusCase& text, std::string_view cleaned_bytes, Score& score) {
  const bool latin1 = text.bytes != text.utf8 || std::all_of(text.bytes.begin(), text.bytes.end(),
                                                             [](char c) { return c >= 0; });
  const std::string cleaned = latin1 ? from_latin1(cleaned_bytes) : std::string(cleaned_bytes);
  Words left = counted(plain_words(cleaned));
  const std::string what = "\"" + text.utf8 + "\" gave \"" + cleaned + "\"";

  // A harmless word that is also a name of this object must go.
  Words own;
  for (const auto* list : {&text.patient_names, &text.other_names, &text.ids})
    for (const std::string& value : *list)
      for (const std::string& word : plain_words(value)) ++own[word];

  for (const Technique& piece : text.technique) {
    Score::Kind& kind = score.technique[piece.kind];
    for (const std::string& word : plain_words(piece.text)) {
      const auto found = left.find(word);
      const bool there = found != left.end() && found->second > 0;
      if (there) --found->second;
      if (own.contains(word)) continue;
      ++kind.items;
      if (there) continue;
      ++kind.missed;
      ++score.removed;
      score.examples.push_back("lost \"" + word + "\" (" + piece.kind + "): " + what);
    }
  }
  for (const Planted& item : text.planted) {
    Score::Kind& kind = (item.own ? score.own : score.foreign)[item.kind];
    ++kind.items;
    std::string leftover;
    for (const std::string& word : plain_words(item.text)) {
      const auto found = left.find(word);
      if (found == left.end() || found->second == 0) {
        ++score.removed;
        ++score.sensitive_removed;
        continue;
      }
      --found->second;
      leftover += " " + word;
    }
    if (leftover.empty()) continue;
    ++kind.missed;
    score.examples.push_back("left" + leftover + " (" + item.kind + "): " + what);
  }
}

}  // namespace dosigate::testing
