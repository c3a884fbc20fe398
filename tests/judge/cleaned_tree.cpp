#include "judge/cleaned_tree.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "judge/instance_files.h"

namespace dosigate::testing {
namespace {

std::vector<std::filesystem::path> files_below(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());  // equal verdicts wherever the tree lies
  return out;
}

/// The instance with a number of a patient of its own in the place of a blank or placeholder one;
/// nullopt when it cannot be parsed or written.
std::optional<ReceivedInstance> with_an_id(const ReceivedInstance& received, std::size_t number) {
  const TransferSyntax& syntax = *find_transfer_syntax(received.transfer_syntax_uid);
  if (syntax.encoding == Encoding::DeflatedLittle) return std::nullopt;
  const auto parsed = parse_data_set(received.data_set, syntax);
  if (!parsed ||
      !put_value(**parsed, DCM_PatientID, EVR_LO, "GIVEN" + std::to_string(73000 + number)))
    return std::nullopt;
  const EncodedDataSet encoded = encode_data_set(**parsed, syntax);
  ReceivedInstance out = received;
  out.data_set = encoded.header;
  out.data_set.insert(out.data_set.end(), encoded.body.begin(), encoded.body.end());
  out.data_set.insert(out.data_set.end(), encoded.trailer.begin(), encoded.trailer.end());
  return out;
}

Verdict clean_alone(ReceivedInstance received, const Deidentifier::Settings& settings) {
  const Node node(false);
  const auto map = node.open();
  const auto declared = map->declare_site(settings.site);
  if (!declared) throw std::runtime_error(declared.error().detail);
  return Deidentifier(settings, *map).clean(std::move(received), kLookedAt);
}

}  // namespace

CleanedTree clean_tree(const std::filesystem::path& root, const std::filesystem::path& out,
                       const Deidentifier::Settings& settings, PseudonymMap& map) {
  CleanedTree tree;
  const Deidentifier deidentifier(settings, map);
  for (const auto& path : files_below(root)) {
    const auto received = received_from(path);
    if (!received) {
      ++tree.verdicts["no instance"];
      continue;
    }
    Verdict verdict = deidentifier.clean(*received, kLookedAt);
    if (hold_of(verdict) == HoldReason::PatientInDoubt) verdict = clean_alone(*received, settings);
    std::filesystem::path before = path;
    if (hold_of(verdict) == HoldReason::PatientInDoubt) {
      const std::size_t number = tree.pairs.size();
      if (const auto named = with_an_id(*received, number)) {
        verdict = clean_alone(*named, settings);
        before = out / "given" / (std::to_string(number) + ".dcm");
        write_part10(before, *named);
      }
    }
    const auto* cleaned = std::get_if<Cleaned>(&verdict);
    const std::string text = describe(verdict);
    ++tree.verdicts[text.substr(0, text.find(':', text.find(':') + 1))];
    const std::string name = path.lexically_relative(root).string();
    if (hold_of(verdict)) tree.held[name] = text;
    if (cleaned == nullptr) continue;
    const auto after = out / (std::to_string(tree.pairs.size()) + ".dcm");
    write_part10(after, cleaned->instance);
    tree.pairs.push_back({before, after, name});
  }
  return tree;
}

void write_pairs(const CleanedTree& tree, const std::filesystem::path& file) {
  std::ofstream out(file);
  for (const auto& pair : tree.pairs)
    out << pair.before.string() << '\t' << pair.after.string() << '\t' << pair.name << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace dosigate::testing
