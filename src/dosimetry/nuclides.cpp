#include "dosigate/dosimetry/nuclides.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace dosigate {

extern const std::string_view nuclides_text;

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(separator);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> words(std::string_view text) {
  auto out = split(text, ' ');
  std::erase(out, "");
  return out;
}

double number(const std::string& text, const std::string& line) {
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || out <= 0)
    throw std::runtime_error("nuclides.tsv: not a number in: " + line);
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Nuclide read_line(const std::string& line) {
  const auto fields = split(line, '\t');
  if (fields.size() != 6) throw std::runtime_error("nuclides.tsv: not six columns in: " + line);
  Nuclide out;
  out.name = fields[0];
  out.half_life_s = number(fields[1], line);
  out.min_mbq = number(fields[2], line);
  out.max_mbq = number(fields[3], line);
  out.codes = words(fields[4]);
  out.names = words(fields[5]);
  const auto dash = out.name.find('-');
  if (dash == std::string::npos) throw std::runtime_error("nuclides.tsv: no mass in: " + line);
  for (const char c : out.name.substr(0, dash)) out.symbol += lower(c);
  out.mass = out.name.substr(dash + 1);
  out.metastable = out.mass.ends_with('m');
  if (out.metastable) out.mass.pop_back();
  return out;
}

/// A run of letters (in lower case) or of digits, and how many other characters stood before it.
struct Run {
  std::string text;
  bool digits;
  std::size_t gap;
};

std::vector<Run> runs_of(std::string_view text) {
  std::vector<Run> out;
  std::size_t gap = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i]) && !is_letter(text[i])) {
      ++gap;
      ++i;
      continue;
    }
    Run run{"", is_digit(text[i]), gap};
    for (; i < text.size() && (run.digits ? is_digit(text[i]) : is_letter(text[i])); ++i)
      run.text += lower(text[i]);
    out.push_back(std::move(run));
    gap = 0;
  }
  return out;
}

bool names_element(const Nuclide& nuclide, std::string_view word) {
  return word == nuclide.symbol || std::ranges::find(nuclide.names, word) != nuclide.names.end();
}

constexpr std::size_t kWidestGap =
    2;  // "Lu - 177" is too far, "Lu-177" and "^177^Lutetium" are not

/// Whether `nuclide` stands at the mass number `at`: "Lu-177", "177Lu", "Tc99mMDP", "99mTc".
bool stands_at(const Nuclide& nuclide, const std::vector<Run>& runs, std::size_t at) {
  if (runs[at].text != nuclide.mass) return false;
  const bool has_next = at + 1 < runs.size() && !runs[at + 1].digits;
  if (at > 0 && !runs[at - 1].digits && runs[at].gap <= kWidestGap &&
      names_element(nuclide, runs[at - 1].text)) {
    const bool m = has_next && runs[at + 1].gap == 0 && runs[at + 1].text.starts_with('m');
    if (m || !nuclide.metastable) return true;
  }
  if (!has_next || runs[at + 1].gap > kWidestGap) return false;
  if (!nuclide.metastable) return names_element(nuclide, runs[at + 1].text);
  if (runs[at + 1].gap != 0 || !runs[at + 1].text.starts_with('m')) return false;
  if (names_element(nuclide, std::string_view(runs[at + 1].text).substr(1))) return true;
  return runs[at + 1].text == "m" && at + 2 < runs.size() && !runs[at + 2].digits &&
         runs[at + 2].gap <= kWidestGap && names_element(nuclide, runs[at + 2].text);
}

}  // namespace

const std::vector<Nuclide>& nuclides() {
  static const auto table = [] {
    std::vector<Nuclide> out;
    bool headings = true;
    for (const std::string& line : split(nuclides_text, '\n')) {
      if (line.empty() || line.front() == '#') continue;
      if (!std::exchange(headings, false)) out.push_back(read_line(line));
    }
    if (out.empty()) throw std::runtime_error("nuclides.tsv: no rows");
    return out;
  }();
  return table;
}

const Nuclide* find_nuclide(std::string_view name) {
  const auto found = std::ranges::find(nuclides(), name, &Nuclide::name);
  return found == nuclides().end() ? nullptr : &*found;
}

const Nuclide* nuclide_of_code(std::string_view scheme, std::string_view value) {
  if (value.empty()) return nullptr;
  const bool digits = std::ranges::all_of(value, is_digit);
  const bool known =
      digits ? scheme == "DCM" : scheme == "SRT" || scheme == "SNM3" || scheme == "99SDM";
  if (!known) return nullptr;
  for (const Nuclide& nuclide : nuclides())
    if (std::ranges::find(nuclide.codes, value) != nuclide.codes.end()) return &nuclide;
  return nullptr;
}

const Nuclide* nuclide_in_text(std::string_view text) {
  const auto runs = runs_of(text);
  const Nuclide* found = nullptr;
  for (std::size_t at = 0; at < runs.size(); ++at) {
    if (!runs[at].digits) continue;
    for (const Nuclide& nuclide : nuclides()) {
      if (!stands_at(nuclide, runs, at)) continue;
      if (found != nullptr && found != &nuclide) return nullptr;
      found = &nuclide;
    }
  }
  return found;
}

}  // namespace dosigate
