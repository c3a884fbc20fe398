#include <array>

#include "dosigate/crypto/hash.h"
#include "dosigate/identity/pseudonym_map.h"

namespace dosigate {
namespace {

constexpr std::size_t kSymbols = 10;  // 50 random bits

// One base-32 symbol is one element of GF(32) = GF(2)[x] / (x^5 + x^2 + 1), in which alpha = x has
// order 31. The check symbol makes the sum of alpha^i * v_i over the eleven places zero. One wrong
// symbol changes one term; a swap of places i and j changes the sum by (alpha^i + alpha^j)(v_i +
// v_j), which is not zero as long as i - j is no multiple of 31.
unsigned times_alpha(unsigned v) {
  v <<= 1;
  return (v & 32U) != 0 ? v ^ 0b100101U : v;
}

/// Horner's rule over the symbols, the first one in the highest place: the place of the check
/// symbol (alpha^0) is left out.
unsigned check_symbol(const std::array<unsigned, kSymbols>& values) {
  unsigned sum = 0;
  for (const unsigned v : values) sum = times_alpha(sum ^ v);
  return sum;
}

bool is_site_code(std::string_view code) {
  if (code.empty() || code.size() > 4) return false;
  for (const char c : code) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

}  // namespace

std::string make_pseudonym(std::string_view site_code) {
  std::array<Byte, kSymbols> random;
  fill_random(random);
  std::array<unsigned, kSymbols> values;
  for (std::size_t i = 0; i < kSymbols; ++i) values[i] = random[i] & 31U;

  std::string out = "DSG-" + std::string(site_code) + "-";
  for (std::size_t i = 0; i < kSymbols; ++i) {
    if (i == 4 || i == 8) out += '-';
    out += kBase32[values[i]];
  }
  return out + kBase32[check_symbol(values)];
}

bool is_pseudonym(std::string_view text) {
  constexpr std::size_t kTail = 14;  // "-XXXX-XXXX-XXX" without its first hyphen is 13
  if (!text.starts_with("DSG-") || text.size() < 4 + 1 + kTail) return false;
  const std::string_view tail = text.substr(text.size() - kTail);
  if (!is_site_code(text.substr(4, text.size() - 4 - kTail))) return false;
  if (tail[0] != '-' || tail[5] != '-' || tail[10] != '-') return false;

  std::array<unsigned, kSymbols> values;
  std::size_t count = 0;
  for (const char c : tail) {
    if (c == '-') continue;
    const auto value = kBase32.find(c);
    if (value == std::string_view::npos) return false;
    if (count == kSymbols) return value == check_symbol(values);
    values[count++] = static_cast<unsigned>(value);
  }
  return false;
}

}  // namespace dosigate
